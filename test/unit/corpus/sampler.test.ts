import { describe, expect, it } from 'vitest';
import {
  createSampler,
  keyedRandom,
  normals,
  permutation,
  replayPool,
  type SamplerClip,
  type SamplerOptions,
  type Shard,
} from '../../../sidecar/corpus/index.ts';

const clips = (language: string, count: number, frames: (i: number) => number): SamplerClip[] =>
  Array.from({ length: count }, (_, i) => ({ language, frames: frames(i) }));

const even: SamplerOptions & { clips: SamplerClip[] } = {
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
  batchFrames: 2000,
  seed: 7,
};
/** Lengths as field recordings have them: digits of half a second beside sentences of up to a quarter of a minute. */
const uneven: typeof even = {
  ...even,
  clips: [
    ...clips('eng', 200, (i) => 20 + (i % 50)),
    ...clips('cmn', 100, (i) => 40 + i),
    ...clips('yor', 60, (i) => 300 + 8 * i),
    ...clips('ara', 400, (i) => 45 + (i % 10)),
  ],
};

function counts(options: typeof even, steps: number) {
  const sampler = createSampler(options);
  const frames: Record<string, number> = {};
  const times = options.clips.map(() => 0);
  const batches: number[] = [];
  for (let step = 0; step < steps; step++) {
    const shards = sampler.next(step);
    batches.push(framesOf(shards));
    for (const shard of shards) {
      for (const { clip } of shard.crops) {
        const { language } = options.clips[clip];
        frames[language] = (frames[language] ?? 0) + shard.frames;
        times[clip]++;
      }
    }
  }
  const total = batches.reduce((sum, n) => sum + n, 0);
  const share = Object.fromEntries(Object.entries(frames).map(([code, n]) => [code, n / total]));
  return { frames, share, times, batches, sampler };
}

const framesOf = (shards: readonly Shard[]) =>
  shards.reduce((sum, { frames, crops }) => sum + frames * crops.length, 0);
const crops = (shards: readonly Shard[]) => shards.flatMap(({ frames, crops }) => crops.map((c) => ({ ...c, frames })));

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
  it('gives exactly one clip of eight to replay at 12.5 %, all in one shard where lengths are one', () => {
    const sampler = createSampler(even);
    for (let step = 0; step < 200; step++) {
      const shards = sampler.next(step);
      expect(shards).toHaveLength(1);
      expect(shards[0].frames).toBe(249);
      expect(shards[0].crops).toHaveLength(8);
      expect(shards[0].crops.filter(({ clip }) => clip < 60)).toHaveLength(1);
    }
  });

  it.each([
    ['even', even],
    ['uneven', uneven],
  ])('gives each language its share of the seconds, whatever its lengths: %s', (_, options) => {
    for (const replayFraction of [0, 0.125, 0.5]) {
      const { share, sampler } = counts({ ...options, replayFraction }, 1000);
      expect((share.eng ?? 0) + (share.cmn ?? 0)).toBeCloseTo(replayFraction, 2);
      for (const [code, expected] of Object.entries(sampler.shares)) expect(share[code] ?? 0).toBeCloseTo(expected, 2);
    }
  });

  it('draws languages by their share to the exponent, within each role', () => {
    const { sampler } = counts(even, 1);
    const [yor, ara, eng] = [90 ** 0.7, 180 ** 0.7, 0.125 / 2];
    expect(sampler.shares.yor).toBeCloseTo((0.875 * yor) / (yor + ara), 10);
    expect(sampler.shares.eng).toBeCloseTo(eng, 10);
    const languages = even.languages.map((l) => (l.code === 'yor' ? { ...l, weight: 3 } : l));
    expect(createSampler({ ...even, languages }).shares.yor).toBeCloseTo((0.875 * 3 * yor) / (3 * yor + ara), 10);
    const without = even.languages.map((l) => (l.code === 'yor' ? { ...l, weight: 0 } : l));
    expect(counts({ ...even, languages: without }, 50).frames.yor).toBeUndefined();
  });

  it.each([
    ['even', even],
    ['uneven', uneven],
  ])('shows every clip of a language before one comes again, whatever its length: %s', (_, options) => {
    const { times } = counts(options, 1000);
    for (const language of ['eng', 'cmn', 'yor', 'ara']) {
      const own = times.filter((_, index) => options.clips[index].language === language);
      expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
      expect(Math.min(...own)).toBeGreaterThan(0);
    }
  });

  it('fills every batch to what was asked, within 10 %, though lengths differ by thirty times', () => {
    const { batches } = counts(uneven, 1000);
    for (const frames of batches) expect(Math.abs(frames / 2000 - 1)).toBeLessThanOrEqual(0.1);
  });

  it('keeps lengths alike in a shard, crops to the shortest, stays inside every clip, and makes few shards', () => {
    const sampler = createSampler(uneven);
    let made = 0;
    for (let step = 0; step < 500; step++) {
      const shards = sampler.next(step);
      made += shards.length;
      for (const { frames, crops } of shards) {
        for (const { clip, start } of crops) {
          const whole = uneven.clips[clip].frames;
          expect(Number.isInteger(start) && start >= 0 && start + frames <= whole).toBe(true);
        }
      }
      // At most one clip a step is cut to fill the batch; the others lose a tenth to their shard at most.
      const cut = crops(shards).filter(({ clip, frames }) => frames * 1.1 < uneven.clips[clip].frames);
      expect(cut.length).toBeLessThanOrEqual(1);
    }
    expect(made / 500).toBeLessThan(7);
  });

  it('crops at every possible place', () => {
    const one = { ...even, clips: clips('yor', 1, () => 12), languages: even.languages.slice(2, 3), batchFrames: 10 };
    const sampler = createSampler(one);
    const starts = Array.from({ length: 200 }, (_, step) => crops(sampler.next(step))[0].start);
    expect(new Set(starts)).toEqual(new Set([0, 1, 2]));
  });

  it('cuts a clip that is longer than the batch', () => {
    const shards = createSampler({ ...even, batchFrames: 50 }).next(0);
    expect(crops(shards).map(({ frames }) => frames)).toEqual([50]);
  });

  it('says how often it drew what: clips used, and the share of the one most heard', () => {
    const { sampler, times, frames } = counts(uneven, 40);
    const { steps, languages } = sampler.use();
    expect(steps).toBe(40);
    for (const [code, use] of Object.entries(languages)) {
      const own = times.flatMap((n, index) => (uneven.clips[index].language === code ? [[n, index] as const] : []));
      const heard = own.map(([n, index]) => n * uneven.clips[index].frames);
      expect(use).toEqual({
        clips: own.length,
        used: own.filter(([n]) => n > 0).length,
        frames: frames[code],
        largestClipShare: expect.closeTo(Math.max(...heard) / heard.reduce((a, b) => a + b, 0), 10),
      });
    }
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

  it('refuses to go on with other clips, with a damaged record, and to leave a step out', () => {
    const state = createSampler(even).state();
    expect(() => createSampler({ ...even, clips: even.clips.slice(1) }).restore(state)).toThrow(
      /clips or the sampling options changed/,
    );
    expect(() => createSampler({ ...even, seed: 8 }).restore(state)).toThrow(/start a new run/);
    for (const damage of [{ step: -1 }, { taken: {} }, { owed: { eng: 'x' } }, { given: undefined }])
      expect(() => createSampler(even).restore({ ...state, ...damage } as never)).toThrow(/damaged/);
    expect(() => createSampler(even).next(1)).toThrow(/internal:/);
  });

  it('differs from seed to seed', () => {
    expect(createSampler({ ...even, seed: 8 }).next(0)).not.toEqual(createSampler(even).next(0));
  });

  it('works with one role alone', () => {
    const onlyNew = { ...even, clips: even.clips.slice(60), replayFraction: 0.5 };
    expect(counts(onlyNew, 20).frames.eng).toBeUndefined();
    const onlyOld = { ...even, clips: even.clips.slice(0, 60) };
    expect(Object.keys(counts(onlyOld, 20).frames).sort()).toEqual(['cmn', 'eng']);
  });

  it('says which option cannot be', () => {
    expect(() => createSampler({ ...even, clips: [] })).toThrow(/no clip/);
    expect(() => createSampler({ ...even, replayFraction: 2 })).toThrow(/replay fraction is 2/);
    expect(() => createSampler({ ...even, languages: even.languages.slice(1) })).toThrow(/"eng"/);
    expect(() => createSampler({ ...even, clips: [{ language: 'eng', frames: 0 }] })).toThrow(/0 frames/);
    expect(() => createSampler({ ...even, batchFrames: 0 })).toThrow(/0 frames/);
  });
});

describe('the replay pool', () => {
  const pool = (count: Record<string, number>, frames: number, weights: Record<string, number>) => {
    const all = Object.entries(count).flatMap(([language, n]) =>
      Array.from({ length: n }, (_, i) => ({ language, frames: 10, hash: `${language}${i}` })),
    );
    const kept = replayPool(all, frames, weights);
    return Object.fromEntries(
      Object.keys(count).map((code) => [code, kept.filter(({ language }) => language === code).length * 10]),
    );
  };

  it('shares the frames out by weight, and gives the others what one language lacks', () => {
    expect(pool({ eng: 100, cmn: 100 }, 400, { eng: 1, cmn: 3 })).toEqual({ eng: 100, cmn: 300 });
    expect(pool({ eng: 100, cmn: 5, deu: 100 }, 400, { eng: 1, cmn: 1, deu: 1 })).toEqual({
      eng: 170,
      cmn: 50,
      deu: 170,
    });
    expect(pool({ eng: 3, cmn: 5 }, 400, { eng: 1, cmn: 1 })).toEqual({ eng: 30, cmn: 50 });
    expect(pool({ eng: 100, cmn: 100 }, 400, { eng: 1, cmn: 0 })).toEqual({ eng: 400, cmn: 0 });
  });

  it('keeps the same clips when others are added, and never more than was allowed', () => {
    const of = (n: number) => Array.from({ length: n }, (_, i) => ({ language: 'eng', frames: 7 + i, hash: `h${i}` }));
    const small = replayPool(of(50), 300, { eng: 1 });
    expect([...small].reduce((sum, { frames }) => sum + frames, 0)).toBeLessThanOrEqual(300);
    expect(
      replayPool(of(50).reverse(), 300, { eng: 1 })
        .map(({ hash }) => hash)
        .sort(),
    ).toEqual(small.map(({ hash }) => hash).sort());
  });
});
