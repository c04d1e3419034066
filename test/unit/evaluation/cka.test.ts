import { describe, expect, it } from 'vitest';
import { drift, type Features, linearCka } from '../../../sidecar/evaluation/cka.ts';
import { normals } from '../../../sidecar/random.ts';

const random = (rows: number, width: number, key: string): Features => ({ rows: normals(rows * width, key), width });

/** tr(KHLH) ÷ √(tr(KHKH)·tr(LHLH)), written as in section 2.3 of the paper, with matrices as nested arrays. */
function bySection23(x: Features, y: Features): number {
  const n = x.rows.length / x.width;
  const gram = ({ rows, width }: Features) =>
    Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => {
        let sum = 0;
        for (let k = 0; k < width; k++) sum += rows[i * width + k] * rows[j * width + k];
        return sum;
      }),
    );
  const times = (a: number[][], b: number[][]) =>
    a.map((row) => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)));
  const h = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0) - 1 / n));
  const hsic = (a: number[][], b: number[][]) =>
    times(times(a, h), times(b, h)).reduce((sum, row, i) => sum + row[i], 0);
  const [k, l] = [gram(x), gram(y)];
  return hsic(k, l) / Math.sqrt(hsic(k, k) * hsic(l, l));
}

describe('linear CKA', () => {
  it.each([
    [20, 4, 6],
    [5, 8, 9],
    [7, 3, 30],
  ])('agrees with HSIC written out: %d frames, %d and %d columns', (rows, a, b) => {
    const [x, y] = [random(rows, a, 'x'), random(rows, b, 'y')];
    expect(linearCka(x, y)).toBeCloseTo(bySection23(x, y), 10);
  });

  it('is the squared correlation of single columns: (1, 2, 3) and (1, 3, 2) correlate by a half', () => {
    const [x, y] = [Float32Array.of(1, 2, 3), Float32Array.of(1, 3, 2)];
    expect(linearCka({ rows: x, width: 1 }, { rows: y, width: 1 })).toBeCloseTo(0.25, 12);
  });

  it('is 1 for what was turned, scaled and moved, and less for what was stretched', () => {
    const x = random(50, 2, 'x');
    const turned = new Float32Array(x.rows.length);
    const stretched = new Float32Array(x.rows.length);
    for (let i = 0; i < 50; i++) {
      const [a, b] = [x.rows[2 * i], x.rows[2 * i + 1]];
      turned.set([3 * (0.6 * a - 0.8 * b) + 5, 3 * (0.8 * a + 0.6 * b) - 1], 2 * i);
      stretched.set([a, 10 * b], 2 * i);
    }
    expect(linearCka(x, { rows: turned, width: 2 })).toBeCloseTo(1, 6);
    expect(drift({ rows: turned, width: 2 }, x)).toBeCloseTo(0, 6);
    expect(linearCka(x, { rows: stretched, width: 2 })).toBeLessThan(0.95);
  });

  it('is undefined where features do not vary', () => {
    expect(linearCka({ rows: new Float32Array(6).fill(2), width: 2 }, random(3, 2, 'x'))).toBeUndefined();
  });
});
