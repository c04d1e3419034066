import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { piecesAtPauses, startOfFrame } from '../../../sidecar/evaluation/transcribe.ts';
import { loadBase } from '../../../sidecar/model/checkpoint/base.ts';
import { normals } from '../../../sidecar/random.ts';

const RATE = 16_000;

/** Noise with a pause of half a second around each of these moments. */
function speech(seconds: number, pauses: readonly number[]) {
  const samples = normals(seconds * RATE, 'pieces');
  for (const pause of pauses) samples.fill(0, (pause - 0.25) * RATE, (pause + 0.25) * RATE);
  return samples;
}

async function pieces(samples: Float32Array) {
  const found: { start: number; length: number }[] = [];
  let most = 0;
  const read = async (from: number, to: number) => {
    most = Math.max(most, to - from);
    return { samples: samples.subarray(from, to), all: samples.length };
  };
  for await (const { start, samples: own } of piecesAtPauses(read)) found.push({ start, length: own.length });
  return { found, most };
}

it('a frame of logits stands for 40 ms around the middle of what it hears', () => {
  const { config } = loadBase(resolve('extension/sample/base'));
  // Hidden states 0 to 6 of 25 ms, one every 20 ms: samples 0 to 2320, of which 1160 is the middle.
  expect(startOfFrame(config, 0)).toBeCloseTo(1160 / RATE - 0.02, 12);
  expect(startOfFrame(config, 25)).toBeCloseTo(1 + 1160 / RATE - 0.02, 12);
});

describe('a long recording', () => {
  it('is cut at its pauses, without a gap, in pieces of at most 20 s, and read in pieces', async () => {
    const { found, most } = await pieces(speech(60, [14, 31, 45]));
    const cuts = found.slice(1).map(({ start }) => start / RATE);
    for (const [i, pause] of [14, 31, 45].entries()) expect(Math.abs(cuts[i] - pause)).toBeLessThanOrEqual(0.25);
    let at = 0;
    for (const { start, length } of found) {
      expect(start).toBe(at);
      expect(length).toBeLessThanOrEqual(20 * RATE);
      at += length;
    }
    expect(at).toBe(60 * RATE);
    expect(most).toBeLessThanOrEqual(30 * RATE);
  });

  it('of 20 s or less is one piece, and of nothing none', async () => {
    expect((await pieces(speech(20, [10]))).found).toEqual([{ start: 0, length: 20 * RATE }]);
    expect((await pieces(new Float32Array(0))).found).toEqual([]);
    const { found } = await pieces(speech(21, []));
    expect(found.length).toBe(2);
  });
});
