/** @file The same audio under several names, as whole corpora were shipped with. */
import type { Rows } from './rows.ts';
import { TextIndex } from './text-index.ts';
import type { ScannedUtterance } from './types.ts';

/** The same audio under several names counts once: twice it would be heard twice, and could be on both sides of a split. */
export function onceEach<U extends ScannedUtterance>(utterances: Rows<U>, notes: string[]): Rows<U> {
  const isOut = ({ split }: ScannedUtterance) => split === 'dev' || split === 'test';
  const byHash = () => new TextIndex((place) => utterances.at(place)!.hash);
  const heldOut = byHash();
  const seen = byHash();
  for (let place = 0; place < utterances.length; place++) {
    const one = utterances.at(place)!;
    if (isOut(one) && heldOut.find(one.hash) < 0) heldOut.add(one.hash, place);
  }
  const once = utterances.filter((one, place) => {
    const { hash } = one;
    // Of copies on two sides the held-out one stays.
    if (seen.find(hash) >= 0 || (!isOut(one) && heldOut.find(hash) >= 0)) return false;
    seen.add(hash, place);
    return true;
  });
  const copies = utterances.length - once.length;
  if (copies > 0)
    notes.push(
      `${copies} ${copies === 1 ? 'recording is a copy' : 'recordings are copies'} of others under other names: each counts once.`,
    );
  return copies > 0 ? once : utterances;
}
