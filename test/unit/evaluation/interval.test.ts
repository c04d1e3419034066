import { describe, expect, it } from 'vitest';
import {
  bootstrap,
  type Counted,
  type Interval,
  pairedDifference,
  quantile,
  verdictOf,
} from '../../../sidecar/evaluation/interval.ts';
import { normals } from '../../../sidecar/random.ts';

const counted = (counts: readonly (readonly [number, number])[], speakers?: readonly string[]): Counted[] =>
  counts.map(([count, of], i) => ({ id: `u${i}`, count, of, speaker: speakers?.[i] }));
const interval = (result: ReturnType<typeof bootstrap>): Interval => {
  if (result.kind !== 'interval') throw new Error(result.reason);
  return result;
};

describe('a quantile', () => {
  it('lies between its neighbours in proportion, as R and NumPy have it', () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([7], 0.9)).toBe(7);
  });
});

describe('the bootstrap', () => {
  it('has no interval where all that can be drawn is alike, rather than one without width', () => {
    for (const rate of [0, 1, 1.5])
      expect(
        bootstrap(
          counted([
            [4 * rate, 4],
            [2 * rate, 2],
            [0, 0],
          ]),
          { seed: 1 },
        ),
      ).toMatchObject({ kind: 'undefined', value: rate });
    expect(
      bootstrap(
        counted([
          [0, 4],
          [1, 4],
        ]),
        { seed: 1 },
      ),
    ).toMatchObject({ kind: 'interval' });
  });

  const utterances = counted([
    [1, 10],
    [4, 8],
    [2, 20],
    [9, 12],
  ]);

  it('has the ends of all 256 ways to draw four of four', () => {
    const ways: number[] = [];
    for (let code = 0; code < 256; code++) {
      let [count, of] = [0, 0];
      for (let k = 0; k < 4; k++) {
        const one = utterances[(code >> (2 * k)) & 3];
        count += one.count;
        of += one.of;
      }
      ways.push(count / of);
    }
    ways.sort((a, b) => a - b);
    const got = interval(bootstrap(utterances, { seed: 1, draws: 40_000, level: 0.8 }));
    expect(got.value).toBe(16 / 50);
    // A quantile of the discrete distribution: within one step of it.
    const near = (value: number, q: number) => {
      expect(value).toBeGreaterThanOrEqual(quantile(ways, q - 0.01));
      expect(value).toBeLessThanOrEqual(quantile(ways, q + 0.01));
    };
    near(got.low, 0.1);
    near(got.high, 0.9);
  });

  it('is the same for the same seed and another for another', () => {
    const many = counted(Array.from({ length: 30 }, (_, i) => [(i * 7) % 11, 20 + i]));
    const at = (seed: number) => interval(bootstrap(many, { seed, draws: 200 }));
    expect(at(1)).toEqual(at(1));
    expect([at(1).low, at(1).high]).not.toEqual([at(2).low, at(2).high]);
  });

  it('draws speakers where all are known, whole where they are eight', () => {
    // Each speaker but one is all right once and all wrong once: whole speakers come to about a half, however drawn.
    const opposite = Array.from({ length: 16 }, (_, i): [number, number] => [i === 1 ? 9 : 10 * (i % 2), 10]);
    const names = opposite.map((_, i) => `s${i >> 1}`);
    const got = interval(bootstrap(counted(opposite, names), { seed: 1 }));
    expect(got).toMatchObject({ by: 'speaker', drawn: 8, high: 0.5 });
    expect(got.low).toBeGreaterThan(0.48);
    const partly = counted(opposite, names).map((one, i) => (i === 3 ? { ...one, speaker: undefined } : one));
    const byUtterance = interval(bootstrap(partly, { seed: 1 }));
    expect(byUtterance).toMatchObject({ by: 'utterance', drawn: 16 });
    expect(byUtterance.high - byUtterance.low).toBeGreaterThan(0.3);
    const alone = partly.map((one) => ({ ...one, speaker: 'a' }));
    expect(bootstrap(alone, { seed: 1 })).toMatchObject({ by: 'utterance', drawn: 16 });
  });

  it('of two speakers draws their utterances too: the ends of all 64 ways', () => {
    const groups = [utterances.slice(0, 2), utterances.slice(2)];
    const ways: number[] = [];
    for (let code = 0; code < 64; code++) {
      let [count, of] = [0, 0];
      for (let k = 0; k < 2; k++) {
        const group = groups[(code >> k) & 1];
        for (let n = 0; n < 2; n++) {
          const one = group[(code >> (2 + 2 * k + n)) & 1];
          count += one.count;
          of += one.of;
        }
      }
      ways.push(count / of);
    }
    ways.sort((a, b) => a - b);
    const two = utterances.map((one, i) => ({ ...one, speaker: i < 2 ? 'a' : 'b' }));
    const got = interval(bootstrap(two, { seed: 1, draws: 40_000, level: 0.8 }));
    expect(got).toMatchObject({ by: 'speaker', drawn: 2 });
    for (const [value, q] of [
      [got.low, 0.1],
      [got.high, 0.9],
    ]) {
      expect(value).toBeGreaterThanOrEqual(quantile(ways, q - 0.01));
      expect(value).toBeLessThanOrEqual(quantile(ways, q + 0.01));
    }
  });

  it('holds the truth about as often as it says', () => {
    let held = 0;
    for (let trial = 0; trial < 200; trial++) {
      const sample = [...normals(40, 'coverage', trial)].map((x, i): Counted => ({ id: `${i}`, count: 3 + x, of: 1 }));
      const { low, high } = interval(bootstrap(sample, { seed: trial, draws: 400 }));
      if (low <= 3 && 3 <= high) held++;
    }
    expect(held / 200).toBeGreaterThan(0.89);
    expect(held / 200).toBeLessThan(0.98);
  });

  it('says why where there is no interval', () => {
    expect(bootstrap([], { seed: 1 })).toMatchObject({
      kind: 'undefined',
      reason: expect.stringContaining('no utter'),
    });
    expect(bootstrap(counted([[1, 2]]), { seed: 1 })).toMatchObject({ kind: 'undefined', value: 0.5 });
    expect(bootstrap(counted([[0, 0]]), { seed: 1 }).kind).toBe('undefined');
  });
});

describe('the difference of two models', () => {
  const before = counted(Array.from({ length: 30 }, (_, i) => [5 + (i % 7), 20]));

  it('is told as better where every utterance gained a little, though the models’ own intervals overlap', () => {
    const after = before.map((one) => ({ ...one, count: one.count - 1 }));
    const result = pairedDifference(before, after, 'lower', { seed: 1 });
    expect(result).toMatchObject({ kind: 'interval', verdict: 'better' });
    const [a, b] = [interval(bootstrap(before, { seed: 1 })), interval(bootstrap(after, { seed: 1 }))];
    expect(b.high).toBeGreaterThan(a.low);
    expect(interval(result).value).toBeCloseTo(-0.05, 12);
    expect(pairedDifference(after, before, 'lower', { seed: 1 })).toMatchObject({ verdict: 'worse' });
    expect(pairedDifference(before, after, 'higher', { seed: 1 })).toMatchObject({ verdict: 'worse' });
  });

  it('cannot tell where gains and losses are alike', () => {
    const after = before.map((one, i) => ({ ...one, count: one.count + (i % 2 === 0 ? 3 : -3) }));
    expect(pairedDifference(before, after, 'lower', { seed: 1 })).toMatchObject({ verdict: 'cannot tell' });
  });

  it('pairs by utterance, whatever the order', () => {
    const after = before.map((one) => ({ ...one, count: one.count - 1 }));
    const turned = pairedDifference(before, [...after].reverse(), 'lower', { seed: 1 });
    expect(turned).toEqual(pairedDifference(before, after, 'lower', { seed: 1 }));
    expect(() => pairedDifference(before, after.slice(1), 'lower', { seed: 1 })).toThrow('different utterances');
  });

  it.each([
    [0.1, 0.2, 'higher', 'better'],
    [0.1, 0.2, 'lower', 'worse'],
    [-0.2, -0.1, 'lower', 'better'],
    [-0.2, -0.1, 'higher', 'worse'],
    [-0.1, 0.1, 'lower', 'cannot tell'],
    [0, 0.1, 'higher', 'cannot tell'],
  ] as const)('from %d to %d, %s is better: %s', (low, high, better, verdict) =>
    expect(verdictOf(low, high, better)).toBe(verdict),
  );
});
