/** @file Linear CKA: how alike two sets of features of the same frames are, up to rotation and scale. Pure. */

/** Frames by columns, row by row. */
export interface Features {
  rows: Float32Array;
  width: number;
}

/**
 * ‖YᵀX‖² ÷ (‖XᵀX‖·‖YᵀY‖), Frobenius norms of columns with their mean taken away (Kornblith et al. 2019, eq. 3 and
 * section 3.3): 1 for features that differ by rotation and scale, 0 for such as have nothing in common. `undefined` where
 * either does not vary. Takes rows² · width or rows · width² multiplications, whichever is less.
 */
export function linearCka(x: Features, y: Features): number | undefined {
  const rows = x.rows.length / x.width;
  if (y.rows.length / y.width !== rows) throw new Error('internal: CKA of features of different frames');
  const [a, b] = [centred(x, rows), centred(y, rows)];
  // ‖YᵀX‖² = Σ over pairs of rows of (XXᵀ)(YYᵀ): the smaller of both products is made.
  const sums =
    rows < Math.min(x.width, y.width)
      ? bySamples(a, x.width, b, y.width, rows)
      : byColumns(a, x.width, b, y.width, rows);
  const scale = Math.sqrt(sums.xx) * Math.sqrt(sums.yy);
  return scale > 0 ? sums.xy / scale : undefined;
}

/** The drift of a layer: 1 − CKA against the base's same layer on the same frames. */
export function drift(x: Features, base: Features): number | undefined {
  const alike = linearCka(x, base);
  return alike === undefined ? undefined : 1 - alike;
}

function centred({ rows: data, width }: Features, rows: number): Float64Array {
  const means = new Float64Array(width);
  for (let i = 0; i < data.length; i++) means[i % width] += data[i];
  for (let k = 0; k < width; k++) means[k] /= rows;
  const out = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = data[i] - means[i % width];
  return out;
}

function bySamples(a: Float64Array, widthA: number, b: Float64Array, widthB: number, rows: number) {
  let [xy, xx, yy] = [0, 0, 0];
  const dot = (of: Float64Array, width: number, i: number, j: number) => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += of[i * width + k] * of[j * width + k];
    return sum;
  };
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++) {
      const twice = i === j ? 1 : 2;
      const [p, q] = [dot(a, widthA, i, j), dot(b, widthB, i, j)];
      xy += twice * p * q;
      xx += twice * p * p;
      yy += twice * q * q;
    }
  return { xy, xx, yy };
}

function byColumns(a: Float64Array, widthA: number, b: Float64Array, widthB: number, rows: number) {
  const squared = (p: Float64Array, widthP: number, q: Float64Array, widthQ: number) => {
    const product = new Float64Array(widthP * widthQ);
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < widthP; i++) {
        const value = p[row * widthP + i];
        for (let j = 0; j < widthQ; j++) product[i * widthQ + j] += value * q[row * widthQ + j];
      }
    return product.reduce((sum, value) => sum + value * value, 0);
  };
  return { xy: squared(a, widthA, b, widthB), xx: squared(a, widthA, a, widthA), yy: squared(b, widthB, b, widthB) };
}
