import { describe, expect, it } from 'vitest';
import { UserError } from '../../../sidecar/errors.ts';
import { abx } from '../../../sidecar/evaluation/abx.ts';
import { unitFrames, warpedDistance } from '../../../sidecar/evaluation/abx-distance.ts';
import { readItems } from '../../../sidecar/evaluation/abx-items.ts';

describe('ABX', () => {
  it('has half an error where all frames are alike, and none where phones are', () => {
    const text = ['f 0 0.1 a x y s', 'f 0.1 0.2 a x y s', 'f 0.2 0.3 b x y s'].join('\n');
    const options = { distance: 'cosine', slice: 'inclusive', framesPerSecond: 50, width: 2 } as const;
    const alike = () => Float32Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 1 : 0));
    expect(abx(readItems(text, 'items'), alike, options)).toMatchObject({ within: 0.5, across: undefined, tokens: 3 });
    const apart = () => Float32Array.from({ length: 40 }, (_, i) => Number(i < 20 === (i % 2 === 0)));
    expect(abx(readItems(text, 'items'), apart, options).within).toBe(0);
    expect(abx(readItems(text, 'items'), () => undefined, options)).toMatchObject({ tokens: 0, leftOut: 3 });
  });

  it('divides the cheapest path’s cost by its length: right angles are a half, and a repeated frame costs nothing', () => {
    const frames = (...rows: number[][]) => unitFrames(Float32Array.from(rows.flat()), 2, 0, rows.length);
    expect(warpedDistance(frames([2, 0]), frames([0, 3]), 2, 'cosine')).toBeCloseTo(0.5);
    expect(warpedDistance(frames([1, 0], [0, 1]), frames([1, 0], [1, 0], [0, 1]), 2, 'cosine')).toBeCloseTo(0);
    // Costs ½ and 0, over a path of two.
    expect(warpedDistance(frames([1, 0]), frames([0, 1], [1, 0]), 2, 'cosine')).toBeCloseTo(0.25);
  });

  it.each([
    ['f 0.1 0.2 a x y', 'six|6 fields'],
    ['f 0.2 0.1 a x y s', 'no stretch of time'],
    ['f 0 inf a x y s', 'no stretch of time'],
  ])('says which line is none: %s', (line, why) => {
    expect(() => readItems(`#head\n${line}\n`, 'test.item')).toThrow(UserError);
    expect(() => readItems(`#head\n${line}\n`, 'test.item')).toThrow(new RegExp(`test.item:2:1.*(${why})`));
  });
});
