/** @file Throwing runs away: asked once for all, into the trash where there is one. */
import * as vscode from 'vscode';
import { agreed, inform } from '../say.ts';
import type { RunStore, StoredRun } from './store.ts';

/** As many are named in the question. */
const named = 10;

export async function discard(chosen: readonly StoredRun[], store: RunStore): Promise<void> {
  const busy = chosen.filter(({ state }) => state === 'running');
  const runs = chosen.filter(({ state }) => state !== 'running');
  if (busy.length > 0) void inform(vscode.l10n.t('“{0}” is training. Stop it first.', busy[0].name));
  if (runs.length === 0) return;
  const question =
    runs.length === 1
      ? vscode.l10n.t('Move “{0}” with its log, checkpoints and adapter to the trash?', runs[0].name)
      : vscode.l10n.t('Move {0} runs with their logs, checkpoints and adapters to the trash?', runs.length);
  const more = runs.length - named;
  const detail = [
    ...runs.slice(0, named).map(({ name, id }) => (runs.length === 1 ? id : name)),
    ...(more > 0 ? [vscode.l10n.t('and {0} more', more)] : []),
  ].join('\n');
  if (!(await agreed(question, vscode.l10n.t('Move to Trash'), detail))) return;
  let forGood: boolean | undefined;
  for (const { path } of runs) {
    const folder = vscode.Uri.file(path);
    try {
      await vscode.workspace.fs.delete(folder, { recursive: true, useTrash: true });
    } catch {
      // A server without a trash: say so before anything is gone for good, once for all.
      forGood ??= await agreed(
        runs.length === 1
          ? vscode.l10n.t('This machine has no trash. Delete “{0}” for good?', runs[0].name)
          : vscode.l10n.t('This machine has no trash. Delete {0} runs for good?', runs.length),
        vscode.l10n.t('Delete for Good'),
      );
      if (!forGood) break;
      await vscode.workspace.fs.delete(folder, { recursive: true });
    }
  }
  store.refresh();
}
