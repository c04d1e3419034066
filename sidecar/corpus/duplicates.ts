/** @file The same audio under several names: one is kept, so that it counts once and lies on one side of a split. */
import { basename } from 'node:path';
import type { Duplicate, LanguageCorpus, ScannedUtterance } from './types.ts';

/** What a data set holds out is kept where it has the same in training too. */
const precedence = { dev: 0, test: 1, train: 2 };

/** Utterances in their order, each hash once. */
export function withoutDuplicates<T extends ScannedUtterance>(
  utterances: readonly T[],
): {
  utterances: T[];
  duplicates: Duplicate[];
} {
  const rank = ({ split }: T) => precedence[split ?? 'train'];
  const best = new Map<string, T>();
  for (const utterance of utterances) {
    const known = best.get(utterance.hash);
    if (!known || rank(utterance) < rank(known)) best.set(utterance.hash, utterance);
  }
  const duplicates = utterances.flatMap((utterance): Duplicate[] => {
    const kept = best.get(utterance.hash)!;
    return kept === utterance ? [] : [{ path: utterance.path, id: utterance.id, of: kept.id }];
  });
  return { utterances: utterances.filter((utterance) => best.get(utterance.hash) === utterance), duplicates };
}

/** In sentences for people: what was read with reservations, by kind, and what was there twice. */
export function corpusNotes({ notes, duplicates }: Pick<LanguageCorpus, 'notes' | 'duplicates'>): string[] {
  const kinds = new Map<string, { first: string; count: number; note: string }>();
  for (const { path, note } of notes) {
    const kind = note.split(':')[0].replace(/\d+(\.\d+)?/g, '#');
    const known = kinds.get(kind);
    if (known) known.count++;
    else kinds.set(kind, { first: basename(path), count: 1, note });
  }
  const said = [...kinds.values()].map(({ first, count, note }) => {
    return count === 1 ? `${first}: ${note}` : `${count} recordings, the first ${first}: ${note}`;
  });
  if (duplicates.length > 0) {
    const [{ path, of }] = duplicates;
    const what = duplicates.length === 1 ? '1 utterance is' : `${duplicates.length} utterances are`;
    said.push(`${what} the very same audio as another one and left out, the first ${basename(path)} (as ${of}).`);
  }
  return said;
}
