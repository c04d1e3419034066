/**
 * @file The mean of error rates within a language, then over languages, with its interval: utterances are drawn anew within
 * each set, so that what is uncertain is each set's rate, not which sets there are. Pure.
 */
import { keyedRandom } from '../random.ts';
import {
  ALIKE,
  type Better,
  type BootstrapOptions,
  type Counted,
  type Difference,
  drawnTotals,
  groupsOf,
  type Interval,
  quantile,
  type Undefined,
  verdictOf,
} from './interval.ts';
import { monolingualMean } from './superb-score.ts';

export interface Stratum {
  name: string;
  language: string;
  /** By model: the same utterances in the same order. */
  arms: readonly (readonly Counted[])[];
}

const DRAWS = 2000;
const LEVEL = 0.95;

type Rates = (totals: readonly (readonly number[])[]) => number;

/** Of one model. */
export const stratifiedMean = (
  strata: readonly Stratum[],
  arm: number,
  options: BootstrapOptions,
): Interval | Undefined => drawn(strata, [arm], (rates) => meanOf(strata, rates, 0), options);

/** The second model minus the first, drawn together. */
export function stratifiedDifference(
  strata: readonly Stratum[],
  better: Better,
  options: BootstrapOptions,
): Difference | Undefined {
  const found = drawn(strata, [0, 1], (rates) => meanOf(strata, rates, 1) - meanOf(strata, rates, 0), options);
  return found.kind === 'undefined' ? found : { ...found, verdict: verdictOf(found.low, found.high, better) };
}

const meanOf = (strata: readonly Stratum[], totals: readonly (readonly number[])[], arm: number) =>
  monolingualMean(strata.map(({ language }, i) => ({ language, rate: totals[i][2 * arm] / totals[i][2 * arm + 1] })));

function drawn(
  strata: readonly Stratum[],
  arms: readonly number[],
  statistic: Rates,
  { seed, draws = DRAWS, level = LEVEL }: BootstrapOptions,
): Interval | Undefined {
  const kinds = new Set<Interval['by']>();
  const sums = strata.map(({ arms: all }) => {
    const { by, groups } = groupsOf(all[0]);
    kinds.add(by);
    const places = new Map(all[0].map(({ id }, i) => [id, i]));
    return groups.map((group) =>
      group.map(({ id }) =>
        arms.flatMap((arm) => {
          const { count, of } = all[arm][places.get(id)!];
          return [count, of];
        }),
      ),
    );
  });
  const add = (rows: readonly (readonly number[])[]) => rows.reduce((a, b) => a.map((x, i) => x + b[i]));
  const value = statistic(sums.map((groups) => add(groups.flat())));
  if (!Number.isFinite(value)) return { kind: 'undefined', reason: 'a set has nothing that could be counted' };
  const alone = strata.find((_, i) => sums[i].length < 2);
  if (alone)
    return {
      kind: 'undefined',
      value,
      reason: `${alone.name} has one utterance alone, which says nothing of the spread`,
    };
  const uniform = keyedRandom('strata', seed);
  const values = new Float64Array(draws);
  for (let i = 0; i < draws; i++) values[i] = statistic(sums.map((groups) => drawnTotals(groups, uniform)));
  const sound = values.filter((one) => !Number.isNaN(one)).sort();
  if (arms.length === 1 && sound[0] === sound.at(-1)) return { kind: 'undefined', value, reason: ALIKE };
  return {
    kind: 'interval',
    value,
    low: quantile(sound, (1 - level) / 2),
    high: quantile(sound, (1 + level) / 2),
    level,
    by: kinds.size === 1 && kinds.has('speaker') ? 'speaker' : 'utterance',
    drawn: sums.reduce((sum, groups) => sum + groups.length, 0),
  };
}
