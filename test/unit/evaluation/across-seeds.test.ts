import { describe, expect, it } from 'vitest';
import { type BySeed, differenceOverSeeds, meanOverSeeds } from '../../../sidecar/evaluation/across-seeds.ts';
import { ALIKE, type Counted, pairedDifference } from '../../../sidecar/evaluation/interval.ts';
import { normals } from '../../../sidecar/random.ts';

const counted = (values: readonly number[], speakers?: readonly string[]): Counted[] =>
  values.map((count, i) => ({ id: `u${i}`, count, of: 1, speaker: speakers?.[i] }));
const bySeed = (...seeds: Counted[][]): BySeed => new Map(seeds.map((one, i) => [i + 1, one]));
const options = { seed: 1, draws: 20_000 };
const interval = (result: ReturnType<typeof differenceOverSeeds>) => {
  if (result.kind !== 'interval') throw new Error(result.reason);
  return result;
};

describe('the mean over seeds', () => {
  it('is of each seed’s own ratio, with the deviation between them', () => {
    // 3/2, 1 and 2: the sums of each, not of all together.
    const scores = bySeed(
      [{ id: 'a', count: 3, of: 2 }],
      [{ id: 'a', count: 8, of: 8 }],
      [{ id: 'a', count: 2, of: 1 }],
    );
    expect(meanOverSeeds(scores)).toEqual({ mean: 1.5, deviation: 0.5, seeds: 3 });
    expect(meanOverSeeds(bySeed(counted([1, 3])))).toEqual({ mean: 2, seeds: 1 });
    expect(meanOverSeeds(bySeed([{ id: 'a', count: 0, of: 0 }]))).toBeUndefined();
  });
});

describe('the difference over seeds', () => {
  const [x, noise, other] = [1, 2, 3].map((key) => [...normals(40, key, 'seeds')]);
  const before = counted(x);
  const after = counted(x.map((one, i) => one + 0.5 + 0.3 * noise[i]));

  it('with one seed is the interval over utterances, bit for bit', () => {
    const { seeds, ...rest } = interval(differenceOverSeeds(bySeed(before), bySeed(after), 'lower', options));
    expect(seeds).toBe(1);
    expect(rest).toEqual(pairedDifference(before, after, 'lower', options));
  });

  it('seeds that are all alike add nothing', () => {
    const alike = interval(differenceOverSeeds(bySeed(before, before), bySeed(after, after), 'lower', options));
    const one = interval(differenceOverSeeds(bySeed(before), bySeed(after), 'lower', options));
    expect([alike.low, alike.high]).toEqual([expect.closeTo(one.low, 12), expect.closeTo(one.high, 12)]);
  });

  it('of two seeds that differ and utterances that do not, it is that of a table worked by hand', () => {
    // The seeds differ by 0 and by 1; a draw has 0, 1/2 or 1, at 1/4, 1/2, 1/4: widened by √2, 1/2 ± √2/2. The variance,
    // 2 · (1/4 · 1/4 + 1/4 · 1/4) = 1/4, is that of a mean of two with the variance 1/2.
    const zero = counted([1, 1, 1]);
    const result = interval(
      differenceOverSeeds(bySeed(zero, zero), bySeed(zero, counted([2, 2, 2])), 'lower', options),
    );
    expect(result).toMatchObject({ value: 0.5, seeds: 2, verdict: 'cannot tell' });
    expect(result.low).toBeCloseTo(0.5 - Math.SQRT1_2, 12);
    expect(result.high).toBeCloseTo(0.5 + Math.SQRT1_2, 12);
  });

  it('draws the same utterances for both methods and all seeds', () => {
    // Utterances are hard in the same way for all: apart, each would be as uncertain as they are.
    const hard = counted(x.map((one) => 100 * one));
    const easier = counted(x.map((one) => 100 * one - 0.1));
    const result = interval(
      differenceOverSeeds(bySeed(hard, hard, hard), bySeed(easier, easier, easier), 'lower', options),
    );
    expect(result.low).toBeCloseTo(-0.1, 9);
    expect(result.verdict).toBe('better');
  });

  it('a seed counts once, however many utterances it has, and only where both have it', () => {
    const moved = (by: number) => counted(x.map((one) => one + by));
    const more = new Map([...bySeed(before, before), [9, before]]);
    const result = interval(differenceOverSeeds(more, bySeed(moved(1), moved(2)), 'higher', options));
    expect(result.seeds).toBe(2);
    expect(result.value).toBeCloseTo(1.5, 12);
  });

  it('is of speakers where they are known', () => {
    const speakers = x.map((_, i) => `s${i % 10}`);
    const [a, b] = [counted(x, speakers), counted(other, speakers)];
    expect(interval(differenceOverSeeds(bySeed(a, a), bySeed(b, b), 'lower', options))).toMatchObject({
      by: 'speaker',
      drawn: 10,
    });
  });

  it('has no interval where the two are the same, rather than one without width', () => {
    const same = differenceOverSeeds(bySeed(before, after), bySeed(before, after), 'lower', options);
    expect(same).toMatchObject({ kind: 'undefined', value: 0, reason: ALIKE });
  });

  it('has a reason where there is nothing to compare', () => {
    const reason = (a: BySeed, b: BySeed) => differenceOverSeeds(a, b, 'lower', options);
    expect(reason(new Map([[1, before]]), new Map([[2, after]]))).toMatchObject({
      kind: 'undefined',
      reason: expect.stringContaining('no seed in common'),
    });
    expect(reason(bySeed(before), bySeed(after.slice(1)))).toMatchObject({
      reason: expect.stringContaining('different utterances'),
    });
    expect(reason(bySeed(counted([1])), bySeed(counted([2])))).toMatchObject({
      value: 1,
      reason: expect.stringContaining('one utterance'),
    });
  });
});
