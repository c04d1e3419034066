import { describe, expect, it } from 'vitest';
import { type MaskOptions, spanMask } from '../../support/product.ts';

const hubert: MaskOptions = { probability: 0.8, length: 10, minSpans: 2 };
const DRAWS = 4000;

const masked = (mask: Uint8Array) => mask.reduce((a, b) => a + b, 0);
const bits = (mask: Uint8Array) => mask.join('');

/** n over k. */
const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);

/**
 * fairseq's rule (`compute_mask_indices`, static, overlap allowed) for one clip: n spans, a number between two whole ones
 * by chance, start at n different places of `frames − length`; a frame is left alone where none of the starts that
 * would cover it is among them.
 */
function chances(frames: number, { probability, length, minSpans }: MaskOptions): number[] {
  const spans = (probability * frames) / length;
  const whole = Math.floor(spans);
  const places = frames - length;
  return Array.from({ length: frames }, (_, t) => {
    const covering = Array.from({ length: places }, (_, s) => s).filter((s) => s <= t && t < s + length).length;
    const of = (n: number) => 1 - choose(places - covering, n) / choose(places, n);
    const chance = spans - whole;
    return (1 - chance) * of(Math.max(minSpans, whole)) + chance * of(Math.max(minSpans, whole + 1));
  });
}

describe('masks', () => {
  // Shares by hand from the rule: of 100 frames 8 spans of 10 would cover 80, and overlaps leave 57.22.
  it.each<[number, MaskOptions, number]>([
    [100, hubert, 0.5722],
    [250, hubert, 0.5681],
    [30, hubert, 0.5882],
    [25, hubert, 0.6057],
    [60, { probability: 0.1, length: 10, minSpans: 2 }, 0.305],
    [40, { probability: 0.65, length: 5, minSpans: 0 }, 0.5116],
    [50, { probability: 0.2, length: 4, minSpans: 3 }, 0.2248],
  ])('of %d frames with %o cover the share that fairseq’s rule covers, frame by frame', (frames, options, share) => {
    const expected = chances(frames, options);
    expect(expected.reduce((a, b) => a + b, 0) / frames).toBeCloseTo(share, 4);
    const hits = new Array(frames).fill(0);
    for (let draw = 0; draw < DRAWS; draw++)
      spanMask(frames, options, 'table', draw).forEach((m, t) => {
        hits[t] += m;
      });
    hits.forEach((count, t) => {
      const error = Math.sqrt((expected[t] * (1 - expected[t])) / DRAWS) + 1e-9;
      expect(Math.abs(count / DRAWS - expected[t]) / error, `frame ${t}`).toBeLessThan(5);
    });
  });

  it('are runs no shorter than a span, and as many as were drawn where none overlap', () => {
    const sparse = { probability: 0.05, length: 10, minSpans: 3 };
    const runs = new Map<number, number>();
    for (let draw = 0; draw < 500; draw++) {
      const lengths = bits(spanMask(400, sparse, 'runs', draw))
        .split('0')
        .map(({ length }) => length)
        .filter((length) => length > 0);
      expect(Math.min(...lengths)).toBeGreaterThanOrEqual(10);
      runs.set(lengths.length, (runs.get(lengths.length) ?? 0) + 1);
    }
    // Three spans of ten among 390 places hardly ever touch, and are never four.
    expect(Math.max(...runs.keys())).toBe(3);
    expect(runs.get(3)!).toBeGreaterThan(350);
  });

  // By hand: the starts are n of the first n + 1 places, spans keep their length, what reaches beyond the end is cut.
  it.each<[number, MaskOptions, string[]]>([
    [5, { probability: 0.4, length: 4, minSpans: 1 }, ['11110', '01111']],
    [6, { probability: 0.1, length: 4, minSpans: 2 }, ['111110', '011111', 'opened']],
    [3, { probability: 1, length: 10, minSpans: 1 }, ['opened', '011']],
    [2, { probability: 1, length: 10, minSpans: 2 }, ['opened']],
    [1, hubert, ['1']],
  ])('of a clip of %d frames, too short for %o, are fairseq’s %j', (frames, options, expected) => {
    const seen = new Set<string>();
    for (let draw = 0; draw < 200; draw++) seen.add(bits(spanMask(frames, options, 'short', draw)));
    // Where all would be masked, one frame is opened again: any of them.
    const opened = Array.from({ length: frames }, (_, t) => `${'1'.repeat(t)}0${'1'.repeat(frames - 1 - t)}`);
    const allowed = expected.flatMap((mask) => (mask === 'opened' ? opened : mask));
    expect([...seen].sort()).toEqual([...new Set(allowed)].sort());
  });

  it('of twelve frames hide eleven, however the two spans of ten lie', () => {
    for (let draw = 0; draw < 200; draw++) expect(masked(spanMask(12, hubert, 'twelve', draw))).toBe(11);
  });

  it('hide at least one frame even where no span was drawn', () => {
    for (let draw = 0; draw < 200; draw++)
      expect(masked(spanMask(25, { probability: 0.01, length: 3, minSpans: 0 }, 'none', draw))).toBe(3);
  });

  it('of held-out speech are these for ever: figures of two runs, or of two versions, are of the same frames', () => {
    const pinned = (hash: string, frames: number) => bits(spanMask(frames, hubert, 'held-out', hash));
    expect(pinned('00', 40)).toBe('0000000000000001111111111111111000000000');
    expect(pinned('5f3a', 40)).toBe('0000000000000000001111111111111111100000');
    expect(pinned('5f3a', 41)).toBe('00000000000000000011111111111111111100000');
    expect(pinned('ffffffff', 64)).toBe('1111111111111100000000001111111111111111111111111111110000000000');
  });
});
