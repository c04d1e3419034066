/** @file Fits many points into few pixel columns and keeps every extreme. Pure; knows no chart. */
import { lowerBound, upperBound } from '../series.ts';

export interface Points {
  xs: ArrayLike<number>;
  ys: ArrayLike<number>;
}

type Sparse = (number | null)[];
export type Aligned = [number[], ...Sparse[]];

const usable = (y: number, positive: boolean) => Number.isFinite(y) && (!positive || y > 0);

/**
 * Lines over one common x, as uPlot wants them. Where no line has more than two points a column, each point stands at
 * its own x; otherwise each column keeps a line's least and greatest value, in the order they came. One point beyond
 * each edge is kept, so that lines enter and leave the window.
 */
export function align(lines: readonly Points[], min: number, max: number, columns: number, positive = false): Aligned {
  return arrange(lines, min, max, columns, positive).data;
}

/** The same; `dense` where columns hold extremes, to be drawn as bars. */
export function arrange(
  lines: readonly Points[],
  min: number,
  max: number,
  columns: number,
  positive = false,
): { data: Aligned; dense: boolean } {
  const windows = lines.map(
    ({ xs }): Window => [Math.max(0, lowerBound(xs, min) - 1), Math.min(xs.length, upperBound(xs, max) + 1)],
  );
  const most = windows.reduce((longest, [from, to]) => Math.max(longest, to - from), 0);
  const dense = most > 2 * columns + 2;
  const data = dense ? packed(lines, windows, min, max, columns, positive) : exact(lines, windows, positive);
  return { data, dense };
}

type Window = readonly [number, number];

function exact(lines: readonly Points[], windows: readonly Window[], positive: boolean): Aligned {
  const all = new Set<number>();
  lines.forEach(({ xs }, i) => {
    for (let j = windows[i][0]; j < windows[i][1]; j++) all.add(xs[j]);
  });
  const x = Float64Array.from(all).sort();
  const columns = lines.map(({ xs, ys }, i) => {
    const out: Sparse = new Array(x.length).fill(null);
    let at = 0;
    for (let j = windows[i][0]; j < windows[i][1]; j++) {
      while (x[at] < xs[j]) at++;
      if (usable(ys[j], positive)) out[at] = ys[j];
    }
    return out;
  });
  return [Array.from(x), ...columns];
}

function packed(
  lines: readonly Points[],
  windows: readonly Window[],
  min: number,
  max: number,
  columns: number,
  positive: boolean,
): Aligned {
  const width = (max - min) / columns;
  const x = [min - width];
  for (let c = 0; c < columns; c++) x.push(min + (c + 0.25) * width, min + (c + 0.75) * width);
  x.push(max + width);
  return [x, ...lines.map((line, i) => pack(line, windows[i], min, width, columns, positive))];
}

/** Two values a column: the extremes in the order they came. The inner loop only compares; what is odd is looked at apart. */
function pack({ xs, ys }: Points, [from, to]: Window, min: number, width: number, columns: number, positive: boolean) {
  const out: Sparse = new Array(2 * columns + 2).fill(null);
  const take = (begin: number, end: number): [number, number] | undefined => {
    let low = begin;
    while (low < end && !usable(ys[low], positive)) low++;
    if (low === end) return undefined;
    let high = low;
    let least = ys[low];
    let most = least;
    for (let i = low + 1; i < end; i++) {
      const y = ys[i];
      if (y < least) {
        least = y;
        low = i;
      } else if (y > most) {
        most = y;
        high = i;
      }
    }
    if (usable(least, positive) && usable(most, positive)) return [low, high];
    for (let i = (low = high = begin); i < end; i++) {
      if (!usable(ys[i], positive)) continue;
      if (!usable(ys[low], positive) || ys[i] < ys[low]) low = i;
      if (!usable(ys[high], positive) || ys[i] > ys[high]) high = i;
    }
    return [low, high];
  };
  let begin = from;
  for (let column = -1; column <= columns; column++) {
    // The right edge itself belongs to the last column.
    const border = min + (column + 1) * width;
    const end =
      column === columns
        ? to
        : column === columns - 1
          ? upperWithin(xs, border, begin, to)
          : lowerWithin(xs, border, begin, to);
    const found = take(begin, end);
    begin = end;
    if (!found) continue;
    const [low, high] = found;
    if (column === -1) out[0] = ys[high];
    else if (column === columns) out[2 * columns + 1] = ys[low];
    else {
      out[2 * column + 1] = ys[Math.min(low, high)];
      if (low !== high) out[2 * column + 2] = ys[Math.max(low, high)];
    }
  }
  return out;
}

/** First index from `begin` on whose x is not below the border: doubling steps, then halving ones. */
function lowerWithin(xs: ArrayLike<number>, border: number, begin: number, end: number): number {
  let reach = 1;
  while (begin + reach < end && xs[begin + reach] < border) reach *= 2;
  let low = begin + (reach >> 1);
  let high = Math.min(end, begin + reach + 1);
  if (low < end && xs[low] >= border) low = begin;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < border) low = middle + 1;
    else high = middle;
  }
  return low;
}

function upperWithin(xs: ArrayLike<number>, border: number, begin: number, end: number): number {
  let i = lowerWithin(xs, border, begin, end);
  while (i < end && xs[i] <= border) i++;
  return i;
}
