/**
 * @file How sure a number is: the bootstrap over utterances, by speaker where speakers are known, and the difference of two
 * models on the same utterances (Efron & Tibshirani 1993, chapter 13; Bisani & Ney 2004 for error rates). Pure.
 */
import { keyedRandom } from '../random.ts';

/** One utterance's part of a ratio: errors of symbols, or 0 or 1 of 1. */
export interface Counted {
  id: string;
  /** Who spoke; utterances of one speaker are drawn together. */
  speaker?: string;
  count: number;
  of: number;
}

export interface BootstrapOptions {
  seed: number;
  draws?: number;
  /** Share of the draws between the ends. */
  level?: number;
}

export interface Interval {
  kind: 'interval';
  value: number;
  low: number;
  high: number;
  level: number;
  /** What was drawn, and how many there are of it. */
  by: 'speaker' | 'utterance';
  drawn: number;
}

/** A number that there is not, with the reason that stands in its place. */
export interface Undefined {
  kind: 'undefined';
  value?: number;
  reason: string;
}

export type Verdict = 'better' | 'worse' | 'cannot tell';
export type Better = 'lower' | 'higher';

export const ALIKE = 'all that can be drawn is alike';
const DRAWS = 2000;
export const LEVEL = 0.95;

/** Utterances that are drawn together: a speaker's where every one has a speaker and there are two at least. */
export function groupsOf<T extends Counted>(utterances: readonly T[]): { by: Interval['by']; groups: T[][] } {
  const speakers = new Map<string, T[]>();
  for (const utterance of utterances) {
    if (utterance.speaker === undefined) break;
    const same = speakers.get(utterance.speaker);
    if (same) same.push(utterance);
    else speakers.set(utterance.speaker, [utterance]);
  }
  const known = utterances.every(({ speaker }) => speaker !== undefined);
  if (known && speakers.size > 1) return { by: 'speaker', groups: [...speakers.values()] };
  return { by: 'utterance', groups: utterances.map((utterance) => [utterance]) };
}

/** The q-quantile of ascending numbers, between neighbours in proportion (Hyndman & Fan 1996, type 7). */
export function quantile(ascending: ArrayLike<number>, q: number): number {
  const place = q * (ascending.length - 1);
  const below = Math.floor(place);
  const above = Math.min(ascending.length - 1, below + 1);
  return ascending[below] + (place - below) * (ascending[above] - ascending[below]);
}

/** Fewer speakers than these, and their utterances are drawn too: two speakers by themselves have but three draws. */
const FEW_SPEAKERS = 8;

/** The totals of one draw of groups, as many as there are; of few groups what lies in each is drawn as well. */
export function drawnTotals(sums: readonly (readonly (readonly number[])[])[], uniform: () => number): number[] {
  const total = new Array<number>(sums[0][0].length).fill(0);
  const any = <T>(of: readonly T[]): T => of[Math.floor(uniform() * of.length)];
  const within = sums.length < FEW_SPEAKERS;
  for (let n = 0; n < sums.length; n++) {
    const group = any(sums);
    for (const each of group) {
      const one = within && group.length > 1 ? any(group) : each;
      for (let k = 0; k < total.length; k++) total[k] += one[k];
    }
  }
  return total;
}

/**
 * `statistic` of groups drawn with replacement, as many as there are, many times; ascending. Of few groups what lies in
 * each is drawn as well (two-stage bootstrap, Davison & Hinkley 1997, section 3.8), which errs on the wide side.
 * @param sums by group, of each utterance
 */
export function draw(
  sums: readonly (readonly (readonly number[])[])[],
  statistic: (total: readonly number[]) => number,
  { seed, draws = DRAWS }: BootstrapOptions,
): Float64Array {
  const uniform = keyedRandom('bootstrap', seed);
  const values = new Float64Array(draws);
  for (let i = 0; i < draws; i++) values[i] = statistic(drawnTotals(sums, uniform));
  return values.filter((value) => !Number.isNaN(value)).sort();
}

/** Of ascending values, so that the share `level` lies between. */
export const ends = (values: Float64Array, level: number): [number, number] => [
  quantile(values, (1 - level) / 2),
  quantile(values, (1 + level) / 2),
];

const ratio = (count: number, of: number) => (of > 0 ? count / of : Number.NaN);
const sumBy = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((sum, item) => sum + of(item), 0);

/**
 * Σ count ÷ Σ of with its percentile interval. `undefined` where nothing was counted, and without an interval where there
 * is but one to draw.
 */
export function bootstrap(utterances: readonly Counted[], options: BootstrapOptions): Interval | Undefined {
  const value = ratio(
    sumBy(utterances, ({ count }) => count),
    sumBy(utterances, ({ of }) => of),
  );
  if (Number.isNaN(value)) return { kind: 'undefined', reason: 'no utterance has anything to be counted' };
  const { by, groups } = groupsOf(utterances);
  if (groups.length < 2) return { kind: 'undefined', value, reason: 'one utterance alone says nothing of the spread' };
  const sums = groups.map((group) => group.map(({ count, of }) => [count, of]));
  const { level = LEVEL } = options;
  const values = draw(sums, ([count, of]) => ratio(count, of), options);
  // Nothing heard, or nothing wrong: all that is drawn is the same, and an interval without width would be a certainty.
  if (values[0] === values.at(-1)) return { kind: 'undefined', value, reason: ALIKE };
  const [low, high] = ends(values, level);
  return { kind: 'interval', value, low, high, level, by, drawn: groups.length };
}

export interface Difference extends Interval {
  verdict: Verdict;
}

/**
 * After minus before on the same utterances, drawn together, so that what makes an utterance hard counts for neither.
 * "better" and "worse" only where the interval leaves 0 out. Throws where the utterances are not the same.
 */
export function pairedDifference(
  before: readonly Counted[],
  after: readonly Counted[],
  better: Better,
  options: BootstrapOptions,
): Difference | Undefined {
  const own = new Map(after.map((utterance) => [utterance.id, utterance]));
  if (own.size !== before.length || before.some(({ id }) => !own.has(id)))
    throw new Error('internal: two models were measured on different utterances');
  const pairs = before.map((one) => ({ ...one, other: own.get(one.id)! }));
  const { by, groups } = groupsOf(pairs);
  const sums = groups.map((group) => group.map(({ count, of, other }) => [count, of, other.count, other.of]));
  const difference = ([count, of, otherCount, otherOf]: readonly number[]) =>
    ratio(otherCount, otherOf) - ratio(count, of);
  const value = difference([0, 1, 2, 3].map((k) => sumBy(sums.flat(), (sum) => sum[k])));
  if (Number.isNaN(value)) return { kind: 'undefined', reason: 'no utterance has anything to be counted' };
  if (groups.length < 2) return { kind: 'undefined', value, reason: 'one utterance alone says nothing of the spread' };
  const { level = LEVEL } = options;
  const [low, high] = ends(draw(sums, difference, options), level);
  return { kind: 'interval', value, low, high, level, by, drawn: groups.length, verdict: verdictOf(low, high, better) };
}

/** By the interval of after minus before. */
export function verdictOf(low: number, high: number, better: Better): Verdict {
  if (low > 0) return better === 'higher' ? 'better' : 'worse';
  if (high < 0) return better === 'lower' ? 'better' : 'worse';
  return 'cannot tell';
}
