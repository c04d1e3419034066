import { describe, expect, it } from 'vitest';
import { assemble, type Sources } from '../../support/product.ts';

/** Every frame of every clip knows its own number: 100·clip + frame, as feature, unit and base's unit. */
const number = (hash: string, frame: number) => 100 * Number(hash) + frame;
const sources: Sources = {
  features: {
    width: 2,
    read: (hash, start, frames) =>
      Float32Array.from({ length: 2 * frames }, (_, i) => number(hash, start + (i >> 1)) + (i & 1) / 2),
  },
  units: (hash) => Uint16Array.from({ length: 90 }, (_, t) => number(hash, t)),
  baseUnits: (hash) => Uint16Array.from({ length: 90 }, (_, t) => number(hash, t) + 5000),
};
const mask = (...bits: number[]) => Uint8Array.from(bits);

describe('a batch', () => {
  const batch = assemble(
    [
      { hash: '1', start: 7, mask: mask(0, 1, 1, 0) },
      { hash: '2', start: 0, mask: mask(1, 0, 0, 0) },
      { hash: '3', start: 80, mask: mask(0, 0, 0, 1) },
    ],
    4,
    sources,
  );

  it('has the rows of each crop, in the order of its clips', () => {
    expect([...batch.speech.data].filter((_, i) => i % 2 === 0).map(Number)).toEqual([
      107, 108, 109, 110, 200, 201, 202, 203, 380, 381, 382, 383,
    ]);
    expect(batch.speech.shape).toEqual([12, 2]);
    expect([batch.clips, batch.frames]).toEqual([3, 4]);
  });

  it('masks and labels the frames that the masks say, each with the unit of that very frame', () => {
    expect([...batch.mask]).toEqual([0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
    expect([...batch.masked].map(Number)).toEqual([1, 2, 4, 11]);
    expect([...batch.labels]).toEqual([108, 109, 200, 383]);
    expect([...batch.baseLabels!]).toEqual([5108, 5109, 5200, 5383]);
    // The frame that is hidden is the frame whose unit is asked.
    batch.masked.forEach((row, i) => {
      expect(batch.speech.data[2 * Number(row)]).toBe(batch.labels[i]);
    });
  });

  it('brings to each masked frame the logits that were kept of that very frame, and says where none were', () => {
    // Of every masked frame of a clip: its own number and that with a half.
    const whole = Uint8Array.from({ length: 90 }, (_, t) => Number(t % 3 === 0));
    const kept = {
      maskOf: () => whole,
      logitsOf: (hash: string) => Float32Array.from({ length: 60 }, (_, i) => number(hash, 3 * (i >> 1)) + (i & 1) / 2),
    };
    const crops = [
      { hash: '1', start: 7, mask: mask(0, 0, 1, 0, 0, 1), kept: true },
      { hash: '2', start: 0, mask: mask(0, 1, 1, 0, 0, 0) },
      { hash: '3', start: 81, mask: mask(1, 0, 0, 1, 0, 0), kept: true },
    ];
    const batch = assemble(crops, 6, { ...sources, kept });
    expect([...batch.labels]).toEqual([109, 112, 201, 202, 381, 384]);
    expect([...batch.kept!.has]).toEqual([1, 1, 0, 0, 1, 1]);
    expect([...batch.kept!.logits]).toEqual([109, 109.5, 112, 112.5, 0, 0, 0, 0, 381, 381.5, 384, 384.5]);
  });
});
