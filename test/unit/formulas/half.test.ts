import { describe, expect, it } from 'vitest';
import { fromHalf, toHalf } from '../../../sidecar/units/half.ts';

const half = (value: number) => toHalf(Float32Array.of(value))?.[0];
const float = (bits: number) => fromHalf(Uint16Array.of(bits))[0];

describe('half precision', () => {
  it('has the bits that IEEE 754 says', () => {
    const known: [number, number][] = [
      [0, 0x0000],
      [1, 0x3c00],
      [-2, 0xc000],
      [0.1, 0x2e66],
      [1 / 3, 0x3555],
      [65504, 0x7bff],
      [2 ** -14, 0x0400],
      [2 ** -24, 0x0001],
      [-(2 ** -24) * 1023, 0x83ff],
    ];
    for (const [value, bits] of known) {
      expect(half(value)).toBe(bits);
      expect(Math.abs(float(bits) - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -11);
    }
  });

  it('says where a value does not fit', () => {
    expect(half(65519.99)).toBe(0x7bff);
    for (const value of [65520, -1e30, Number.POSITIVE_INFINITY, Number.NaN]) expect(half(value)).toBeUndefined();
  });

  it('reads every finite half back, and rounds what lies between two to the nearer, in the middle to the even', () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const [low, high] = [float(bits), float(bits + 1)];
      expect(high).toBeGreaterThan(low);
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      // One assertion for many, since there are thirty thousand.
      const got = [low, low + (high - low) * 0.25, middle, low + (high - low) * 0.75].map(half);
      if (String(got) !== String([bits, bits, even, bits + 1])) expect(got).toEqual([bits, bits, even, bits + 1]);
      if (half(-middle) !== (0x8000 | even)) expect(half(-middle)).toBe(0x8000 | even);
    }
  });
});
