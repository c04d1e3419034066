/**
 * @file Starts the sidecar as a process of its own, which outlives this window, and waits until it can be found.
 * The token never passes through here: the sidecar writes it into a file of the user's own.
 */
import { spawn } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { type Endpoint, logFile, readEndpoint, stateFolder } from '../../sidecar/endpoint.ts';
import { trainsWith } from '../../sidecar/processes.ts';
import { Fault } from '../fault.ts';

export interface LaunchOptions {
  workspace: string;
  /** The bundled `milore.js`. */
  script: string;
  /** Node to run it with; empty for the one that runs this. */
  node: string;
  /** 0: every core. */
  threads: number;
}

const { O_APPEND, O_CREAT, O_TRUNC, O_WRONLY } = constants;
const startMs = 20_000;

/** @throws Fault that says why it did not come up, with the end of its log */
export async function launch({ workspace, script, node, threads }: LaunchOptions): Promise<Endpoint> {
  mkdirSync(stateFolder(), { recursive: true, mode: 0o700 });
  // Begun anew, and appended to: where two windows start at once, neither writes into the other's words.
  const log = openSync(logFile(workspace), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600);
  const env: NodeJS.ProcessEnv = { ...process.env, ...trainsWith(), ELECTRON_RUN_AS_NODE: '1' };
  // What VS Code tells its own children would make Node load its modules.
  for (const key of Object.keys(env)) if (/^(VSCODE_|NODE_OPTIONS$)/.test(key)) delete env[key];
  if (threads > 0) env.MILORE_THREADS = String(threads);
  let ended: string | undefined;
  const child = spawn(node || process.execPath, [script, 'serve', workspace], {
    cwd: workspace,
    env,
    detached: true,
    stdio: ['ignore', log, log],
    windowsHide: true,
  });
  closeSync(log);
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, signal) => {
    ended = signal ?? `exit code ${code}`;
  });
  child.unref();
  for (const end = Date.now() + startMs; Date.now() < end; ) {
    // Another window may have won the race: its sidecar serves us as well.
    const endpoint = readEndpoint(workspace);
    if (endpoint) return endpoint;
    if (ended !== undefined) break;
    await sleep(25);
  }
  const why = ended ?? vscode.l10n.t('no sign of it within {0} s', startMs / 1000);
  const could = vscode.l10n.t('Could not start the sidecar with {0}: {1}.', node || 'Node', why);
  const said = [could, tailOfLog(workspace)].filter(Boolean).join(' ');
  if (!node) throw new Fault(said, { title: vscode.l10n.t('Show Log'), command: 'milore.sidecar.showLog' });
  throw new Fault(
    `${said} ${vscode.l10n.t('Correct the setting milore.sidecar.node, or leave it empty for the Node inside VS Code.')}`,
    {
      title: vscode.l10n.t('Open Settings'),
      command: 'workbench.action.openSettings',
      arguments: ['milore.sidecar.node'],
    },
  );
}

/** The last words of the sidecar, for a person. */
export function tailOfLog(workspace: string, lines = 5): string {
  try {
    const path = logFile(workspace);
    const { size } = statSync(path);
    const file = openSync(path, 'r');
    const buffer = Buffer.alloc(Math.min(size, 8192));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    closeSync(file);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
