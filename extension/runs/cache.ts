/** @file What the workspace keeps to start faster, as a list from which a person removes; it can all be made anew. */
import * as vscode from 'vscode';
import { sizeInWords } from '../../sidecar/machine.ts';
import { type CacheItem, type CacheKind, listCache, removeFromCache } from '../../sidecar/runs/cache.ts';
import { choose } from '../choose.ts';
import { command } from '../command.ts';
import { agreed, inform } from '../say.ts';
import type { RunStore } from './store.ts';

export const registerCacheCommand = (store: RunStore): vscode.Disposable =>
  command('cleanCache', () => cleanCache(store.workspace));

/** What each kind of cache holds. */
export const cacheWords = (): Record<CacheKind, string> => ({
  graphs: vscode.l10n.t('weights and graphs of a base'),
  features: vscode.l10n.t('features of speech'),
  audio: vscode.l10n.t('sound in 16 bits'),
  units: vscode.l10n.t('units and labels'),
  states: vscode.l10n.t('hidden states'),
  superb: vscode.l10n.t('trainings of recognisers'),
  corpus: vscode.l10n.t('what recordings hold'),
});

async function cleanCache(root: string | undefined): Promise<void> {
  const items = root === undefined ? [] : listCache(root);
  if (root === undefined || items.length === 0) {
    await inform(vscode.l10n.t('The cache of this workspace is empty.'));
    return;
  }
  const words = cacheWords();
  const total = items.reduce((sum, { bytes }) => sum + bytes, 0);
  const chosen = await choose(
    items.map((item) => ({
      item,
      label: words[item.kind],
      description: `${sizeInWords(item.bytes)} · ${item.name}`,
      detail: [
        ...(item.base === undefined ? [] : [item.base]),
        vscode.l10n.t('last used {0}', new Date(item.lastUsedMs).toLocaleDateString(vscode.env.language)),
      ].join(' · '),
    })),
    {
      canPickMany: true,
      title: vscode.l10n.t('Clean Cache: {0} in all', sizeInWords(total)),
      placeHolder: vscode.l10n.t('What shall be removed? The next run makes anew what it needs.'),
    },
  );
  if (!chosen || chosen.length === 0) return;
  await removeCaches(
    root,
    chosen.map(({ item }) => item),
  );
}

/** Asked once for all: they are gone for good, though they can be made anew. */
export async function removeCaches(root: string, items: readonly CacheItem[]): Promise<void> {
  const words = cacheWords();
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  const question = vscode.l10n.t('Remove {0} of the cache? The next run makes anew what it needs.', sizeInWords(bytes));
  const detail = items.map(({ kind, name }) => `${words[kind]} (${name})`).join('\n');
  if (!(await agreed(question, vscode.l10n.t('Remove'), detail))) return;
  await inform(vscode.l10n.t('{0} are free again.', sizeInWords(removeFromCache(root, items))));
}
