import { appendFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanLanguage, utteranceSamples } from '../../../sidecar/corpus/index.ts';
import { folder } from '../../support/folder.ts';
import { shared } from '../../support/shared.ts';
import { sine, wav } from '../../support/wav.ts';

const data = shared('data');
const why = data ? '' : ' (skipped: the shared recordings are not at hand; set MILORE_SHARED)';

describe.skipIf(!data)(`the five data sets as they lie${why}`, () => {
  for (const [code, layout, utterances, minutes, speakers] of [
    ['eng', 'plain', 1020, 7.4, 6],
    ['cmn', 'tsv', 1300, 24.8, 2],
    ['ara', 'common-voice', 1200, 20.0, 30],
    ['yor', 'kaldi', 60, 10.0, 1],
    ['wya', 'fairseq', 793, 18.6, 0],
  ] as const) {
    it(`${code} has the utterances, minutes and speakers that its README says`, async () => {
      const corpus = await scanLanguage({ code, root: join(data!, code) });
      expect(corpus.layout).toBe(layout);
      expect(corpus.utterances.length + corpus.skipped.length).toBe(utterances);
      expect(corpus.skipped).toEqual([]);
      expect(corpus.seconds / 60).toBeCloseTo(minutes, 0);
      expect(new Set(corpus.utterances.flatMap(({ speaker }) => speaker ?? [])).size).toBe(speakers);
    }, 180_000);
  }
});

const tone = wav([sine(8000, 440)]);
const broken = {
  'good.wav': tone,
  'empty.wav': '',
  'no-samples.wav': wav([[]]),
  'silent.wav': wav([new Float32Array(8000)], { bits: 32, float: true }),
  'faint.wav': wav([sine(8000, 440, 16_000, 5e-7)], { bits: 32, float: true }),
  'quiet.wav': wav([sine(8000, 440, 16_000, 8e-5)], { bits: 32, float: true }),
  'constant.wav': wav([new Float32Array(8000).fill(0.5)]),
  'short.wav': wav([sine(399, 440)]),
  'one-frame.wav': wav([sine(400, 440)]),
  'text.mp3': 'not audio at all',
  'cut.wav': tone.subarray(0, 5000),
};

describe('a scan', () => {
  it('goes on past broken files and lists each with its reason', async () => {
    const root = folder(broken);
    const corpus = await scanLanguage({ code: 'eng', root });
    expect(corpus.utterances.map(({ id }) => id)).toEqual(['cut.wav', 'good.wav', 'one-frame.wav', 'quiet.wav']);
    expect(corpus.notes).toEqual([expect.stringMatching(/^cut\.wav: Its end is cut off/)]);
    expect(Object.fromEntries(corpus.skipped.map(({ id, reasonCode }) => [id, reasonCode]))).toEqual({
      'empty.wav': 'empty',
      'no-samples.wav': 'empty',
      'silent.wav': 'silent',
      'faint.wav': 'silent',
      'constant.wav': 'silent',
      'short.wav': 'too-short',
      'text.mp3': 'unreadable',
    });
    expect(corpus.seconds).toBeCloseTo((8000 + 400 + 8000 + 2472) / 16_000);
  });

  it('lists a file that is not there as missing', async () => {
    const root = folder({ 'manifest.tsv': 'path\ngood.wav\ngone.wav\n', 'good.wav': tone });
    expect((await scanLanguage({ code: 'eng', root })).skipped).toMatchObject([
      { id: 'gone.wav', reasonCode: 'missing' },
    ]);
  });

  it('stops with the reasons when nothing is left', async () => {
    const root = folder({ 'a.wav': '', 'b.wav': 'noise' });
    const fault = scanLanguage({ code: 'eng', root });
    await expect(fault).rejects.toMatchObject({ code: 'corpus.nothing-left' });
    await expect(fault).rejects.toThrow(/1 empty, 1 unreadable/);
  });

  it('measures segments of one recording apart', async () => {
    const samples = sine(32_000, 440, 16_000);
    samples.fill(0, 16_000);
    const root = folder({
      'wav.scp': 'r a.wav\n',
      segments: 'u1 r 0.25 0.75\nu2 r 1.5 1.9\nu3 r 0.5 0.51\nu4 r 0 2.2\nu5 r 0 3\nu6 r 4 5\n',
      'a.wav': wav([samples]),
    });
    const corpus = await scanLanguage({ code: 'eng', root });
    expect(corpus.utterances.map(({ id, startSample, samples }) => [id, startSample, samples])).toEqual([
      ['u1', 4000, 8000],
      ['u4', 0, 32_000],
    ]);
    expect(corpus.utterances.at(0)!.hash).toMatch(/^[0-9a-f]{64}@4000-12000$/);
    expect(corpus.skipped.map(({ reasonCode }) => reasonCode)).toEqual([
      'silent',
      'too-short',
      'unreadable',
      'unreadable',
    ]);
  });

  it('does not decode again what it knows, and sees what changed', async () => {
    const root = folder(broken);
    const cacheDir = join(folder({}), 'cache');
    const good = join(root, 'good.wav');
    utimesSync(good, 1.7e9, 1.7e9);
    const first = await scanLanguage({ code: 'eng', root, cacheDir });
    const file = join(cacheDir, 'scan.jsonl');
    const written = readFileSync(file, 'utf8');
    const idOf = ({ utterances }: typeof first) => utterances.find(({ id }) => id === 'good.wav')!;
    // Other sound under the same size and time shows where the second answer comes from.
    writeFileSync(good, wav([sine(8000, 300)]));
    utimesSync(good, 1.7e9, 1.7e9);
    const second = await scanLanguage({ code: 'eng', root, cacheDir });
    expect(second).toEqual(first);
    expect(readFileSync(file, 'utf8').length).toBe(written.length);
    // A line that no longer bears its checksum counts for nothing.
    writeFileSync(file, written.replaceAll('"samples":8000', '"samples":7999'));
    const third = await scanLanguage({ code: 'eng', root, cacheDir });
    expect(idOf(third).samples).toBe(8000);
    expect(idOf(third).hash).not.toBe(idOf(first).hash);
    writeFileSync(good, wav([sine(9000, 440)]));
    expect(idOf(await scanLanguage({ code: 'eng', root, cacheDir })).samples).toBe(9000);
  });

  it('counts the same audio under several names once, and keeps it where it is held out', async () => {
    const other = wav([sine(8000, 300)]);
    const root = folder({
      'manifest.tsv': 'path\tsplit\na.wav\ttrain\nb.wav\tdev\nc.wav\ttrain\nd.wav\ttrain\n',
      ...{ 'a.wav': tone, 'b.wav': tone, 'c.wav': other, 'd.wav': other },
    });
    const corpus = await scanLanguage({ code: 'eng', root });
    expect(corpus.utterances.map(({ id }) => id)).toEqual(['b.wav', 'c.wav']);
    expect(corpus.seconds).toBe(1);
    expect(corpus.notes).toEqual(['2 recordings are copies of others under other names: each counts once.']);
  });

  it('takes channels as told: mixed, one, or each as a speaker; a manifest that names one is heeded', async () => {
    const [left, right] = [sine(8000, 440), sine(8000, 300)];
    const root = folder({ 'stereo.wav': wav([left, right]), 'mono.wav': tone });
    const of = async (channels?: number | 'each') =>
      (await scanLanguage({ code: 'eng', root, channels })).utterances.map(({ id, speaker, channel }) => [
        id,
        speaker,
        channel,
      ]);
    expect(await of()).toEqual([
      ['mono.wav', undefined, undefined],
      ['stereo.wav', undefined, undefined],
    ]);
    expect(await of(0)).toEqual([
      ['mono.wav', undefined, 0],
      ['stereo.wav', undefined, 0],
    ]);
    expect(await of('each')).toEqual([
      ['mono.wav', undefined, 0],
      ['stereo.wav/1', 'stereo.wav/1', 0],
      ['stereo.wav/2', 'stereo.wav/2', 1],
    ]);
    const second = await scanLanguage({ code: 'eng', root, channels: 1 });
    expect(second.utterances.map(({ id }) => id)).toEqual(['stereo.wav']);
    expect(second.skipped).toMatchObject([{ id: 'mono.wav', reason: expect.stringContaining('channel 2') }]);
    const [utterance] = second.utterances;
    const samples = await utteranceSamples(utterance);
    expect([...samples.subarray(0, 100)]).toEqual([...right.subarray(0, 100)].map((v) => expect.closeTo(v, 4)));
    const manifest = folder({
      ...{ 'wav.scp': 'r1 a.wav\nr2 a.wav\n', segments: 'u1 r1 0 0.5\nu2 r2 0 0.5\n' },
      ...{ reco2file_and_channel: 'r1 r A\nr2 r B\n', 'a.wav': wav([left, right]) },
    });
    const named = await scanLanguage({ code: 'eng', root: manifest, channels: 'each' });
    expect(named.utterances.map(({ id, channel }) => [id, channel])).toEqual([
      ['u1', 0],
      ['u2', 1],
    ]);
    expect(new Set(named.utterances.map(({ hash }) => hash)).size).toBe(2);
  });

  it('calls channels that cancel out that, wherever only a stretch of them does', async () => {
    const left = sine(32_000, 440);
    const right = left.map((sample, i) => (i < 16_000 ? -sample : sample));
    const root = folder({ 'wav.scp': 'r a.wav\n', segments: 'u1 r 0 1\nu2 r 1 2\n', 'a.wav': wav([left, right]) });
    const corpus = await scanLanguage({ code: 'eng', root });
    expect(corpus.utterances.map(({ id }) => id)).toEqual(['u2']);
    expect(corpus.skipped).toMatchObject([{ id: 'u1', reasonCode: 'silent' }]);
    expect(corpus.skipped[0].reason).toMatch(/2 channels cancel out.*audio\.channels/);
  });

  it('loses only a torn last line of its cache', async () => {
    const root = folder({ 'a.wav': tone, 'b.wav': tone });
    const cacheDir = folder({});
    const scan = async () => {
      const corpus = await scanLanguage({ code: 'eng', root, cacheDir });
      return { ...corpus, utterances: [...corpus.utterances] };
    };
    const first = await scan();
    const file = join(cacheDir, 'scan.jsonl');
    const [line] = readFileSync(file, 'utf8').split('\n');
    rmSync(file);
    appendFileSync(file, `${line}\n{"version":2,"key":"[tor`);
    expect(await scan()).toEqual(first);
    expect(await scan()).toEqual(first);
    expect(
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((text) => text === line),
    ).toHaveLength(1);
  });

  it('keeps the same subset under a limit on hours, in the manifest’s order', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `${String(i).padStart(2, '0')}.wav`);
    const root = folder(Object.fromEntries(names.map((name, i) => [name, wav([sine(16_000, 200 + i)])])));
    const limited = await scanLanguage({ code: 'eng', root, limitHours: 10 / 3600 });
    const ids = limited.utterances.map(({ id }) => id);
    expect(ids).toHaveLength(10);
    expect(ids).toEqual([...ids].sort());
    expect(ids).not.toEqual(names.slice(0, 10));
    expect(limited.leftOut).toBe(20);
    const again = await scanLanguage({ code: 'eng', root, limitHours: 10 / 3600 });
    expect([...again.utterances]).toEqual([...limited.utterances]);
    const wider = await scanLanguage({ code: 'eng', root, limitHours: 15 / 3600 });
    expect(wider.utterances.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
  });
});
