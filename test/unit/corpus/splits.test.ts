import { describe, expect, it } from 'vitest';
import { normalise } from '../../../sidecar/audio/index.ts';
import {
  applySplits,
  assignSplits,
  clipSamples,
  makeClips,
  scanLanguage,
  splitReport,
} from '../../../sidecar/corpus/index.ts';
import { folder } from '../../support/folder.ts';
import { utterance } from '../../support/utterances.ts';
import { sine, wav } from '../../support/wav.ts';

const many = (count: number, speakers: number) =>
  Array.from({ length: count }, (_, i) =>
    utterance(`u${i}`, 1 + (i % 3), speakers ? { speaker: `s${i % speakers}` } : {}),
  );

describe('splits', () => {
  it('never put a known speaker on both sides', () => {
    for (const speakers of [3, 6, 30]) {
      for (const seed of [1, 2, 3]) {
        const utterances = many(300, speakers);
        const assignment = assignSplits(utterances, { heldOut: 0.15, seed });
        const report = splitReport(utterances, assignment);
        expect(report).toMatchObject({
          method: 'speakers',
          straddles: false,
          straddlingSpeakers: [],
          unusedUtterances: 0,
        });
        const share = report.dev.seconds / (report.dev.seconds + report.train.seconds);
        expect(share).toBeGreaterThanOrEqual(0.15);
        expect(share).toBeLessThanOrEqual(0.5);
      }
    }
  });

  it('fall back to utterances, and say so in words, where speakers are few or unknown', () => {
    for (const speakers of [0, 1, 2]) {
      const utterances = many(200, speakers);
      const report = splitReport(utterances, assignSplits(utterances, { seed: 1 }));
      expect(report).toMatchObject({ method: 'utterances', straddles: true });
      expect(report.reason).toMatch(speakers ? /only \d of the 3 speakers/ : /not known/);
      expect(report.dev.seconds / (report.dev.seconds + report.train.seconds)).toBeCloseTo(0.15, 1);
    }
  });

  it('are the same for the same seed in any order, and others for another', () => {
    const utterances = many(100, 0);
    const dev = (list: typeof utterances, seed: number) =>
      [...assignSplits(list, { seed }).sides].flatMap(([id, side]) => (side === 'dev' ? id : [])).sort();
    expect(dev([...utterances].reverse(), 5)).toEqual(dev(utterances, 5));
    expect(dev(utterances, 6)).not.toEqual(dev(utterances, 5));
  });

  it('keep the data set’s own; test is not used unless there is no dev', () => {
    const own = (splits: ('train' | 'dev' | 'test' | undefined)[]) => {
      const utterances = splits.map((split, i) => utterance(`u${i}`, 1, { split, speaker: 's' }));
      const assignment = assignSplits(utterances, { seed: 1 });
      return { sides: Object.fromEntries(assignment.sides), report: splitReport(utterances, assignment) };
    };
    const three = own(['train', 'dev', 'test', undefined]);
    expect(three.sides).toEqual({ u0: 'train', u1: 'dev', u3: 'train' });
    expect(three.report).toMatchObject({ method: 'given', straddles: true, unusedUtterances: 1 });
    expect(own(['train', 'test']).sides).toEqual({ u0: 'train', u1: 'dev' });
    expect(own(['train', 'train', 'train']).report.method).toBe('utterances');
  });

  it('leave something to train on, even of two utterances', () => {
    const two = [utterance('a', 1), utterance('b', 1)];
    expect(splitReport(two, assignSplits(two, { seed: 1 }))).toMatchObject({
      train: { utterances: 1 },
      dev: { utterances: 1 },
    });
    expect(splitReport([two[0]], assignSplits([two[0]], { seed: 1 }))).toMatchObject({ train: { utterances: 1 } });
  });
});

describe('clips', () => {
  const split = (list: ReturnType<typeof many>) => applySplits(list, assignSplits(list, { seed: 1 }));

  it('joined are exactly as long as asked, of one speaker and side, and lose only remainders', () => {
    const utterances = split(many(100, 5));
    const { clips, dropped } = makeClips(utterances, { joinSeconds: 5, maxSeconds: 30, minSeconds: 2 });
    const remainders = clips.filter(({ samples }) => samples !== 80_000);
    expect(remainders.length).toBeLessThanOrEqual(5);
    for (const clip of clips) {
      expect(clip.samples).toBeGreaterThanOrEqual(32_000);
      expect(new Set(clip.parts.map((part) => part.utterance.speaker))).toEqual(new Set([clip.speaker]));
      expect(new Set(clip.parts.map((part) => part.utterance.split))).toEqual(new Set([clip.split]));
    }
    const all = utterances.reduce((sum, { samples }) => sum + samples, 0) / 16_000;
    expect(clips.reduce((sum, { samples }) => sum + samples, 0) / 16_000 + dropped.seconds).toBeCloseTo(all, 6);
    expect(new Set(clips.map(({ id }) => id)).size).toBe(clips.length);
    expect(new Set(clips.map(({ hash }) => hash)).size).toBe(clips.length);
    expect(makeClips([...utterances].reverse(), { joinSeconds: 5, maxSeconds: 30, minSeconds: 2 }).clips).toEqual(
      clips,
    );
  });

  it('not joined are utterances, the long ones in equal pieces, the short ones counted', () => {
    const list = [utterance('a', 0.5), utterance('b', 3), utterance('c', 7.5)].map((u) => ({
      ...u,
      split: 'train' as const,
    }));
    const { clips, dropped } = makeClips(list, { maxSeconds: 3, minSeconds: 1 });
    expect(clips.map(({ id, samples }) => [id, samples])).toEqual([
      ['eng/b', 48_000],
      ['eng/c#0', 40_000],
      ['eng/c#1', 40_000],
      ['eng/c#2', 40_000],
    ]);
    expect(dropped).toEqual({ count: 1, seconds: 0.5 });
  });

  it('refuse lengths that cannot be', () => {
    for (const options of [
      { maxSeconds: 1, minSeconds: 2 },
      { joinSeconds: 5, maxSeconds: 4, minSeconds: 1 },
    ]) {
      expect(() => makeClips([], options)).toThrow(/cannot be/);
    }
  });

  it('load with every utterance normalised by itself before it is joined', async () => {
    const [quiet, loud] = [sine(12_000, 300, 16_000, 0.1), sine(12_000, 700, 16_000, 0.9)];
    const root = folder({
      'a.wav': wav([quiet], { bits: 32, float: true }),
      'b.wav': wav([loud], { bits: 32, float: true }),
    });
    const { utterances } = await scanLanguage({ code: 'eng', root });
    const train = utterances.map((u) => ({ ...u, split: 'train' as const }));
    const { clips } = makeClips(train, { joinSeconds: 1, maxSeconds: 1, minSeconds: 0.1 });
    expect(clips.map(({ samples }) => samples)).toEqual([16_000, 8000]);
    const joined = Float32Array.of(...normalise(quiet), ...normalise(loud));
    expect(await clipSamples(clips[0], { normalise: true })).toEqual(joined.subarray(0, 16_000));
    expect(await clipSamples(clips[1], { normalise: true })).toEqual(joined.subarray(16_000));
    expect((await clipSamples(clips[1], { normalise: false }))[0]).toBe(loud[4000]);
  });

  it('say when a file changed since the scan', async () => {
    const root = folder({ 'a.wav': wav([sine(8000, 300)]) });
    const { utterances } = await scanLanguage({ code: 'eng', root });
    const { clips } = makeClips([{ ...utterances[0], samples: 9000, split: 'train' }], {
      maxSeconds: 9,
      minSeconds: 0.1,
    });
    await expect(clipSamples(clips[0], { normalise: true })).rejects.toMatchObject({ code: 'corpus.changed' });
  });
});
