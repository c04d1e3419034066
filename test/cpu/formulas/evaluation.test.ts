import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  assemble,
  type HeldOutClip,
  HostLearner,
  heldOutMeter,
  type LearnableConfig,
  lossOf,
  normals,
  type Sources,
  scoreOf,
  spanMask,
  WeightFile,
} from '../../support/product.ts';
import { fixtures, loadBase, scratch } from '../../support/reference.ts';

const base = loadBase(fixtures('hubert_tiny_base'));
const width = base.config.convDim.at(-1)!;
const MASK = { probability: 0.8, length: 5, minSpans: 1 };
const config: LearnableConfig = {
  base: base.config,
  adapter: { kind: 'none' },
  head: { projection: 8, units: 12, temperature: 0.1 },
  trainMask: false,
};
const sources: Sources = {
  features: {
    width,
    read: (hash, start, frames) => normals(100 * width, hash).slice(start * width, (start + frames) * width),
  },
  units: (hash) => Uint16Array.from({ length: 100 }, (_, t) => (t * t + hash.charCodeAt(0)) % 12),
};
/** Lengths that no batch shares evenly: four short, two long, one alone. */
const clips: HeldOutClip[] = [
  ...['a', 'b', 'c', 'd'].map((hash) => ({ hash, language: hash === 'd' ? 'eng' : 'fin', frames: 12 })),
  ...['e', 'f'].map((hash) => ({ hash, language: 'fin', frames: 70 })),
  { hash: 'g', language: 'eng', frames: 33 },
];

describe('a held-out measurement', () => {
  let learner: HostLearner;
  beforeAll(async () => {
    learner = await HostLearner.open(config, base, WeightFile.prepare(base, scratch()), 1, { device: 'cpu' });
  });
  afterAll(() => learner.release());

  it('is the mean over all masked frames of a language, whatever batches they came in', async () => {
    const sums: Record<string, { loss: number; frames: number; clipMeans: number[] }> = {};
    for (const { hash, language, frames } of clips) {
      const mask = spanMask(frames, MASK, 'held-out', hash);
      const loss = lossOf(await learner.evaluate(assemble([{ hash, start: 0, mask }], frames, sources)));
      expect(loss.length).toBe(mask.reduce((a, b) => a + b, 0));
      sums[language] ??= { loss: 0, frames: 0, clipMeans: [] };
      const total = loss.reduce((a, b) => a + b, 0);
      sums[language].loss += total;
      sums[language].frames += loss.length;
      sums[language].clipMeans.push(total / loss.length);
    }
    for (const batchFrames of [1, 25, 140, 5000]) {
      const meter = await heldOutMeter(learner, clips, sources, MASK, batchFrames);
      for (const [language, { loss, frames, clipMeans }] of Object.entries(sums)) {
        const score = scoreOf(meter, language);
        expect(score.frames).toBe(frames);
        expect(score.lossNats).toBeCloseTo(loss / frames, 4);
        // A mean of clips or of batches is another number here.
        const ofClips = clipMeans.reduce((a, b) => a + b, 0) / clipMeans.length;
        expect(Math.abs(ofClips - loss / frames)).toBeGreaterThan(1e-3);
      }
    }
  });

  it('asks the same frames whatever stands beside a clip, and in whatever order', async () => {
    const loss = async (some: HeldOutClip[]) => scoreOf(await heldOutMeter(learner, some, sources, MASK, 200), 'fin');
    const fin = clips.filter(({ language }) => language === 'fin');
    const together = await loss(clips);
    expect((await loss(fin)).lossNats).toBeCloseTo(together.lossNats, 4);
    expect((await loss([...clips].reverse())).lossNats).toBeCloseTo(together.lossNats, 4);
  });
});
