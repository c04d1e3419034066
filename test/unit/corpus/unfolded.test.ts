import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clipSamples, makeClips, scanLanguage, utteranceSamples } from '../../../sidecar/corpus/index.ts';
import { folder } from '../../support/folder.ts';
import { sine, wav } from '../../support/wav.ts';

const seconds = 1100;

/** A ramp through the whole recording, so that every sample tells where it lies; 35 MB. */
function writeLong(path: string): void {
  const samples = seconds * 16_000;
  const file = openSync(path, 'w');
  const head = wav([new Float32Array(1)], { dataSize: 2 * samples });
  writeSync(file, head.subarray(0, head.length - 2));
  const block = new Int16Array(1_600_000);
  for (let at = 0; at < samples; at += block.length) {
    for (let i = 0; i < block.length; i++) block[i] = ((at + i) % 60_000) - 30_000;
    writeSync(file, new Uint8Array(block.buffer));
  }
  closeSync(file);
}

describe('long recordings with segments', () => {
  it('give each segment its own samples, in any order, and stay out of memory', async () => {
    const starts = [1000, 3, 700, 42, 999];
    const root = folder({
      'wav.scp': 'r long.wav\n',
      segments: starts.map((start, i) => `u${i} r ${start} ${start + 2}\n`).join(''),
    });
    writeLong(join(root, 'long.wav'));
    const { utterances } = await scanLanguage({ code: 'yor', root });
    expect(utterances.length).toBe(starts.length);
    const before = process.memoryUsage();
    for (const [i, utterance] of [...utterances].entries()) {
      const samples = await utteranceSamples(utterance);
      expect(samples.length).toBe(32_000);
      for (const n of [0, 1, 31_999]) {
        expect(samples[n]).toBe((((starts[i] * 16_000 + n) % 60_000) - 30_000) / 2 ** 15);
      }
    }
    const grown = process.memoryUsage().arrayBuffers - before.arrayBuffers;
    expect(grown / 1e6).toBeLessThan(100);
    // On POSIX the file behind it has no name.
    if (process.platform !== 'win32') {
      expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`milore-audio-${process.pid}-`))).toEqual([]);
    }
  });

  it('take the channel that an utterance names', async () => {
    const [left, right] = [sine(16_000, 440), sine(16_000, 300)];
    const root = folder({ 'a.wav': wav([left, right]) });
    const { utterances } = await scanLanguage({ code: 'yor', root });
    const of = async (channel?: number) => {
      const utterance = { ...utterances.at(0)!, split: 'train' as const, channel };
      const [clip] = makeClips([utterance], { maxSeconds: 2, minSeconds: 0.1 }).clips;
      return clipSamples(clip, { normalise: false });
    };
    expect((await of(0))[10]).toBeCloseTo(left[10], 3);
    expect((await of(1))[10]).toBeCloseTo(right[10], 3);
    expect((await of())[10]).toBeCloseTo((left[10] + right[10]) / 2, 3);
  });
});
