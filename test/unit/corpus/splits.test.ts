import { describe, expect, it } from 'vitest';
import { normalise } from '../../../sidecar/audio/index.ts';
import {
  applySplits,
  assignSplits,
  clipSamples,
  makeClips,
  nearestPause,
  Sides,
  type SplitReport,
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

const shareOf = ({ train, dev }: SplitReport) => dev.seconds / (dev.seconds + train.seconds);

describe('splits', () => {
  it('hold out whole speakers where one fits: none is on both sides, and the share is what was asked', () => {
    for (const speakers of [5, 6, 10, 30]) {
      for (const seed of [1, 2, 3]) {
        const utterances = many(300, speakers);
        const report = splitReport(utterances, assignSplits(utterances, { heldOut: 0.15, seed }));
        expect(report).toMatchObject({
          method: 'speakers',
          straddles: false,
          straddlingSpeakers: [],
          unusedUtterances: 0,
        });
        expect(shareOf(report)).toBeGreaterThanOrEqual(0.075);
        expect(shareOf(report)).toBeLessThanOrEqual(0.225);
      }
    }
  });

  it.each([3, 4])('cut one of %d speakers in time, where a whole one would overshoot by more than half', (speakers) => {
    const utterances = Array.from({ length: 300 }, (_, i) => utterance(`u${i}`, 2, { speaker: `s${i % speakers}` }));
    const assignment = assignSplits(utterances, { heldOut: 0.15, seed: 1 });
    const report = splitReport(utterances, assignment);
    expect(report).toMatchObject({ method: 'time', straddles: true, unusedUtterances: 0 });
    expect(report.straddlingSpeakers).toHaveLength(1);
    expect(report.reason).toContain(`the speaker "${report.straddlingSpeakers[0]}"`);
    expect(shareOf(report)).toBeCloseTo(0.15, 2);
    // What is held out is the end: nothing of that speaker trains after it.
    const own = [...utterances.keys()].filter((i) => utterances[i].speaker === report.straddlingSpeakers[0]);
    const inTime = own.sort((a, b) => (utterances[a].id < utterances[b].id ? -1 : 1));
    const side = inTime.map((place) => assignment.sides.of(place) ?? 'cut');
    expect(side.join(' ')).toMatch(/^(train )+(cut )?(dev ?)+$/);
  });

  it('hold out a few speakers, not one, where they are of very different sizes', () => {
    const sizes = [50, 20, 10, 8, 6, 4, 2];
    const utterances = sizes.map((seconds, i) => utterance(`u${i}`, seconds, { speaker: `s${i}` }));
    for (const seed of [1, 2, 3, 4, 5]) {
      const report = splitReport(utterances, assignSplits(utterances, { heldOut: 0.15, seed }));
      expect(shareOf(report)).toBeGreaterThanOrEqual(0.075);
      expect(shareOf(report)).toBeLessThanOrEqual(0.225);
    }
  });

  it('fall back to utterances, and say so in words, where speakers are few or unknown', () => {
    for (const speakers of [0, 1, 2]) {
      const utterances = many(200, speakers);
      const report = splitReport(utterances, assignSplits(utterances, { seed: 1 }));
      expect(report).toMatchObject({ method: 'utterances', straddles: true });
      expect(report.reason).toMatch(speakers ? /only \d of the 3 speakers/ : /not known/);
      expect(shareOf(report)).toBeCloseTo(0.15, 1);
    }
  });

  it.each([1, 2, 3])('cut a recording in time where a language has %d long ones', (count) => {
    const utterances = Array.from({ length: count }, (_, i) => utterance(`r${i}`, 3600, { hash: 'f00d' }));
    const assignment = assignSplits(utterances, { heldOut: 0.15, seed: 1 });
    const report = splitReport(utterances, assignment);
    expect(report).toMatchObject({ method: 'time', straddles: true, unusedUtterances: 0 });
    expect(report.reason).toMatch(/the last part of "r\d" is held out, cut at a pause/);
    expect(shareOf(report)).toBeCloseTo(0.15, 6);
    const used = applySplits(utterances, assignment);
    expect([...used].reduce((sum, { samples }) => sum + samples, 0)).toBe(count * 3600 * 16_000);
    const [train, dev] = used.filter(({ id }) => id.includes('@'));
    expect(train).toMatchObject({ split: 'train', startSample: 0, hash: `f00d@0-${train.samples}` });
    expect(dev).toMatchObject({
      split: 'dev',
      startSample: train.samples,
      hash: `f00d@${train.samples}-${3600 * 16_000}`,
    });
  });

  it('cut a segment of a file within the segment', () => {
    const segment = utterance('s', 100, { startSample: 16_000, hash: 'f00d@16000-1616000' });
    const [train, dev] = applySplits([segment], { sides: new Sides(1), cuts: new Map([[0, 1000]]) });
    expect(train).toMatchObject({ startSample: 16_000, samples: 1000, hash: 'f00d@16000-17000' });
    expect(dev).toMatchObject({ startSample: 17_000, samples: 1_599_000, hash: 'f00d@17000-1616000' });
  });

  it('hold nothing out at 0, and say that nothing is measured', () => {
    const report = splitReport(many(9, 3), assignSplits(many(9, 3), { heldOut: 0, seed: 1 }));
    expect(report).toMatchObject({ dev: { utterances: 0 }, reason: expect.stringContaining('not measured') });
  });

  it('are the same for the same seed in any order, and others for another', () => {
    const utterances = many(100, 0);
    const dev = (list: typeof utterances, seed: number) => {
      const { sides } = assignSplits(list, { seed });
      return list.flatMap(({ id }, place) => (sides.of(place) === 'dev' ? id : [])).sort();
    };
    expect(dev([...utterances].reverse(), 5)).toEqual(dev(utterances, 5));
    expect(dev(utterances, 6)).not.toEqual(dev(utterances, 5));
  });

  it('keep the data set’s own; test is not used unless there is no dev', () => {
    const own = (splits: ('train' | 'dev' | 'test' | undefined)[]) => {
      const utterances = splits.map((split, i) => utterance(`u${i}`, 1, { split, speaker: 's' }));
      const assignment = assignSplits(utterances, { seed: 1 });
      const sides = utterances.flatMap(({ id }, place) => [[id, assignment.sides.of(place)]]);
      return { sides: Object.fromEntries(sides), report: splitReport(utterances, assignment) };
    };
    const three = own(['train', 'dev', 'test', undefined]);
    expect(three.sides).toEqual({ u0: 'train', u1: 'dev', u3: 'train' });
    expect(three.report).toMatchObject({ method: 'given', straddles: true, unusedUtterances: 1 });
    expect(own(['train', 'test']).sides).toEqual({ u0: 'train', u1: 'dev' });
    expect(own(new Array(12).fill('train')).report.method).toBe('utterances');
  });

  it('measure and train both, even where there is one utterance alone', () => {
    for (const count of [1, 2]) {
      const utterances = ['a', 'b'].slice(0, count).map((id) => utterance(id, 1));
      const report = splitReport(utterances, assignSplits(utterances, { seed: 1 }));
      expect(report.train.seconds).toBeGreaterThan(0);
      expect(shareOf(report)).toBeCloseTo(0.15, 6);
    }
  });
});

describe('a pause', () => {
  it('is the quietest moment near the wanted place, not one far away', () => {
    const samples = sine(20 * 16_000, 200);
    samples.fill(0, 160_000 - 24_000, 160_000 - 24_000 + 6400); // 1.5 s before the wanted place, 0.4 s long
    samples.fill(0, 16_000, 32_000); // longer, and far away
    const at = nearestPause(samples, 160_000);
    expect(at).toBeGreaterThan(160_000 - 24_000);
    expect(at).toBeLessThan(160_000 - 24_000 + 6400);
    expect(nearestPause(new Float32Array(160_000), 80_000)).toBe(80_000);
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
    const all = [...utterances].reduce((sum, { samples }) => sum + samples, 0) / 16_000;
    expect([...clips].reduce((sum, { samples }) => sum + samples, 0) / 16_000 + dropped.seconds).toBeCloseTo(all, 6);
    expect(new Set(clips.map(({ id }) => id)).size).toBe(clips.length);
    expect(new Set(clips.map(({ hash }) => hash)).size).toBe(clips.length);
    const reversed = makeClips([...utterances].reverse(), { joinSeconds: 5, maxSeconds: 30, minSeconds: 2 });
    expect([...reversed.clips]).toEqual([...clips]);
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
    expect(await clipSamples(clips.at(0)!, { normalise: true })).toEqual(joined.subarray(0, 16_000));
    expect(await clipSamples(clips.at(1)!, { normalise: true })).toEqual(joined.subarray(16_000));
    expect((await clipSamples(clips.at(1)!, { normalise: false }))[0]).toBe(loud[4000]);
  });

  it('say when a file changed since the scan', async () => {
    const root = folder({ 'a.wav': wav([sine(8000, 300)]) });
    const { utterances } = await scanLanguage({ code: 'eng', root });
    const { clips } = makeClips([{ ...utterances.at(0)!, samples: 9000, split: 'train' }], {
      maxSeconds: 9,
      minSeconds: 0.1,
    });
    await expect(clipSamples(clips.at(0)!, { normalise: true })).rejects.toMatchObject({ code: 'corpus.changed' });
  });
});
