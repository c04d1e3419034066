/** @file What was read with reservations, in few sentences: a thousand cut recordings are one note. */
import { basename } from 'node:path';
import type { Noted } from './types.ts';

/** One sentence a kind: its count, and its first recording with what is said of that one. */
export function notesInShort(notes: readonly Noted[]): string[] {
  const kinds = new Map<string, { first: string; count: number; note: string }>();
  for (const { path, note } of notes) {
    const kind = note.split(':')[0].replace(/\d+(\.\d+)?/g, '#');
    const known = kinds.get(kind);
    if (known) known.count++;
    else kinds.set(kind, { first: basename(path), count: 1, note });
  }
  return [...kinds.values()].map(({ first, count, note }) =>
    count === 1 ? `${first}: ${note}` : `${count} recordings, the first ${first}: ${note}`,
  );
}
