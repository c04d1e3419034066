import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lostAsShort } from '../../../sidecar/protocol/alarm-rules.ts';
import { detectDataset, inspectDataset } from '../../../sidecar/server/requests/dataset.ts';
import { makeLanguage } from '../../../sidecar/training/prepare/language.ts';
import { scratch } from '../../support/scratch.ts';
import { shared } from '../../support/shared.ts';
import { wav } from '../../support/wav.ts';

const temporary = scratch();
const speech = resolve('extension/sample/speech');
const context = (signal = new AbortController().signal) => {
  const told: [number, number][] = [];
  return {
    told,
    workspace: temporary(),
    signal,
    progress(done: number, total: number) {
      told.push([done, total]);
    },
  };
};

describe('a dataset is recognised without decoding', () => {
  it('by layout, size, speakers and language', async () => {
    const fin = await detectDataset({ path: join(speech, 'fin') }, context());
    expect(fin).toMatchObject({ layout: 'plain', language: 'fin', utterances: 66, speakers: 12, problems: [] });
    expect(fin.examples[0]).toBe(join('f1', 'fin_f1_01.opus'));
    const vie = await detectDataset({ path: join(speech, 'vie') }, context());
    expect(vie).toMatchObject({ layout: 'tsv', language: 'vie', speakers: 12 });
  });

  it('by the locale that its table names, rather than by its folder', async () => {
    const folder = temporary('english-stuff');
    mkdirSync(join(folder, 'clips'), { recursive: true });
    const rows = ['a.mp3', 'b.mp3'].map((name) => `s\t${name}\tx\tyo`);
    writeFileSync(join(folder, 'train.tsv'), ['client_id\tpath\tsentence\tlocale', ...rows, ''].join('\n'));
    expect(await detectDataset({ path: folder }, context())).toMatchObject({
      layout: 'common-voice',
      language: 'yor',
      utterances: 2,
    });
  });

  it('with its fault where its table cannot be read, and with no language where nothing speaks for one', async () => {
    const folder = temporary('stuff');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'manifest.tsv'), 'file\tspeaker\na.wav\tx\n');
    const guess = await detectDataset({ path: folder }, context());
    expect(guess).toMatchObject({ layout: 'tsv', utterances: 0 });
    expect(guess.language).toBeUndefined();
    expect(guess.problems[0]).toMatch(/header lacks "path"/);
  });

  it('only by an absolute path', async () => {
    await expect(detectDataset({ path: 'speech' }, context())).rejects.toThrow(/absolute/);
    await expect(detectDataset({ path: temporary('nowhere') }, context())).rejects.toThrow(/no such folder/);
  });
});

describe('an inspection', () => {
  const rate = 16_000;
  const tone = (seconds: number, amplitude: number) =>
    Float32Array.from({ length: seconds * rate }, (_, i) =>
      Math.max(-1, Math.min(0.9999, amplitude * Math.sin((2 * Math.PI * 220 * i) / rate))),
    );
  const corpus = () => {
    const folder = temporary('tones');
    for (const [speaker, name, samples] of [
      ['ada', 'a', tone(0.4, 0.3)],
      ['ada', 'b', tone(2.5, 0.3)],
      ['ben', 'c', tone(2.6, 0.3)],
      ['cleo', 'loud', tone(5, 4)],
      ['dora', 'e', tone(7, 0.3)],
      ['ada', 'silent', new Float32Array(rate)],
    ] as const) {
      mkdirSync(join(folder, speaker), { recursive: true });
      writeFileSync(join(folder, speaker, `${name}.wav`), wav([samples]));
    }
    writeFileSync(join(folder, 'ada', 'broken.wav'), 'RIFF');
    writeFileSync(join(folder, 'ada', 'empty.mp3'), '');
    return folder;
  };

  it('tells durations, splits, rates, clipping, examples, and every file left out with its reason', async () => {
    const folder = corpus();
    const asked = context();
    const report = await inspectDataset({ path: folder, language: 'eng' }, asked);
    expect(report).toMatchObject({ layout: 'plain', clips: 5, speakers: 4, sampleRates: [{ hz: rate, clips: 5 }] });
    expect(report.seconds).toBeCloseTo(17.5, 5);
    expect(report.durations).toEqual([
      { upToSeconds: 0.5, clips: 1 },
      { upToSeconds: 1, clips: 0 },
      { upToSeconds: 2, clips: 0 },
      { upToSeconds: 3, clips: 2 },
      { upToSeconds: 4, clips: 0 },
      { upToSeconds: 6, clips: 1 },
      { upToSeconds: 7, clips: 1 },
    ]);
    expect(report.splits.map(({ name }) => name)).toEqual(['train', 'held-out']);
    expect(report.splits.reduce((sum, { clips }) => sum + clips, 0)).toBe(5);
    expect(report.skipped.map(({ path, reasonCode }) => [basename(path), reasonCode]).sort()).toEqual([
      ['broken.wav', 'unreadable'],
      ['empty.mp3', 'empty'],
      ['silent.wav', 'silent'],
    ]);
    expect(report.skippedReasons.reduce((sum, { clips }) => sum + clips, 0)).toBe(3);
    expect(report.clipped).toMatchObject({ checked: 5, clips: 1 });
    expect(basename(report.clipped.worst[0].path)).toBe('loud.wav');
    expect(report.clipped.worst[0].share).toBeGreaterThan(0.5);
    expect(report.short.filter(({ clips }) => clips > 0)[0]).toMatchObject({ belowSeconds: 0.5, clips: 1 });
    expect(report.short.find(({ belowSeconds }) => belowSeconds === 3)).toMatchObject({ clips: 3, seconds: 5.5 });
    expect(report.examples).toHaveLength(5);
    // Each speaker is heard before any is heard twice.
    expect(new Set(report.examples.slice(0, 4).map(({ speaker }) => speaker)).size).toBe(4);
    expect(asked.told.find(([done, total]) => done === 8 && total === 8)).toBeDefined();
    expect(await inspectDataset({ path: folder, language: 'eng' }, context())).toEqual(report);
  });

  const digits = shared('data', 'eng');
  it.skipIf(!digits)(
    'of single words says how many a training loses, as the training then does',
    async () => {
      const report = await inspectDataset({ path: digits, language: 'eng' }, context());
      const spec = {
        role: 'existing',
        data: [digits!],
        layout: 'auto',
        heldOut: 0.15,
        commonVoice: 'auto',
        weight: 1,
      } as const;
      const audio = { minSeconds: 0.5, maxSeconds: 15.6, allowOutside: false, channels: 'mix' } as const;
      const cache = temporary('digits');
      const { signal } = new AbortController();
      const train = (more: { joinSeconds?: number }) =>
        makeLanguage('eng', spec as never, { audio: { ...audio, ...more } } as never, {
          cacheDir: cache,
          signal,
          onProgress: () => {},
        });
      const { summary } = await train({});
      expect(report.clips).toBe(1020);
      expect(lostAsShort(report.short)).toMatchObject({ clips: 745 });
      expect(summary.dropped.pieces).toBe(745);
      expect(summary.notes.join()).toContain('Set audio.joinSeconds (5 is usual)');
      expect((await train({ joinSeconds: 5 })).summary.dropped.pieces).toBeLessThan(20);
    },
    120_000,
  );

  it('of nothing usable says what was left out, rather than failing', async () => {
    const folder = temporary('nothing');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'a.wav'), '');
    const report = await inspectDataset({ path: folder, language: 'eng' }, context());
    expect(report).toMatchObject({ clips: 0, splits: [], durations: [], examples: [] });
    expect(report.skippedReasons).toEqual([{ reasonCode: 'empty', clips: 1 }]);
  });

  it('says where in its recording a segment begins', async () => {
    const folder = temporary('segments');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'long.wav'), wav([tone(10, 0.3)]));
    writeFileSync(join(folder, 'manifest.tsv'), 'path\tstart\tend\nlong.wav\t1\t3\nlong.wav\t4\t9\nlong.wav\t20\t30\n');
    const report = await inspectDataset({ path: folder, language: 'eng' }, context());
    expect(report).toMatchObject({ clips: 2, seconds: 7, skippedReasons: [{ reasonCode: 'unreadable', clips: 1 }] });
    expect(report.examples.map(({ startSeconds, seconds }) => [startSeconds, seconds]).sort()).toEqual([
      [1, 2],
      [4, 5],
    ]);
  });

  it('stops when it is cancelled', async () => {
    const controller = new AbortController();
    const asked = context(controller.signal);
    asked.progress = () => controller.abort(new Error('cancelled'));
    await expect(inspectDataset({ path: join(speech, 'deu'), language: 'deu' }, asked)).rejects.toThrow('cancelled');
  });

  it('takes hostile names as names', async () => {
    const folder = join(temporary('x'), `<img src=x onerror=alert(1)>'"\n`);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `"quoted" 'name'\n.wav`);
    writeFileSync(file, wav([tone(1, 0.3)]));
    const report = await inspectDataset({ path: dirname(file), language: 'eng' }, context());
    expect(report.examples[0].path).toBe(file);
  });
});
