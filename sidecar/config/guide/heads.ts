/** @file Names of files that are heads of a base, in the order in which they were trained. Pure. */

/** The last number in a name: `head_it2` comes after `head0`. */
const iteration = (name: string): number => Number(/\d+(?=\D*$)/.exec(name)?.[0] ?? -1);

/** The last is the one that the base was pre-trained with last, as far as names tell. */
export const headsInOrder = (names: readonly string[]): string[] =>
  [...names].sort((a, b) => iteration(a) - iteration(b) || (a < b ? -1 : 1));
