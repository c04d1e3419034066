/**
 * @file Phone ABX (Schatz et al. 2013; libri-light, Kahn et al. 2020): is x, another token of phone A, nearer to a token of
 * A than to one of B, all in the same context? Within speakers, and across them. Pure.
 */
import { type FrameDistance, type Stretch, unitFrames, warpedDistance } from './abx-distance.ts';
import type { AbxItem } from './abx-items.ts';

/**
 * Which frames a token has. `librilight`: [⌈on·r − ½⌉, ⌊off·r − ½⌋), as published, which loses the last frame; `inclusive`:
 * with that one. Scores of the two are not to be compared.
 */
export type AbxSlice = 'librilight' | 'inclusive';

export interface AbxOptions {
  distance: FrameDistance;
  slice: AbxSlice;
  framesPerSecond: number;
  width: number;
}

export interface AbxScores {
  /** Error rates, 0 to 1; chance is a half. Undefined where no cell can be made. */
  within?: number;
  across?: number;
  tokens: number;
  /** Items without a frame, or whose file has no features. */
  leftOut: number;
}

interface Token {
  phone: string;
  context: string;
  speaker: string;
  stretch: Stretch;
}

/** @param features by file, [frames · width] */
export function abx(
  items: readonly AbxItem[],
  features: (file: string) => Float32Array | undefined,
  options: AbxOptions,
): AbxScores {
  const tokens = items.flatMap((item) => tokenOf(item, features(item.file), options));
  const compare = (x: Token, y: Token) => warpedDistance(x.stretch, y.stretch, options.width, options.distance);
  return {
    within: score(withinCells(tokens), compare),
    across: score(acrossCells(tokens), compare),
    tokens: tokens.length,
    leftOut: items.length - tokens.length,
  };
}

function tokenOf(item: AbxItem, rows: Float32Array | undefined, options: AbxOptions): Token[] {
  if (!rows) return [];
  const { framesPerSecond: rate, width, slice } = options;
  const start = Math.max(0, Math.ceil(rate * item.onsetSeconds - 0.5));
  const last = Math.floor(rate * item.offsetSeconds - 0.5) + (slice === 'inclusive' ? 1 : 0);
  const end = Math.min(rows.length / width, last);
  if (end <= start) return [];
  const { phone, context, speaker } = item;
  return [{ phone, context, speaker, stretch: unitFrames(rows, width, start, end) }];
}

/** What is compared at once: tokens a of A and b of B of one speaker in one context, and x of A. */
interface Cell {
  context: string;
  pair: string;
  speaker: string;
  a: readonly Token[];
  b: readonly Token[];
  x: readonly Token[];
}

const grouped = <T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const same = groups.get(key(item));
    if (same) same.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
};

/** Every ordered pair of phones of one speaker in one context; x is a further token of A by `others`. */
function* cells(tokens: readonly Token[], others: (a: Token[], inContext: Token[]) => Token[][]): Generator<Cell> {
  for (const [context, inContext] of grouped(tokens, (token) => token.context))
    for (const [speaker, own] of grouped(inContext, (token) => token.speaker)) {
      const phones = grouped(own, ({ phone }) => phone);
      for (const [first, a] of phones)
        for (const [second, b] of phones)
          if (first !== second)
            for (const x of others(a, inContext)) yield { context, pair: `${first} ${second}`, speaker, a, b, x };
    }
}

const withinCells = (tokens: readonly Token[]) => cells(tokens, (a) => (a.length > 1 ? [a] : []));

const acrossCells = (tokens: readonly Token[]) =>
  cells(tokens, ([first], inContext) => {
    const same = inContext.filter(({ phone, speaker }) => phone === first.phone && speaker !== first.speaker);
    return [...grouped(same, ({ speaker }) => speaker).values()];
  });

/** Means over contexts and speakers of x, then over speakers, then over ordered pairs of phones. */
function score(all: Generator<Cell>, compare: (x: Token, y: Token) => number): number | undefined {
  // No two contexts share a token, so that what is remembered never outlives one.
  const memory = new Map<Token, Map<Token, number>>();
  let context: string | undefined;
  const apart = (x: Token, y: Token): number => {
    let own = memory.get(x);
    if (!own) memory.set(x, (own = new Map()));
    let distance = own.get(y);
    if (distance === undefined) own.set(y, (distance = compare(x, y)));
    return distance;
  };
  const byPair = new Map<string, Map<string, number[]>>();
  for (const cell of all) {
    if (cell.context !== context) memory.clear();
    context = cell.context;
    const speakers = byPair.get(cell.pair) ?? new Map<string, number[]>();
    byPair.set(cell.pair, speakers);
    speakers.set(cell.speaker, [...(speakers.get(cell.speaker) ?? []), cellError(cell, apart)]);
  }
  if (byPair.size === 0) return undefined;
  return mean([...byPair.values()].map((speakers) => mean([...speakers.values()].map(mean))));
}

/** The share of (x, a, b), x no a, in which x is nearer to b; a tie is half an error. */
function cellError({ a, b, x }: Cell, apart: (x: Token, y: Token) => number): number {
  let [errors, triples] = [0, 0];
  for (const token of x) {
    const toB = b.map((other) => apart(token, other));
    for (const other of a) {
      if (other === token) continue;
      const toA = apart(token, other);
      for (const distance of toB) errors += distance < toA ? 1 : distance === toA ? 0.5 : 0;
      triples += toB.length;
    }
  }
  return errors / triples;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
