/** @file The known word nearest to a mistyped one. Pure; knows no schema. */

const plain = (word: string) => word.toLowerCase().replace(/[-_ ]/g, '');

/** Edit distance (insert, delete, replace, swap neighbours), each at the price of 1. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}

/** The nearest of `known`, if it is near enough to have been meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wrong = plain(word);
  if (wrong.length === 0 || wrong.length > 64) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wrong.length / 3)) + 1;
  for (const candidate of known) {
    const d = distance(wrong, plain(candidate));
    if (d < least) [least, best] = [d, candidate];
  }
  return best;
}
