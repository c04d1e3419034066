/** @file The same audio under several names, as whole corpora were shipped with. */
import type { ScannedUtterance } from './types.ts';

/** The same audio under several names counts once: twice it would be heard twice, and could be on both sides of a split. */
export function onceEach<U extends ScannedUtterance>(utterances: readonly U[], notes: string[]): U[] {
  const heldOut = new Set(utterances.flatMap(({ split, hash }) => (split === 'dev' || split === 'test' ? hash : [])));
  const seen = new Set<string>();
  const once = utterances.filter(({ hash, split }) => {
    // Of copies on two sides the held-out one stays.
    if (seen.has(hash) || (heldOut.has(hash) && split !== 'dev' && split !== 'test')) return false;
    seen.add(hash);
    return true;
  });
  const copies = utterances.length - once.length;
  if (copies > 0)
    notes.push(
      `${copies} ${copies === 1 ? 'recording is a copy' : 'recordings are copies'} of others under other names: each counts once.`,
    );
  return once;
}
