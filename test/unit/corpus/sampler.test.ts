import { describe, expect, it } from 'vitest';
import {
  createSampler,
  keyedRandom,
  normals,
  permutation,
  type SamplerClip,
  type SamplerOptions,
} from '../../../sidecar/corpus/index.ts';

const clips = (language: string, count: number, frames: (i: number) => number): SamplerClip[] =>
  Array.from({ length: count }, (_, i) => ({ language, frames: frames(i) }));

const even: SamplerOptions = {
  clips: [
    ...clips('eng', 30, () => 249),
    ...clips('cmn', 30, () => 249),
    ...clips('yor', 90, () => 249),
    ...clips('ara', 180, () => 249),
  ],
  languages: [
    { code: 'eng', role: 'existing' },
    { code: 'cmn', role: 'existing' },
    { code: 'yor', role: 'new' },
    { code: 'ara', role: 'new' },
  ],
  replayFraction: 0.125,
  samplingExponent: 0.7,
  batchSeconds: 40,
  seed: 7,
};
const uneven: SamplerOptions = {
  ...even,
  clips: [
    ...clips('eng', 200, (i) => 20 + (i % 50)),
    ...clips('cmn', 100, (i) => 40 + i),
    ...clips('yor', 60, (i) => 300 + 8 * i),
    ...clips('ara', 400, (i) => 45 + (i % 10)),
  ],
};

function counts(options: SamplerOptions, steps: number) {
  const sampler = createSampler(options);
  const slots: Record<string, number> = {};
  const audio: Record<string, number> = {};
  const seen = new Map<number, number>();
  for (let step = 0; step < steps; step++) {
    const { clipIndex, frames } = sampler.next(step);
    for (const index of clipIndex) {
      const { language } = options.clips[index];
      slots[language] = (slots[language] ?? 0) + 1;
      audio[language] = (audio[language] ?? 0) + frames;
      seen.set(index, (seen.get(index) ?? 0) + 1);
    }
  }
  return { slots, audio, seen, sampler };
}

describe('keyed randomness', () => {
  it('is the same for a key and another for any other', () => {
    expect(keyedRandom('a', 1)()).toBe(keyedRandom('a', 1)());
    const keys = [['a', 1], ['a', '1'], ['a', 2], ['a1'], ['a', 1, ''], [1, 'a']] as const;
    expect(new Set(keys.map((key) => keyedRandom(...key)())).size).toBe(keys.length);
    // Frozen: a checkpoint written by one version is continued by the next.
    expect(Array.from({ length: 3 }, keyedRandom('frozen', 42)).map((x) => x.toFixed(8))).toMatchInlineSnapshot(`
      [
        "0.75242922",
        "0.60777090",
        "0.43000901",
      ]
    `);
  });

  it('is uniform within a stream and across neighbouring keys', () => {
    const stream = Array.from({ length: 20_000 }, keyedRandom('uniform'));
    const across = Array.from({ length: 20_000 }, (_, step) => keyedRandom('batch', 1, step)());
    for (const values of [stream, across]) {
      const bins = new Array(20).fill(0);
      for (const value of values) bins[Math.floor(value * 20)]++;
      const chi = bins.reduce((sum, bin) => sum + (bin - 1000) ** 2 / 1000, 0);
      expect(chi).toBeLessThan(45); // p ≈ 0.0007 at 19 degrees of freedom
    }
  });

  it('permutes and draws normal numbers', () => {
    expect([...permutation(50, 'p')].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(permutation(50, 'p')).not.toEqual(permutation(50, 'q'));
    const drawn = normals(10_001, 'n');
    const mean = drawn.reduce((sum, x) => sum + x, 0) / drawn.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(drawn.reduce((sum, x) => sum + (x - mean) ** 2, 0) / drawn.length).toBeCloseTo(1, 1);
  });
});

describe('the sampler', () => {
  it('gives exactly one slot of eight to replay at 12.5 %', () => {
    const sampler = createSampler(even);
    for (let step = 0; step < 200; step++) {
      const { clipIndex, frames } = sampler.next(step);
      expect(clipIndex).toHaveLength(8);
      expect(frames).toBe(249);
      expect(clipIndex.filter((index) => index < 60)).toHaveLength(1);
    }
  });

  it('resolves fractions of a slot over the steps', () => {
    const { slots } = counts({ ...even, replayFraction: 0.2 }, 2000);
    expect((slots.eng + slots.cmn) / 16_000).toBeCloseTo(0.2, 2);
  });

  it('draws languages by their share to the exponent, within each role', () => {
    const { slots, sampler } = counts(even, 3000);
    const total = Object.values(slots).reduce((sum, n) => sum + n, 0);
    const yor = 90 ** 0.7 / (90 ** 0.7 + 180 ** 0.7);
    expect(sampler.shares.yor).toBeCloseTo(0.875 * yor, 10);
    for (const [code, share] of Object.entries(sampler.shares)) expect(slots[code] / total).toBeCloseTo(share, 1.5);
    const weighted = counts(
      { ...even, languages: even.languages.map((l) => (l.code === 'yor' ? { ...l, weight: 0 } : l)) },
      50,
    );
    expect(weighted.slots.yor).toBeUndefined();
  });

  it('shows every clip before one comes again', () => {
    const { seen } = counts(even, 400);
    for (const language of ['eng', 'cmn', 'yor', 'ara']) {
      const times = even.clips.flatMap((clip, index) => (clip.language === language ? (seen.get(index) ?? 0) : []));
      expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
      expect(Math.min(...times)).toBeGreaterThan(0);
    }
  });

  it('keeps lengths alike in a batch, crops to the shortest and stays inside every clip', () => {
    const options = { ...uneven, replayFraction: 0 };
    const sampler = createSampler(options);
    for (let step = 0; step < 500; step++) {
      const { clipIndex, frames, cropStart } = sampler.next(step);
      const lengths = clipIndex.map((index) => options.clips[index].frames);
      expect(frames).toBe(Math.min(...lengths));
      expect(Math.max(...lengths) / frames).toBeLessThanOrEqual(1.25);
      expect(clipIndex.length * Math.max(...lengths)).toBeLessThanOrEqual(Math.max(2000, Math.max(...lengths)));
      cropStart.forEach((start, slot) => {
        expect(Number.isInteger(start) && start >= 0 && start + frames <= lengths[slot]).toBe(true);
      });
    }
  });

  it('reaches every clip of every length, and replays from the nearest bucket that has any', () => {
    const { seen, slots } = counts(uneven, 3000);
    expect(seen.size).toBe(uneven.clips.length);
    const total = Object.values(slots).reduce((sum, n) => sum + n, 0);
    expect((slots.eng + slots.cmn) / total).toBeCloseTo(0.125, 1.5);
  });

  it('takes one clip a batch where a clip is longer than the batch', () => {
    const sampler = createSampler({ ...even, batchSeconds: 1 });
    expect(sampler.next(0).clipIndex).toHaveLength(1);
  });

  it('goes on after a resume as if it had never stopped', () => {
    for (const options of [even, uneven]) {
      const whole = createSampler(options);
      const batches = Array.from({ length: 300 }, (_, step) => whole.next(step));
      for (const stop of [0, 1, 37, 150, 299]) {
        const before = createSampler(options);
        for (let step = 0; step < stop; step++) before.next(step);
        const state = JSON.parse(JSON.stringify(before.state()));
        before.next(stop); // What is drawn after the checkpoint is lost with the process.
        const after = createSampler(options);
        after.restore(state);
        for (let step = stop; step < 300; step++) expect(after.next(step)).toEqual(batches[step]);
      }
    }
  });

  it('refuses to go on with other clips, and to leave a step out', () => {
    const state = createSampler(even).state();
    expect(() => createSampler({ ...even, clips: even.clips.slice(1) }).restore(state)).toThrow(
      /clips or the sampling options changed/,
    );
    expect(() => createSampler({ ...even, seed: 8 }).restore(state)).toThrow(/start a new run/);
    expect(() => createSampler(even).next(1)).toThrow(/internal:/);
  });

  it('differs from seed to seed', () => {
    expect(createSampler({ ...even, seed: 8 }).next(0)).not.toEqual(createSampler(even).next(0));
  });

  it('works with one role alone', () => {
    const onlyNew = { ...even, clips: even.clips.slice(60), replayFraction: 0.5 };
    expect(counts(onlyNew, 20).slots.eng).toBeUndefined();
    const onlyOld = { ...even, clips: even.clips.slice(0, 60) };
    expect(Object.keys(counts(onlyOld, 20).slots).sort()).toEqual(['cmn', 'eng']);
  });

  it('says which option cannot be', () => {
    expect(() => createSampler({ ...even, clips: [] })).toThrow(/no clip/);
    expect(() => createSampler({ ...even, replayFraction: 2 })).toThrow(/replay fraction is 2/);
    expect(() => createSampler({ ...even, languages: even.languages.slice(1) })).toThrow(/"eng"/);
    expect(() => createSampler({ ...even, clips: [{ language: 'eng', frames: 0 }] })).toThrow(/0 frames/);
  });
});
