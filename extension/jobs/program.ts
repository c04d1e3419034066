/** @file Our own program, run for a moment: `milore sbatch` as a person in a terminal would, with arguments as a list. */
import { execFile } from 'node:child_process';
import * as vscode from 'vscode';

const longestMs = 120_000;

/** What it said; rejects with its own words. @param script the bundled `milore.js` */
export function milore(script: string, args: readonly string[], cwd: string): Promise<string> {
  const env: NodeJS.ProcessEnv = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  // What VS Code tells its own children would make Node load its modules; the job would inherit it.
  for (const key of Object.keys(env)) if (/^(VSCODE_|NODE_OPTIONS$)/.test(key)) delete env[key];
  const node = vscode.workspace.getConfiguration('milore').get('sidecar.node', '') || process.execPath;
  return new Promise((done, failed) => {
    execFile(node, [script, ...args], { cwd, env, timeout: longestMs, windowsHide: true }, (error, stdout, stderr) => {
      if (error) failed(new Error(stderr.trim() || error.message));
      else done(stdout);
    });
  });
}
