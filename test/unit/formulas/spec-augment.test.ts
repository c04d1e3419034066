import { describe, expect, it } from 'vitest';
import {
  ML_SUPERB_AUGMENT,
  type SpecAugment,
  specAugmentFeeds,
  stretch,
} from '../../../sidecar/recognition/spec-augment.ts';

const width = 768;
const clips = [
  { id: 'a', frames: 301 },
  { id: 'b', frames: 200 },
];
const T = 301;
function drawn(options: SpecAugment, ...key: (string | number)[]) {
  const batch = { clips, bindings: { T }, feeds: {}, lengths: [], impossible: [] };
  const feeds = specAugmentFeeds(options, { width }, batch, key);
  const [warp, time, columns] = ['warp', 'time', 'width'].map((name) => feeds[`augment.${name}`].data as Float32Array);
  return { warp, time, columns };
}
/** Lengths of the stretches of zeros. */
const holes = (kept: Float32Array) =>
  [...kept]
    .map((x) => (x === 0 ? 'x' : ' '))
    .join('')
    .split(/ +/)
    .filter(Boolean)
    .map((hole) => hole.length);

describe('SpecAugment', () => {
  it('masks at most two stretches of 26 columns and ten of a twentieth of the clip’s own frames', () => {
    let [widest, longest, masked] = [0, 0, 0];
    for (let key = 0; key < 200; key++) {
      const { time, columns } = drawn(ML_SUPERB_AUGMENT, key);
      for (const [b, { frames }] of clips.entries()) {
        const own = time.subarray(b * T, b * T + frames);
        const across = columns.subarray(b * width, (b + 1) * width);
        expect(holes(across).length).toBeLessThanOrEqual(2);
        expect(holes(own).length).toBeLessThanOrEqual(10);
        widest = Math.max(widest, across.filter((x) => x === 0).length);
        longest = Math.max(longest, own.filter((x) => x === 0).length / Math.floor(0.05 * frames));
        masked += own.filter((x) => x === 0).length / frames;
      }
    }
    expect(widest).toBeLessThanOrEqual(52);
    expect(widest).toBeGreaterThan(26);
    expect(longest).toBeLessThanOrEqual(10);
    // Ten masks of a fortieth on average, some of them over each other.
    expect(masked / 400).toBeGreaterThan(0.15);
    expect(masked / 400).toBeLessThan(0.25);
  });

  it('draws every width from 0 to the most, both among them', () => {
    const one = { ...ML_SUPERB_AUGMENT, widthMasks: 1, widthMost: 3 };
    const seen = new Set<number>();
    for (let key = 0; key < 100; key++)
      seen.add(
        drawn(one, key)
          .columns.subarray(0, width)
          .filter((x) => x === 0).length,
      );
    expect([...seen].sort()).toEqual([0, 1, 2, 3]);
  });

  it('warps with PyTorch’s bicubic weights: a quarter of the way from 1 to 2, worked by hand', () => {
    // Twice as long: the second row reads at (1 + ½)/2 − ½ = ¼, with a = −0.75: −27/256, 225/256, 67/256, −9/256.
    const side = 8;
    const matrix = new Float32Array(side * side);
    stretch(matrix, side, [0, 4], [0, 8]);
    const row = (i: number) => [...matrix.subarray(i * side, i * side + 4)].map((x) => x * 256);
    expect(row(3)).toEqual([-27, 225, 67, -9]);
    // At the beginning the first frame stands for what lies before it.
    expect(row(0)).toEqual([-9 + 67 + 225, -27, 0, 0]);
  });

  it('keeps a clip’s ends and length, moves its centre by five frames at most, and leaves padding alone', () => {
    for (let key = 0; key < 50; key++) {
      const { warp } = drawn(ML_SUPERB_AUGMENT, key);
      const ramp = Float32Array.from({ length: T }, (_, i) => i);
      const own = warp.subarray(T * T);
      for (let i = 0; i < T; i++) {
        const read = own.subarray(i * T, (i + 1) * T).reduce((sum, x, j) => sum + x * ramp[j], 0);
        expect(own.subarray(i * T, (i + 1) * T).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
        expect(Math.abs(read - i)).toBeLessThanOrEqual(i < 200 ? 5.6 : 0);
      }
    }
  });

  it('does not warp a clip too short for its window', () => {
    const short = { clips: [{ id: 'a', frames: 10 }], bindings: { T: 11 }, feeds: {}, lengths: [], impossible: [] };
    const feeds = specAugmentFeeds(ML_SUPERB_AUGMENT, { width }, short, [1]);
    const { data } = feeds['augment.warp'];
    expect([...(data as Float32Array)]).toEqual(Array.from({ length: 121 }, (_, i) => (i % 12 === 0 ? 1 : 0)));
  });

  it('draws a clip’s masks by its own name: a neighbour changes none', () => {
    const all = drawn(ML_SUPERB_AUGMENT, 1);
    const batch = { clips: [clips[0]], bindings: { T }, feeds: {}, lengths: [], impossible: [] };
    const alone = specAugmentFeeds(ML_SUPERB_AUGMENT, { width }, batch, [1]);
    expect([...(alone['augment.time'].data as Float32Array)]).toEqual([...all.time.subarray(0, T)]);
    expect([...(alone['augment.width'].data as Float32Array)]).toEqual([...all.columns.subarray(0, width)]);
  });
});
