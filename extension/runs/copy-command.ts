/** @file The terminal's command for a run, into the clipboard: it goes on with it, or trains the same again. */
import * as vscode from 'vscode';
import { commandOf } from '../../sidecar/jobs/command.ts';
import { inform } from '../say.ts';
import { setting } from '../sidecar/reach.ts';
import type { StoredRun } from './store.ts';

/** @param script the bundled `milore.js` */
export async function copyCommand(run: StoredRun, script: string): Promise<void> {
  const node = setting('sidecar.node');
  const line = commandOf(run, {
    words: [node || process.execPath, script],
    asNode: !node && process.versions.electron !== undefined,
    shell: process.platform === 'win32' ? 'powershell' : 'sh',
  });
  await vscode.env.clipboard.writeText(line);
  const goesOn = run.state === 'interrupted' || run.state === 'failed';
  void inform(
    goesOn
      ? vscode.l10n.t('Copied: the command that goes on with “{0}” in a terminal.', run.name)
      : vscode.l10n.t('Copied: the command that trains “{0}” again in a terminal, with the same settings.', run.name),
  );
}
