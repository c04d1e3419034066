/** @file Work shared out over ranks: each does its part, and all know all of it. */
import { deserialize, serialize } from 'node:v8';
import type { Ranks } from './ranks.ts';

/** Whether the `index`-th part is this rank's. */
export const isMine = ({ rank, size }: Ranks, index: number): boolean => index % size === rank;

/** What every rank says, by rank. */
export async function everyone<T>(ranks: Ranks, value: T): Promise<T[]> {
  if (ranks.size === 1) return [value];
  return (await ranks.gather(serialize(value))).map((bytes) => deserialize(bytes));
}

/** What the first says. */
export const fromFirst = async <T>(ranks: Ranks, value: T): Promise<T> => (await everyone(ranks, value))[0];

/** Every part's result in the parts' order, wherever it was computed. */
export async function together<T>(ranks: Ranks, mine: readonly { index: number; result: T }[]): Promise<T[]> {
  const all = (await everyone(ranks, mine)).flat();
  return all.sort((a, b) => a.index - b.index).map(({ result }) => result);
}

/** The first alone, and the others when it is done: what it keeps on disk they find there. */
export async function inTurn<T>(ranks: Ranks, work: () => Promise<T>): Promise<T> {
  if (ranks.size === 1) return work();
  const own = ranks.rank === 0 ? await work() : undefined;
  await everyone(ranks, undefined);
  return own ?? work();
}
