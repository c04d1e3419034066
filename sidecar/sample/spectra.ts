/** @file MFCC-39 at 50 frames a second: the first iteration's units. */
import { logMel } from '../audio/log-mel.ts';

/** 13 cepstral coefficients and their first and second differences, rows of 39 (HuBERT's first iteration). */
export function mfcc39(samples: Float32Array): Float32Array {
  const cepstra = logMel(samples, 26).map((row) =>
    Float64Array.from({ length: 13 }, (_, c) =>
      row.reduce((sum, x, b) => sum + x * Math.cos((Math.PI * c * (b + 0.5)) / 26), 0),
    ),
  );
  const delta = (rows: Float64Array[]) =>
    rows.map((_, t) =>
      Float64Array.from({ length: 13 }, (_, c) => {
        const at = (i: number) => rows[Math.max(0, Math.min(rows.length - 1, i))][c];
        return (at(t + 1) - at(t - 1) + 2 * (at(t + 2) - at(t - 2))) / 10;
      }),
    );
  const first = delta(cepstra);
  const second = delta(first);
  const out = new Float32Array(cepstra.length * 39);
  cepstra.forEach((row, t) => {
    out.set([...row, ...first[t], ...second[t]], t * 39);
  });
  return out;
}

/** Each column to zero mean and unit variance over all rows. */
export function standardise(rows: Float32Array, width: number): Float32Array {
  const count = rows.length / width;
  for (let c = 0; c < width; c++) {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      sum += rows[i * width + c];
      squares += rows[i * width + c] ** 2;
    }
    const mean = sum / count;
    const deviation = Math.sqrt(Math.max(1e-12, squares / count - mean ** 2));
    for (let i = 0; i < count; i++) rows[i * width + c] = (rows[i * width + c] - mean) / deviation;
  }
  return rows;
}
