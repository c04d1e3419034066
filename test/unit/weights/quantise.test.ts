import { describe, expect, it } from 'vitest';
import { eightBitInstructions } from '../../../sidecar/engine/instructions.ts';
import { closeness, largestOf, smoothingShifts } from '../../../sidecar/learning/closeness.ts';
import { toBlocks, toInt8 } from '../../../sidecar/weights/quantise.ts';

/** W [2, 3]. */
const matrix = { data: Float32Array.of(1, -2, 0.5, 0, 4, -1), out: 2, in: 3 };

describe('a matrix in 8 bits', () => {
  it('has a scale for each column of what it is multiplied as, the largest of a column being 127', () => {
    const forward = toInt8(matrix, 'forward');
    expect([...forward.scales]).toEqual([2 / 127, 4 / 127].map(Math.fround));
    // [inner = 3, columns = 2]: 1, -2, 0.5 over 2 and 0, 4, -1 over 4, in 127ths.
    expect([...forward.values]).toEqual([64, 0, -127, 127, 32, -32]);
    const backward = toInt8(matrix, 'backward');
    expect([...backward.scales]).toEqual([1 / 127, 4 / 127, 1 / 127].map(Math.fround));
    expect([...backward.values]).toEqual([127, -64, 64, 0, 127, -127]);
  });

  it('is multiplied by what the left side is divided by', () => {
    const { values, scales } = toInt8(matrix, 'forward', [3, 0, 0]);
    expect([...scales]).toEqual([8 / 127, 4 / 127].map(Math.fround));
    expect(values[0]).toBe(127);
  });

  it('of zeros is zeros', () => {
    const { values, scales } = toInt8({ data: new Float32Array(6), out: 2, in: 3 }, 'forward');
    expect([...values, ...scales]).toEqual([0, 0, 0, 0, 0, 0, 1, 1]);
  });

  it('in blocks has a scale for each block, and 128 for zero', () => {
    const { values, scales } = toBlocks(
      { data: Float32Array.of(1, -1, 0, 0.25, 8, 0, 0, 0), out: 2, in: 4 },
      'forward',
      2,
    );
    expect([...scales]).toEqual([1 / 127, 0.25 / 127, 8 / 127, 1].map(Math.fround));
    expect([...values]).toEqual([255, 1, 128, 255, 255, 128, 128, 128]);
  });
});

describe('closeness', () => {
  it('is that of hand-worked vectors', () => {
    const { cosine, relativeError } = closeness(Float32Array.of(3, 0), Float32Array.of(3, 4));
    expect(cosine).toBeCloseTo(0.6, 12);
    expect(relativeError).toBeCloseTo(0.8, 12);
  });
  it('of nothing to nothing is whole, of something to nothing is none', () => {
    const nothing = new Float32Array(2);
    expect(closeness(nothing, nothing)).toEqual({ cosine: 1, relativeError: 0 });
    expect(closeness(Float32Array.of(1, 0), nothing).relativeError).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('smoothing', () => {
  it('shifts a channel that is sixteen times the others by the root of that', () => {
    expect(smoothingShifts(Float32Array.of(1, 16, 1, 1), Float32Array.of(1, 1, 1, 1))).toEqual([0, 2, 0, 0]);
  });
  it('leaves alone what is never heard', () => {
    expect(smoothingShifts(Float32Array.of(0, 1), Float32Array.of(1, 1))[0]).toBe(0);
  });
  it('takes the largest of a matrix along what is summed over', () => {
    expect([...largestOf(matrix.data, [2, 3], 'forward')]).toEqual([1, 4, 1]);
    expect([...largestOf(matrix.data, [2, 3], 'backward')]).toEqual([2, 4]);
  });
});

describe('8-bit instructions', () => {
  const x64 = { platform: 'linux', arch: 'x64' } as const;
  const of = (flags: string) =>
    eightBitInstructions(x64, () => `model name\t: x\nflags\t\t: fpu ${flags}\nbugs\t: y\n`);
  it('are read from the machine', () => {
    expect(of('avx2 avx512_vnni avx_vnni')).toEqual({ has: true, why: 'avx512_vnni, avx_vnni' });
    expect(of('avx2 avx512_vnnix').has).toBe(false);
    const arm = eightBitInstructions({ platform: 'linux', arch: 'arm64' }, () => 'Features\t: fp asimd asimddp\n');
    expect(arm).toEqual({ has: true, why: 'asimddp' });
    expect(eightBitInstructions({ platform: 'darwin', arch: 'arm64' }).has).toBe(true);
  });
  it('are not believed where nothing says so', () => {
    expect(eightBitInstructions({ platform: 'win32', arch: 'x64' })).toMatchObject({ has: false });
    const unreadable = eightBitInstructions(x64, () => {
      throw new Error('no');
    });
    expect(unreadable).toEqual({ has: false, why: '/proc/cpuinfo cannot be read' });
  });
});
