import { describe, expect, it } from 'vitest';
import { normalise, resample } from '../../../sidecar/audio/index.ts';
import { sine } from '../../support/wav.ts';

const rms = (samples: Float32Array) => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

describe('resampling to 16 kHz', () => {
  for (const rate of [8000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]) {
    it(`leaves a 1 kHz sine at ${rate} Hz a 1 kHz sine, in its place in time`, async () => {
      const out = await resample(sine(rate, 1000, rate), rate);
      expect(out.length).toBe(16_000);
      const ideal = sine(16_000, 1000);
      const error = out.map((sample, i) => sample - ideal[i]).subarray(200, -200);
      expect(rms(error)).toBeLessThan(1e-5);
    });
  }

  for (const hz of [9000, 11_000, 15_500, 20_000]) {
    it(`keeps ${hz} Hz below -60 dB`, async () => {
      const out = await resample(sine(48_000, hz, 48_000, 1), 48_000);
      expect(20 * Math.log10(rms(out.subarray(400, -400)) / Math.SQRT1_2)).toBeLessThan(-60);
    });
  }

  it('makes round(n·16000/rate) samples of any n, and is the same on every call', async () => {
    for (const rate of [8000, 22_050, 44_100, 48_000]) {
      for (const n of [1, 2, 7, 399, 12_345]) {
        const once = await resample(sine(n, 300, rate), rate);
        expect(once.length).toBe(Math.round((n * 16_000) / rate));
        expect(await resample(sine(n, 300, rate), rate)).toEqual(once);
      }
    }
  });

  it('has no seam in audio of minutes', async () => {
    const out = await resample(sine(44_100 * 100, 1000, 44_100), 44_100);
    const ideal = sine(1_600_000, 1000);
    let worst = 0;
    for (let i = 200; i < out.length - 200; i++) worst = Math.max(worst, Math.abs(out[i] - ideal[i]));
    expect(worst).toBeLessThan(1e-4);
  });
});

describe('normalising', () => {
  it('gives zero mean and unit variance', () => {
    const out = normalise(sine(16_000, 100).map((x) => x + 0.3));
    expect(out.reduce((sum, x) => sum + x, 0) / out.length).toBeCloseTo(0, 6);
    expect(rms(out)).toBeCloseTo(1, 5);
  });

  it('is the formula of the feature extractor', () => {
    const out = normalise(Float32Array.of(0, 0.001, 0.002));
    expect(out[2]).toBeCloseTo(0.001 / Math.sqrt((2 / 3) * 1e-6 + 1e-7), 5);
    expect([...normalise(Float32Array.of(0.5, 0.5))]).toEqual([0, 0]);
  });
});
