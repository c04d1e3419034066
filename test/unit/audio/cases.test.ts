import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAudio16k } from '../../../sidecar/audio/index.ts';
import { scanLanguage } from '../../../sidecar/corpus/index.ts';

/** Recordings as people met them, nearly all the same sentence: how long each is at 16 kHz, and how alike. */
const at = (name: string, ...more: string[]) => resolve('test/cases', name, 'data', ...more);
const whole = 29_684;

/** [samples, least correlation with the sentence]. */
const sound: Record<string, Record<string, [number, number]>> = {
  A01: { 'chained.opus': [whole + 29_914, 0.97], 'chained3.opus': [2 * whole + 29_914, 0.97] },
  A04: { 'joined-rates.mp3': [whole + 29_692, 0.99] },
  A05: { 'arecord-80000000.wav': [whole, 1], 'sox-7ffff000.wav': [whole, 1], 'sox-pipe.wav': [whole, 1] },
  A06: { 'cut-1-byte.wav': [whole - 2, 0.999], 'cut-quarter.wav': [whole - 8000, 0.999] },
  A08: { 'ape.flac': [whole, 0.999], 'id3v1.flac': [whole, 0.999] },
  A10: { 'cut-end.flac': [26_496, 0.999], 'cut-last-page.opus': [15_896, 0.97] },
  A12: { 'alaw.wav': [whole, 0.999], 'ulaw.wav': [whole, 0.999] },
  A14: { '12bit.wav': [whole, 0.999], '20bit.wav': [whole, 1], '24in32.wav': [whole, 1] },
  A15: {
    'bw64.wav': [whole, 1],
    'rifx.wav': [whole, 1],
    // The format counts in eights of bytes, and so its padding cannot be told from samples.
    'sony.w64': [whole + 4, 1],
    'x.aiff': [whole, 1],
    'x.au': [whole, 1],
    'x.sph': [whole, 1],
  },
  A16: { 'phone.m4a': [whole, 0.99] },
  A17: { 'float32-quiet.wav': [whole, 0.999] },
  A19: { 'rec1.au': [whole, 0.99], 'rec7.mka': [whole, 0.99] },
};

const correlation = (a: Float32Array, b: Float32Array) => {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    ab += a[i] * b[i];
    aa += a[i] ** 2;
    bb += b[i] ** 2;
  }
  return ab / Math.sqrt(aa * bb);
};

describe('recordings as they lie', () => {
  for (const [name, files] of Object.entries(sound)) {
    it(`${name}: ${Object.keys(files).join(', ')}`, async () => {
      const sentence = await loadAudio16k(at('A05', 'sox-7ffff000.wav'));
      for (const [file, [samples, alike]] of Object.entries(files)) {
        const heard = await loadAudio16k(at(name, file));
        expect(heard.length, file).toBe(samples);
        expect(correlation(heard, sentence), file).toBeGreaterThanOrEqual(alike - 1e-6);
      }
    });
  }

  it('A11, A16: what starts in the middle, behind junk, or has its coder’s delay in front is read', async () => {
    for (const [name, files] of [
      ['A11', ['junk-first.mp3', 'starts-mid-frame.mp3', 'tag-length-lies.mp3']],
      ['A16', ['browser.webm', 'x.aac']],
    ] as const)
      for (const file of files) {
        const { length } = await loadAudio16k(at(name, file));
        expect(Math.abs(length - whole) / 16_000, file).toBeLessThan(0.2);
      }
  });

  it('A17: channels that cancel out are called that, and one of them is used where it is chosen', async () => {
    const both = await scanLanguage({ code: 'yor', root: at('A17') });
    expect(both.skipped[0].reason).toMatch(/2 channels cancel out.*audio\.channels/);
    const left = await scanLanguage({ code: 'yor', root: at('A17'), channels: 0 });
    expect(left.skipped).toEqual([]);
    await expect(loadAudio16k(at('A17', 'antiphase.wav'))).rejects.toThrow('cancel out');
  });

  it('A19: every usual extension is tried, and what is no audio is counted by kind', async () => {
    const { utterances, skipped, notes } = await scanLanguage({ code: 'yor', root: resolve('test/cases/A19') });
    const names = readdirSync(at('A19')).map((name) => join('data', name));
    const copies = notes.find((note) => note.includes('copies of others'));
    expect(utterances.length + Number.parseInt(copies ?? '0', 10)).toBe(names.length);
    expect(skipped).toEqual([]);
    const mixed = await scanLanguage({ code: 'yor', root: resolve('test/cases') });
    expect(mixed.notes.join('\n')).toMatch(/Left aside as no audio: .*\.tsv/);
  });
});
