/** @file A linear probe: softmax regression on fixed features, to ask what they know. */

export interface Labelled {
  /** [rows · width] */
  rows: Float32Array;
  width: number;
  /** Class of each row. */
  classes: Uint8Array;
}

/** A softmax regression fitted to `train` (columns standardised on it, weight decay 1e-4, Adam), which gives each row a class. */
export function fitProbe(train: Labelled, classCount: number, iterations = 300): (rows: Float32Array) => Uint8Array {
  const { width } = train;
  const scale = standardiser(train);
  const x = scale(train.rows);
  const stride = width + 1;
  const weights = new Float64Array(classCount * stride);
  const [first, second] = [new Float64Array(weights.length), new Float64Array(weights.length)];
  const count = train.classes.length;
  const p = new Float64Array(classCount);
  for (let iteration = 1; iteration <= iterations; iteration++) {
    const gradient = weights.map((w) => 1e-4 * w);
    for (let i = 0; i < count; i++) {
      probabilities(x, i, width, weights, p);
      for (let c = 0; c < classCount; c++) {
        const error = (p[c] - (train.classes[i] === c ? 1 : 0)) / count;
        for (let d = 0; d < width; d++) gradient[c * stride + d] += error * x[i * width + d];
        gradient[c * stride + width] += error;
      }
    }
    for (let k = 0; k < weights.length; k++) {
      first[k] = 0.9 * first[k] + 0.1 * gradient[k];
      second[k] = 0.999 * second[k] + 0.001 * gradient[k] ** 2;
      const m = first[k] / (1 - 0.9 ** iteration);
      weights[k] -= (0.03 * m) / (Math.sqrt(second[k] / (1 - 0.999 ** iteration)) + 1e-8);
    }
  }
  return (rows) => {
    const y = scale(rows);
    return Uint8Array.from({ length: rows.length / width }, (_, i) => {
      probabilities(y, i, width, weights, p);
      return p.indexOf(Math.max(...p));
    });
  };
}

/** Accuracy, 0 to 1, on `test` of a probe fitted to `train`. */
export function probeAccuracy(train: Labelled, test: Labelled, classCount: number, iterations?: number): number {
  const found = fitProbe(train, classCount, iterations)(test.rows);
  return found.reduce((right, one, i) => right + (one === test.classes[i] ? 1 : 0), 0) / test.classes.length;
}

function probabilities(x: Float32Array, i: number, width: number, weights: Float64Array, p: Float64Array): void {
  const stride = width + 1;
  let top = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < p.length; c++) {
    let z = weights[c * stride + width];
    for (let d = 0; d < width; d++) z += weights[c * stride + d] * x[i * width + d];
    p[c] = z;
    top = Math.max(top, z);
  }
  let total = 0;
  for (let c = 0; c < p.length; c++) total += p[c] = Math.exp(p[c] - top);
  for (let c = 0; c < p.length; c++) p[c] /= total;
}

function standardiser({ rows, width }: Labelled): (other: Float32Array) => Float32Array {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (let i = 0; i < rows.length; i++) mean[i % width] += rows[i] / count;
  for (let i = 0; i < rows.length; i++) deviation[i % width] += (rows[i] - mean[i % width]) ** 2 / count;
  return (other) => other.map((v, i) => (v - mean[i % width]) / Math.sqrt(deviation[i % width] + 1e-8));
}
