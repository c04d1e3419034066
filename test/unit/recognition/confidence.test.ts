import { describe, expect, it } from 'vitest';
import {
  calibrate,
  calibrationError,
  type Heard,
  heardRightly,
  isCalibrated,
  sayConfidence,
} from '../../../sidecar/recognition/confidence.ts';
import type { Tokens } from '../../../sidecar/recognition/tokens.ts';

const tokens: Tokens = { symbols: ['<blank>', '<unk>', 'A', 'B', ' ', '<sos/eos>'], kind: 'characters' };

/** Clips of a word of one letter each, heard with a margin of `logit`; every tenth of ten from `right` on was another. */
const clips = (count: number, logit: number, right: number): Heard[] =>
  Array.from({ length: count }, (_, i) => {
    const logits = new Float32Array(6);
    logits[2] = logit;
    return { logits, reference: i % 10 < right ? 'A' : 'B' };
  });

describe('how sure a recogniser may be', () => {
  it('is brought down to what is right, on speech that it was not fitted on', () => {
    // Sure by e⁶ / (e⁶ + 5) = 98.8 %, and right seven times of ten.
    const found = calibrate(clips(200, 6, 7), clips(100, 6, 7), tokens);
    if (!isCalibrated(found)) throw new Error(found.uncalibrated);
    expect(found.errorBefore).toBeCloseTo(0.988 - 0.7, 3);
    expect(found.error).toBeLessThan(0.02);
    // By hand: softmax at 6 / T is 0.7 where e^(6 / T) = 5 · 0.7 / 0.3.
    expect(found.temperature).toBeCloseTo(6 / Math.log((5 * 0.7) / 0.3), 0);
    expect([found.fitted, found.tested]).toEqual([200, 100]);
    expect(sayConfidence(found)).toMatch(/^Confidence is calibrated: .* 28\.8 % without\)\.$/);
  });

  it('says of other speech what it is worth there, not where it was fitted', () => {
    const found = calibrate(clips(200, 6, 7), clips(100, 6, 3), tokens);
    expect(isCalibrated(found) && found.error).toBeCloseTo(0.4, 1);
  });

  it('is called uncalibrated where too little was heard, or all of it was right or wrong', () => {
    expect(calibrate(clips(49, 6, 7), clips(100, 6, 7), tokens)).toEqual({
      uncalibrated: expect.stringContaining('49 words'),
    });
    expect(calibrate(clips(60, 6, 10), clips(100, 6, 7), tokens)).toEqual({
      uncalibrated: expect.stringMatching(/right\.$/),
    });
    expect(calibrate(clips(60, 6, 0), clips(100, 6, 7), tokens)).toEqual({
      uncalibrated: expect.stringMatching(/wrong\.$/),
    });
    expect(calibrate(clips(60, 6, 7), clips(10, 6, 7), tokens)).toEqual({
      uncalibrated: expect.stringContaining('10 words'),
    });
    expect(sayConfidence(undefined)).toMatch(/not calibrated/);
  });

  it('is off by the mean distance in tenths, worked by hand', () => {
    // Tenth of 0.9: two words of 0.95, one right: |1.9 − 1|. Tenth of 0.2: one of 0.25, right: |0.25 − 1|. Over three words.
    const words = [
      { confidence: 0.95, right: true },
      { confidence: 0.95, right: false },
      { confidence: 0.25, right: true },
    ];
    expect(calibrationError(words)).toBeCloseTo((0.9 + 0.75) / 3, 12);
    expect(calibrationError([{ confidence: 1, right: true }])).toBe(0);
  });

  it('counts a word right where the best alignment puts it on the same word', () => {
    const right = (said: string, heard: string) => heardRightly(said.split(' '), heard.split(' ')).map(Number).join('');
    expect(right('a b c', 'a b c')).toBe('111');
    expect(right('a b c', 'a x c')).toBe('101');
    expect(right('a b c', 'b c')).toBe('11');
    expect(right('b c', 'a b c')).toBe('011');
    expect(right('a b', 'c d e')).toBe('000');
  });
});
