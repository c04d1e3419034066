import { describe, expect, it } from 'vitest';
import type { Counted } from '../../../sidecar/evaluation/interval.ts';
import { type Stratum, stratifiedDifference, stratifiedMean } from '../../../sidecar/evaluation/strata.ts';

const counted = (name: string, counts: readonly (readonly [number, number])[]): Counted[] =>
  counts.map(([count, of], i) => ({ id: `${name}${i}`, count, of }));
const stratum = (name: string, language: string, ...arms: (readonly (readonly [number, number])[])[]): Stratum => ({
  name,
  language,
  arms: arms.map((counts) => counted(name, counts)),
});
/** All ways to draw two of two. */
const WAYS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];

describe('the mean over languages', () => {
  const strata = [
    stratum('mls/eng', 'eng', [
      [1, 10],
      [3, 10],
    ]),
    stratum('nchlt/eng', 'eng', [
      [0, 5],
      [2, 5],
    ]),
    stratum('swc/deu', 'deu', [
      [4, 8],
      [2, 2],
    ]),
  ];

  it('is within a language first, and has the ends of all 64 ways to draw within each set', () => {
    const found = stratifiedMean(strata, 0, { seed: 1, draws: 40_000 });
    // ((0.2 + 0.2) / 2 + 0.6) / 2
    expect(found).toMatchObject({ kind: 'interval', by: 'utterance', drawn: 6 });
    expect(found.value).toBeCloseTo(0.4, 12);
    const rate = (i: number, way: number[]) => {
      const own = way.map((k) => strata[i].arms[0][k]);
      return own.reduce((sum, { count }) => sum + count, 0) / own.reduce((sum, { of }) => sum + of, 0);
    };
    const all = WAYS.flatMap((a) =>
      WAYS.flatMap((b) => WAYS.map((c) => ((rate(0, a) + rate(1, b)) / 2 + rate(2, c)) / 2)),
    );
    all.sort((a, b) => a - b);
    if (found.kind !== 'interval') throw new Error(found.reason);
    // 2.5 % of 64 ways lie between the second and the third.
    expect(found.low).toBeGreaterThanOrEqual(all[0]);
    expect(found.low).toBeLessThanOrEqual(all[2]);
    expect(found.high).toBeGreaterThanOrEqual(all[61]);
    expect(found.high).toBeLessThanOrEqual(all[63]);
  });

  it('has no interval where a set has one utterance, and says which', () => {
    const found = stratifiedMean([...strata, stratum('own/yor', 'yor', [[1, 2]])], 0, { seed: 1 });
    expect(found).toMatchObject({ kind: 'undefined', reason: expect.stringContaining('own/yor') });
    expect(found.value).toBeCloseTo((0.2 + 0.6 + 0.5) / 3, 12);
    expect(
      stratifiedMean(
        [
          stratum('a/b', 'b', [
            [0, 0],
            [0, 0],
          ]),
        ],
        0,
        { seed: 1 },
      ),
    ).toMatchObject({ kind: 'undefined' });
  });

  it('draws the utterances of few speakers too, who by themselves would be alike', () => {
    const rows = [
      [0, 2],
      [2, 2],
      [0, 2],
      [2, 2],
    ] as const;
    const own = (speaker: (i: number) => string | undefined) => ({
      ...stratum('x/eng', 'eng', rows),
      arms: [counted('x', rows).map((one, i) => ({ ...one, speaker: speaker(i) }))],
    });
    const found = stratifiedMean([own((i) => (i < 2 ? 'a' : 'b'))], 0, { seed: 1 });
    if (found.kind !== 'interval') throw new Error(found.reason);
    expect(found).toMatchObject({ by: 'speaker', drawn: 2, value: 0.5 });
    expect(found.low).toBeLessThan(0.5);
    expect(found.high).toBeGreaterThan(0.5);
    expect(stratifiedMean([own(() => undefined)], 0, { seed: 1 })).toMatchObject({ by: 'utterance', drawn: 4 });
  });

  it('draws both models together: what is always one edit better is better whatever is drawn', () => {
    const pairs = ['eng', 'deu'].map((code) =>
      stratum(
        `x/${code}`,
        code,
        [
          [2, 4],
          [9, 10],
          [3, 4],
        ],
        [
          [1, 4],
          [8, 10],
          [2, 4],
        ],
      ),
    );
    const found = stratifiedDifference(pairs, 'lower', { seed: 1 });
    if (found.kind !== 'interval') throw new Error(found.reason);
    expect(found.verdict).toBe('better');
    expect(found.value).toBeCloseTo(-3 / 18, 12);
    // Apart, the spread of the rates (0.5 to 0.9) would be far wider than that of the difference (0.1 to 0.25).
    expect(found.low).toBeGreaterThan(-0.26);
    expect(found.high).toBeLessThan(-0.09);
    expect(stratifiedDifference(pairs, 'higher', { seed: 1 })).toMatchObject({ verdict: 'worse' });
  });
});
