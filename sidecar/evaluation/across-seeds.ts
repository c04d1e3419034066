/**
 * @file What a method scores over several seeds, and by how much two methods differ: a bootstrap over utterances and over
 * seeds at once, both methods drawn together (Efron & Tibshirani 1993, chapters 8 and 13). Pure.
 */
import { keyedRandom } from '../random.ts';
import {
  ALIKE,
  type Better,
  type BootstrapOptions,
  type Counted,
  type Difference,
  draw,
  ends,
  groupsOf,
  LEVEL,
  type Undefined,
  verdictOf,
} from './interval.ts';

/** By seed, the same utterances in each. */
export type BySeed = ReadonlyMap<number, readonly Counted[]>;

export interface MeanOverSeeds {
  mean: number;
  /** Standard deviation between seeds (n − 1); absent where there is but one. */
  deviation?: number;
  seeds: number;
}

const ratioOf = (counts: readonly Pick<Counted, 'count' | 'of'>[]): number => {
  let [count, of] = [0, 0];
  for (const one of counts) {
    count += one.count;
    of += one.of;
  }
  return of > 0 ? count / of : Number.NaN;
};

/** Of each seed's Σ count ÷ Σ of; undefined where nothing was counted in one. */
export function meanOverSeeds(scores: BySeed): MeanOverSeeds | undefined {
  const values = [...scores.values()].map(ratioOf);
  if (values.length === 0 || values.some(Number.isNaN)) return undefined;
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  if (values.length === 1) return { mean, seeds: 1 };
  const squares = values.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)), seeds: values.length };
}

export type SeedsDifference = (Difference & { seeds: number }) | Undefined;

/**
 * After minus before, the mean over the seeds that both have. A draw takes utterances (speakers, where they are known) with
 * replacement, the same for both methods and all seeds, then seeds with replacement. The mean of S seeds drawn so varies
 * (S − 1) / S as much as it should (Efron & Tibshirani 1993, section 5.3: the plug-in estimate divides by n): its
 * deviation is widened by √(S / (S − 1)). With one seed it is the interval over utterances alone.
 */
export function differenceOverSeeds(
  before: BySeed,
  after: BySeed,
  better: Better,
  options: BootstrapOptions,
): SeedsDifference {
  const seeds = [...before.keys()].filter((seed) => after.has(seed));
  if (seeds.length === 0) return { kind: 'undefined', reason: 'the two have no seed in common' };
  const first = before.get(seeds[0])!;
  const sides = seeds.flatMap((seed) => [before.get(seed)!, after.get(seed)!]);
  const rows = sides.map((side) => new Map(side.map((one) => [one.id, one])));
  if (rows.some((row) => row.size !== first.length || first.some(({ id }) => !row.has(id))))
    return { kind: 'undefined', reason: 'they were measured on different utterances' };
  const { by, groups } = groupsOf(first);
  // Of each utterance: count and of, before and after, seed by seed.
  const sums = groups.map((group) =>
    group.map(({ id }) => rows.flatMap((row) => [row.get(id)!.count, row.get(id)!.of])),
  );
  const ofSeed = (total: readonly number[], s: number) =>
    total[4 * s + 2] / total[4 * s + 3] - total[4 * s] / total[4 * s + 1];
  const value = meanOf(seeds.map((_, s) => ratioOf(sides[2 * s + 1]) - ratioOf(sides[2 * s])));
  if (Number.isNaN(value)) return { kind: 'undefined', reason: 'no utterance has anything to be counted' };
  if (groups.length < 2 && seeds.length < 2)
    return { kind: 'undefined', value, reason: 'one utterance alone says nothing of the spread' };
  const uniform = keyedRandom('seeds', options.seed);
  const widen = seeds.length > 1 ? Math.sqrt(seeds.length / (seeds.length - 1)) : 0;
  const drawn = draw(
    sums,
    (total) => {
      const each = seeds.map((_, s) => ofSeed(total, s));
      const mean = meanOf(each);
      if (seeds.length === 1) return mean;
      return mean + widen * (meanOf(each.map(() => each[Math.floor(uniform() * each.length)])) - mean);
    },
    options,
  );
  if (drawn[0] === drawn.at(-1)) return { kind: 'undefined', value, reason: ALIKE };
  const { level = LEVEL } = options;
  const [low, high] = ends(drawn, level);
  const interval = { kind: 'interval', value, low, high, level, by, drawn: groups.length } as const;
  return { ...interval, verdict: verdictOf(low, high, better), seeds: seeds.length };
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
