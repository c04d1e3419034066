/** @file Tags of one run as a list to be edited, and of several as what is added to all and taken from all. */
import * as vscode from 'vscode';
import type { RunLabel } from '../../sidecar/runs/label.ts';
import type { StoredRun } from './store.ts';
import { retagged } from './tags-text.ts';

export type Relabel = (runs: readonly StoredRun[], change: (run: StoredRun) => Partial<RunLabel>) => void;

export async function tag(runs: readonly StoredRun[], relabel: Relabel): Promise<void> {
  const [first] = runs;
  // Of several those that all have; the others' own stay theirs.
  const common = first.tags.filter((one) => runs.every(({ tags }) => tags.includes(one)));
  const text = await vscode.window.showInputBox({
    title:
      runs.length === 1
        ? vscode.l10n.t('Tags, separated by commas')
        : vscode.l10n.t('Tags of all {0} runs, separated by commas', runs.length),
    value: common.join(', '),
  });
  if (text === undefined) return;
  const wanted = text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);
  relabel(runs, ({ tags }) => ({ tags: retagged(tags, common, wanted) }));
}
