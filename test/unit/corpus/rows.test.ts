import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { byteLines, textLines } from '../../../sidecar/corpus/file-lines.ts';
import {
  applySplits,
  assignSplits,
  createSampler,
  joined,
  makeClips,
  onceEach,
  type ScannedUtterance,
} from '../../../sidecar/corpus/index.ts';
import { PackedRows } from '../../../sidecar/corpus/packed-rows.ts';
import { chosen, rowsBy } from '../../../sidecar/corpus/rows.ts';
import { ScanCache } from '../../../sidecar/corpus/scan-cache.ts';
import { TextIndex } from '../../../sidecar/corpus/text-index.ts';
import { scannedKinds } from '../../../sidecar/corpus/types.ts';
import { fingerprint, keyedRandom } from '../../../sidecar/random.ts';
import { folder } from '../../support/folder.ts';

const hex = (n: number) => n.toString(16).padStart(64, '0');

/** Every kind of value that rows can have, and every one of them absent somewhere. */
function anyRow(i: number): ScannedUtterance {
  const random = keyedRandom('rows', i);
  const pick = <T>(...all: T[]) => all[Math.floor(random() * all.length)];
  const row = {
    id: pick(`u${i}`, '', 'ọ̀rọ̀ ', '語'.repeat(i % 40), '\ud800 half', 'x'.repeat(200)),
    path: pick(`/data/${i}.wav`, 'bare.wav', `C:\\data\\${i}.wav`, '/', `/a/b/c${'é'.repeat(i % 9)}`),
    speaker: pick(undefined, 'a', 'b', ''),
    text: pick(undefined, 'words', '\0'),
    split: pick(undefined, 'train' as const, 'dev' as const, 'test' as const),
    startSeconds: pick(undefined, 0, 0.1 + i, 1e9),
    endSeconds: pick(undefined, 1 / 3, Number.POSITIVE_INFINITY),
    channel: pick(undefined, 0, 7),
    language: 'fin',
    startSample: pick(0, 127, 128, 2 ** 31, 2 ** 40 + i),
    samples: pick(1, 160_000, 16_384),
    hash: pick(hex(i), `${hex(i)}@0-16000#1`, 'hash-of-u', 'ABCDEF'.repeat(11)),
    format: pick('wav', 'flac'),
    sampleRateHz: pick(16_000, 44_100, 22_254.545),
    channels: pick(1, 2),
  };
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as unknown as typeof row;
}

describe('packed rows', () => {
  it('give back what they were given, whatever it is', () => {
    const rows = Array.from({ length: 3000 }, (_, i) => anyRow(i));
    const packed = new PackedRows<ScannedUtterance>(scannedKinds, rows);
    expect([...packed]).toEqual(rows);
    expect(packed.at(2999)).toEqual(rows[2999]);
    expect(packed.at(3000)).toBeUndefined();
    expect(packed.at(-1)).toBeUndefined();
  });

  it('hold a row that is larger than a chunk, and those behind it', () => {
    const rows = ['a', 'long '.repeat(500_000), 'b', 'ß'.repeat(700_000), 'c'].map((text) => ({ text }));
    expect([...new PackedRows<{ text: string }>({ text: 'text' }, rows)]).toEqual(rows);
  });

  it('are filtered, chosen and joined as arrays are', () => {
    const list = Array.from({ length: 500 }, (_, i) => ({ n: i }));
    const packed = new PackedRows<{ n: number }>({ n: 'count' }, list);
    const odd = (row: { n: number }) => row.n % 2;
    expect([...packed.filter(odd)]).toEqual(list.filter(odd));
    expect([...joined([packed, rowsBy(0, () => ({ n: 0 })), packed.filter(odd), list])]).toEqual([
      ...[...list, ...list.filter(odd), ...list],
    ]);
    expect(joined([packed, list]).at(500)).toEqual({ n: 0 });
    expect([...chosen(packed, [3, 1, 499])].map(({ n }) => n)).toEqual([3, 1, 499]);
    expect(packed.flatMap(({ n }) => (n < 2 ? [n, n] : []))).toEqual([0, 0, 1, 1]);
    expect([packed.some(({ n }) => n === 499), packed.every(({ n }) => n < 499)]).toEqual([true, false]);
  });
});

it('an index finds each text and no other, also where fingerprints are the same', () => {
  // Found by trying: the two of each pair have the same.
  const pairs = ['biun4i6bk1f', 'fhsvdpi6dbq', 'rz0ylbuolam', 't1r65pl8be'];
  expect(pairs.map(fingerprint).every((print, i, all) => print === all[i ^ 1])).toBe(true);
  const texts = [...Array.from({ length: 20_000 }, (_, i) => `clip-${i}`), ...pairs];
  const index = new TextIndex((row) => texts[row]);
  texts.forEach((text, row) => {
    expect(index.find(text)).toBe(-1);
    index.add(text, row);
  });
  expect(texts.every((text, row) => index.find(text) === row)).toBe(true);
  expect(index.find('clip-20000')).toBe(-1);
});

describe('lines of a file', () => {
  it('are those of the whole text, wherever blocks end', () => {
    const long = `${'ä'.repeat(700_000)}`;
    const text = `\uFEFFfirst\n\n${long}\r\nlast one has no end`;
    const file = join(folder({ 'a.txt': text }), 'a.txt');
    expect([...textLines(file)]).toEqual(['first', '', `${long}\r`, 'last one has no end']);
    const whole = readFileSync(file);
    for (const { start, bytes, ended } of byteLines(file)) {
      expect(whole.subarray(start, start + bytes.length).equals(bytes)).toBe(true);
      expect(ended).toBe(start + bytes.length < whole.length);
    }
  });
});

describe('the scan’s memory on disk', () => {
  const key = (n: number) => ({ path: `/a/${n}.wav`, bytes: n, modifiedMs: 1 });
  const finding = (n: number) => {
    return { startSample: 0, samples: 1000 + n, hash: hex(n), format: 'wav', sampleRateHz: 8000, channels: 1 };
  };

  it('gives back the last finding of each key; a line that is damaged is told of, removed and found out anew', () => {
    const dir = folder({});
    const file = join(dir, 'scan.jsonl');
    const write = (numbers: number[], of = finding) => {
      const cache = new ScanCache(dir);
      for (const n of numbers) cache.set(key(n), of(n));
      cache.close();
    };
    write(Array.from({ length: 1000 }, (_, i) => i));
    write([5], (n) => ({ ...finding(n), samples: 7 }));
    const damaged: string[] = [];
    const opened = () => new ScanCache(dir, (path) => damaged.push(path));
    let cache = opened();
    expect(cache.get(key(5))).toMatchObject({ samples: 7 });
    for (const n of [999, 0, 500, 501]) expect(cache.get(key(n))).toEqual(finding(n));
    expect(cache.get(key(1000))).toBeUndefined();
    cache.close();
    expect(damaged).toEqual([]);
    const bytes = readFileSync(file);
    bytes[bytes.indexOf('"samples":1300') + 10] ^= 1;
    writeFileSync(file, bytes);
    appendFileSync(file, '{"torn');
    cache = opened();
    expect(damaged).toEqual([file]);
    expect(cache.get(key(300))).toBeUndefined();
    expect(cache.get(key(301))).toEqual(finding(301));
    cache.close();
    opened().close();
    expect(damaged).toEqual([file]);
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(1000);
  });
});

it('a corpus of forty thousand rows takes little of memory up to its sampler, and a draw little time', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const bytes = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const rows = 40_000;
  const before = bytes();
  function* made(): Generator<ScannedUtterance> {
    for (let i = 0; i < rows; i++)
      yield {
        id: `clips/common_voice_fin_${10_000_000 + i}.mp3`,
        path: `/corpora/common-voice/fin/clips/common_voice_fin_${10_000_000 + i}.mp3`,
        speaker: `speaker-${i % 900}`,
        ...{ language: 'fin', startSample: 0, samples: 160_000 + (i % 1000), hash: hex(i) },
        ...{ format: 'mp3', sampleRateHz: 48_000, channels: 1 },
      };
  }
  const scanned = new PackedRows<ScannedUtterance>(scannedKinds, made());
  const used = onceEach(applySplits(scanned, assignSplits(scanned, { seed: 1 })), []);
  const { clips } = makeClips(used, { maxSeconds: 15, minSeconds: 1 });
  expect(clips.length).toBe(rows);
  const trained = rowsBy(rows, (i) => ({ language: 'fin', frames: Math.floor(clips.at(i)!.samples / 320) }));
  const options = { languages: [{ code: 'fin', role: 'new' as const }], replayFraction: 0, samplingExponent: 1 };
  const sampler = createSampler({ ...options, clips: trained, batchFrames: 3000, seed: 1 });
  sampler.next(0);
  const a = (bytes() - before) / rows;
  expect(a).toBeLessThan(230);
  expect([scanned, used, clips, trained].every(({ length }) => length === rows)).toBe(true);
  const began = process.cpuUsage();
  for (let step = 1; step <= 2000; step++) sampler.next(step);
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 2000).toBeLessThan(2000);
});
