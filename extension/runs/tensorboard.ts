/**
 * @file Runs in TensorBoard: every run writes its scalars as event files. TensorBoard's extension takes no folder from
 * others, it asks a person; so the folder is in the clipboard by then. Without the extension it is said how to open it.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { pasted } from '../../sidecar/jobs/command.ts';
import { runFiles, runsFolder } from '../../sidecar/runs/run.ts';
import { inform } from '../say.ts';
import type { StoredRun } from './store.ts';

const extension = 'ms-toolsai.tensorboard';

/** Of one run its events, of several the folder of all runs: TensorBoard chooses among them itself. */
export async function openInTensorBoard(runs: readonly StoredRun[], workspace: string): Promise<void> {
  const without = runs.filter((run) => !hasEvents(run));
  if (without.length > 0) {
    void inform(vscode.l10n.t('“{0}” has written nothing for TensorBoard yet.', without[0].name));
    return;
  }
  const folder = runs.length === 1 ? join(runs[0].path, runFiles.tensorboard) : runsFolder(workspace);
  if (!vscode.extensions.getExtension(extension)) return tellHow(folder);
  await vscode.env.clipboard.writeText(folder);
  void inform(vscode.l10n.t('TensorBoard asks for a folder: {0}. It is in the clipboard.', folder));
  await vscode.commands.executeCommand('tensorboard.launch');
}

async function tellHow(folder: string): Promise<void> {
  const copy = vscode.l10n.t('Copy Command');
  const find = vscode.l10n.t('Find the Extension');
  const said = vscode.l10n.t('TensorBoard’s extension is not here. The events lie in {0}.', folder);
  const answer = await inform(said, copy, find);
  if (answer === copy) await vscode.env.clipboard.writeText(`tensorboard --logdir ${pasted(folder)}`);
  if (answer === find) await vscode.commands.executeCommand('workbench.extensions.search', `@id:${extension}`);
}

function hasEvents({ path }: StoredRun): boolean {
  try {
    return readdirSync(join(path, runFiles.tensorboard)).some((name) => name.startsWith('events.out.tfevents.'));
  } catch {
    return false;
  }
}
