/** @file A float32 matrix in 8 bits, as onnxruntime's two products take it. Pure numbers; knows neither files nor graphs. */

/** Largest whole number of a weight: −127 to 127, so that 0 lies in the middle. */
const LARGEST = 127;

/** W [out, in], row by row. */
export interface Matrix {
  data: Float32Array;
  out: number;
  in: number;
}

/** [inner, columns] int8 and a scale a column: the largest of the column is 127 of them. */
export interface Int8Matrix {
  values: Int8Array;
  scales: Float32Array;
}

/**
 * For x·Wᵀ (`forward`: inner = in, columns = out) or dy·W (`backward`: inner = out, columns = in).
 * @param shifts the matrix is multiplied by 2^shift for each inner index, as the left side is divided by it: a power of two
 *   changes no digit, so the product without rounding is the same number
 */
export function toInt8(matrix: Matrix, direction: 'forward' | 'backward', shifts?: readonly number[]): Int8Matrix {
  const { data, out, in: ins } = matrix;
  const forward = direction === 'forward';
  const [inner, columns] = forward ? [ins, out] : [out, ins];
  const factor = Float64Array.from({ length: inner }, (_, k) => 2 ** (shifts?.[k] ?? 0));
  const most = new Float64Array(columns);
  // In the order in which W lies: a stride of a row costs more than all of the arithmetic.
  for (let o = 0, at = 0; o < out; o++)
    for (let i = 0; i < ins; i++, at++) {
      const size = Math.abs(data[at]) * factor[forward ? i : o];
      const column = forward ? o : i;
      if (size > most[column]) most[column] = size;
    }
  const scales = Float32Array.from(most, (largest) => (largest === 0 ? 1 : largest / LARGEST));
  const values = new Int8Array(inner * columns);
  for (let o = 0, at = 0; o < out; o++)
    for (let i = 0; i < ins; i++, at++) {
      const [k, n] = forward ? [i, o] : [o, i];
      // The scale is rounded to float32, so the largest may come to a little over 127.
      values[k * columns + n] = Math.min(LARGEST, Math.max(-LARGEST, Math.round((data[at] * factor[k]) / scales[n])));
    }
  return { values, scales };
}

/** [columns, inner / block, block] uint8, 128 standing for 0, and a scale for every block. */
export interface BlockMatrix {
  values: Uint8Array;
  scales: Float32Array;
}

/** The same in blocks along `inner`, which must be a multiple of `block`. */
export function toBlocks(matrix: Matrix, direction: 'forward' | 'backward', block: number): BlockMatrix {
  const forward = direction === 'forward';
  const [inner, columns] = forward ? [matrix.in, matrix.out] : [matrix.out, matrix.in];
  const [acrossInner, acrossColumns] = forward ? [1, matrix.in] : [matrix.in, 1];
  const blocks = inner / block;
  const values = new Uint8Array(columns * inner);
  const scales = new Float32Array(columns * blocks);
  for (let n = 0; n < columns; n++)
    for (let b = 0; b < blocks; b++) {
      const at = (k: number) => matrix.data[(b * block + k) * acrossInner + n * acrossColumns];
      let most = 0;
      for (let k = 0; k < block; k++) most = Math.max(most, Math.abs(at(k)));
      const scale = Math.fround(most === 0 ? 1 : most / LARGEST);
      scales[n * blocks + b] = scale;
      const first = n * inner + b * block;
      for (let k = 0; k < block; k++) values[first + k] = 128 + Math.round(at(k) / scale);
    }
  return { values, scales };
}
