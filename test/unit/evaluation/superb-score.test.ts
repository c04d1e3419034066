import { describe, expect, it } from 'vitest';
import {
  acrossLanguages,
  monolingualMean,
  PAPER_CONSTANTS,
  type SuperbScores,
  superbScore,
} from '../../../sidecar/evaluation/superb-score.ts';

/** Rows of tables 3 and 4 of ML-SUPERB (arXiv 2305.10615) with the paper's own score. */
const rows: [string, '10min' | '1h', SuperbScores, number][] = [
  ['XLSR-128', '10min', { mono: [39.7], multi: [29.2, 40.9], lid: [66.9], joint: [55.6, 28.4, 42.1] }, 947.5],
  ['HuBERT-base', '10min', { mono: [42.8], multi: [39.8, 44.5], lid: [61.2], joint: [71.5, 39.2, 43.8] }, 831.9],
  ['wav2vec2-base', '10min', { mono: [44.2], multi: [43.0, 45.7], lid: [54.4], joint: [66.9, 40.6, 44.2] }, 755.2],
  ['mHuBERT-base', '10min', { mono: [41.0], multi: [40.5, 45.6], lid: [52.4], joint: [46.6, 36.8, 44.2] }, 746.2],
  ['XLSR-128', '1h', { mono: [30.6], multi: [22.0, 39.3], lid: [87.9], joint: [85.6, 22.9, 42.4] }, 996.0],
  ['HuBERT-base', '1h', { mono: [35.3], multi: [31.4, 42.7], lid: [86.1], joint: [86.0, 30.9, 41.8] }, 884.9],
];

describe('SUPERB_s', () => {
  it.each(rows)('is the paper’s for %s, %s', (_, data, scores, expected) => {
    const result = superbScore(scores, PAPER_CONSTANTS[data]);
    expect(result.kind).toBe('score');
    if (result.kind === 'score') expect(Math.abs(result.score - expected)).toBeLessThan(0.06);
  });

  it('is 0 for log-mel features and 1000 for the best in each metric, and names its constants', () => {
    for (const constants of Object.values(PAPER_CONSTANTS)) {
      expect(superbScore(constants.fbank, constants)).toMatchObject({ score: 0, constants: constants.name });
      expect(superbScore(constants.best, constants)).toMatchObject({ score: 1000 });
    }
  });

  it('is none over a part of the tasks: the parts stand alone, and what is missing is named', () => {
    const result = superbScore({ mono: [38.2], lid: [66.9] }, PAPER_CONSTANTS['10min']);
    expect(result).toMatchObject({ kind: 'parts', missing: ['multi', 'joint'], parts: { mono: 1, lid: 1 } });
    expect(result).not.toHaveProperty('score');
    const half = superbScore({ mono: [38.2], lid: [66.9], multi: [29.2, Number.NaN] }, PAPER_CONSTANTS['10min']);
    expect(half).toMatchObject({ kind: 'parts', missing: ['multi', 'joint'] });
  });
});

describe('version 2.0', () => {
  it('tells the sample deviation over languages and the worst', () => {
    const { mean, deviation, worst } = acrossLanguages({ eng: 10, deu: 20, fra: 60 }, 2);
    expect(mean).toBe(30);
    expect(deviation).toBeCloseTo(Math.sqrt((400 + 100 + 900) / 2), 10);
    expect(worst).toEqual([
      { language: 'fra', rate: 60 },
      { language: 'deu', rate: 20 },
    ]);
    expect(acrossLanguages({ eng: 10 }).deviation).toBeUndefined();
  });
});

describe('the monolingual track', () => {
  it('is a mean within a language, then over languages: three sets of English count as one', () => {
    const sets = [10, 20, 30].map((rate) => ({ language: 'eng', rate }));
    expect(monolingualMean([...sets, { language: 'rus', rate: 40 }])).toBe(30);
  });
});
