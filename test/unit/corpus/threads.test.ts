/** Recordings read by several threads give what one gives, byte for byte, in the same order, and end when they are told. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { inOrder } from '../../../sidecar/threads.ts';
import { bundle } from '../../bundle.mjs';
import { scratch } from '../../support/scratch.ts';
import { wav } from '../../support/wav.ts';

const at = scratch();
const tone = (seconds: number, hz: number) =>
  Float32Array.from({ length: seconds * 16_000 }, (_, i) => 0.3 * Math.sin((i * hz * 2 * Math.PI) / 16_000));

beforeAll(async () => {
  mkdirSync(at('dist'));
  copyFileSync('sidecar/audio/libav-audio/libav-audio.wasm', at('dist', 'libav-audio.wasm'));
  await bundle('test/support/read-corpus.ts', at('dist', 'read-corpus.mjs'));
  await bundle('sidecar/helper.ts', at('dist', 'helper.js'));
  writeFileSync(at('dist', 'package.json'), '{"type":"module"}');
  mkdirSync(at('speech'));
  for (let i = 0; i < 60; i++) {
    const both =
      i % 7 === 0 ? [tone(0.3 + 0.02 * i, 200 + i), tone(0.3 + 0.02 * i, 90)] : [tone(0.3 + 0.02 * i, 200 + i)];
    writeFileSync(at('speech', `s${i % 5}-${i}.wav`), wav(both, { sampleRateHz: i % 3 === 0 ? 44_100 : 16_000 }));
  }
  writeFileSync(at('speech', 'long.wav'), wav([tone(20, 150)]));
  writeFileSync(at('speech', 'silent.wav'), wav([new Float32Array(9000)]));
  writeFileSync(at('speech', 'short.wav'), wav([tone(0.01, 200)]));
  writeFileSync(at('speech', 'broken.flac'), 'fLaC and nothing');
  writeFileSync(at('speech', 'empty.wav'), '');
}, 60_000);

let count = 0;
function read(threads: number, way = '', folder = at('speech')) {
  const run = spawnSync(process.execPath, [at('dist', 'read-corpus.mjs'), folder, at(`cache-${count++}`), way], {
    encoding: 'utf8',
    env: { ...process.env, MILORE_THREADS: String(threads) },
  });
  expect(run.stderr).toBe('');
  const { helpers, ms, ...told } = JSON.parse(run.stdout);
  return { helpers, ms, told };
}

describe('recordings read by several threads', () => {
  it('are what one thread makes of them: rows, reasons, samples and the memory of the scan', () => {
    const [alone, three] = [read(1), read(4)];
    expect([alone.helpers, three.helpers]).toEqual([0, 3]);
    expect(alone.told.read.length).toBeGreaterThan(40);
    expect(alone.told.skipped).toHaveLength(4);
    expect(three.told).toEqual(alone.told);
  });

  it('end when they are told, and say so as one thread does', () => {
    const [alone, three] = [read(1, 'stop'), read(4, 'stop')];
    expect(three.told.error).toBe('stopped');
    expect(alone.told.error).toBe('stopped');
  });

  it('name a recording that changed meanwhile as one thread does, and not before its turn', () => {
    const copies = ['a', 'b'].map((name) => at(`speech-${name}`));
    for (const copy of copies) cpSync(at('speech'), copy, { recursive: true });
    const [alone, three] = [read(1, 'changed', copies[0]), read(4, 'changed', copies[1])];
    expect(three.told.error).toMatch(/should end at sample .* changed since it was scanned/);
    expect(three.told.error.replaceAll('speech-b', 'speech-a')).toBe(alone.told.error);
    expect(three.told.read).toEqual(alone.told.read);
    expect(alone.told.read).not.toHaveLength(0);
  });
});

describe('what is begun ahead', () => {
  const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

  it('comes in order, with no more at once than was allowed, by number and by bytes', async () => {
    for (const [options, most] of [
      [{ most: 3 }, 3],
      [{ most: 9, bytes: 10, sizeOf: () => 4 }, 3],
      [{ most: 1 }, 1],
    ] as const) {
      let [open, widest] = [0, 0];
      const got: number[] = [];
      const make = async (i: number) => {
        widest = Math.max(widest, ++open);
        await later(i % 2 === 0 ? 8 : 1);
        open--;
        return 10 * i;
      };
      for await (const [i, made] of inOrder([1, 2, 3, 4, 5, 6, 7, 8], make, options)) got.push(i, made);
      expect(got).toEqual([1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60, 7, 70, 8, 80]);
      expect(widest).toBe(most);
    }
  });

  it('fails with the first in their order, and not with the first in time', async () => {
    const got: number[] = [];
    const make = async (i: number) => {
      await later(i === 2 ? 20 : 1);
      if (i >= 2) throw new Error(`no ${i}`);
      return i;
    };
    await expect(
      (async () => {
        for await (const [i] of inOrder([1, 2, 3, 4], make, { most: 4 })) got.push(i);
      })(),
    ).rejects.toThrow('no 2');
    expect(got).toEqual([1]);
  });
});
