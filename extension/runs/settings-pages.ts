/**
 * @file Settings of runs as read-only pages: made anew from the run's files whenever they are asked for, so that they
 * are there after a reload too, and nobody can write into a record.
 */
import * as vscode from 'vscode';
import { readResolved } from '../../sidecar/runs/run.ts';
import { oneLine } from '../text.ts';
import type { RunStore, StoredRun } from './store.ts';

const scheme = 'milore-settings';

export function registerSettingsPages(store: RunStore): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(scheme, {
    async provideTextDocumentContent(uri) {
      const { compared, settingsOf } = await import('./settings-text.ts');
      const asked = new URLSearchParams(uri.query);
      const run = store.find(asked.get('run') ?? '');
      if (!run) return `# ${vscode.l10n.t('This run is gone.')}\n`;
      const resolved = readResolved({ ...run, versions: {} });
      const other = store.find(asked.get('beside') ?? '');
      if (!asked.has('beside') || !other) return settingsOf(run, resolved, vscode.l10n);
      const [mine] = compared(resolved, readResolved({ ...other, versions: {} }), vscode.l10n);
      return mine;
    },
  });
}

const page = (run: StoredRun, beside?: StoredRun) =>
  vscode.Uri.from({
    scheme,
    path: `/${oneLine(run.name, 80).replace(/[^\p{L}\p{N} ._-]+/gu, '_')}.yaml`,
    query: new URLSearchParams({ run: run.id, ...(beside ? { beside: beside.id } : {}) }).toString(),
  });

export const showSettings = (run: StoredRun) => vscode.commands.executeCommand('vscode.open', page(run));

/** The first with each of the others. Every default is written out: nothing that differs is hidden by being left out. */
export async function compareSettings([first, ...others]: StoredRun[]): Promise<void> {
  if (others.length === 0) throw new Error(vscode.l10n.t('One run alone has nothing to differ from: choose two.'));
  for (const other of others)
    await vscode.commands.executeCommand(
      'vscode.diff',
      page(first, other),
      page(other, first),
      vscode.l10n.t('Settings: {0} and {1}', oneLine(first.name), oneLine(other.name)),
      { preview: others.length === 1 },
    );
}
