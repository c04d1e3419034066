/** @file A linear probe: softmax regression on fixed features, to ask what they know. */

export interface Labelled {
  /** [rows · width] */
  rows: Float32Array;
  width: number;
  /** Class of each row. */
  classes: Uint8Array;
}

/** Accuracy, 0 to 1, on `test` of a softmax regression fitted to `train` (columns standardised on `train`, weight decay 1e-4). */
export function probeAccuracy(train: Labelled, test: Labelled, classCount: number, iterations = 300): number {
  const { width } = train;
  const scale = standardiser(train);
  const [x, y] = [scale(train), scale(test)];
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
  let right = 0;
  for (let i = 0; i < test.classes.length; i++) {
    probabilities(y, i, width, weights, p);
    if (p.indexOf(Math.max(...p)) === test.classes[i]) right++;
  }
  return right / test.classes.length;
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

function standardiser({ rows, width }: Labelled): (other: Labelled) => Float32Array {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (let i = 0; i < rows.length; i++) mean[i % width] += rows[i] / count;
  for (let i = 0; i < rows.length; i++) deviation[i % width] += (rows[i] - mean[i % width]) ** 2 / count;
  return (other) => other.rows.map((v, i) => (v - mean[i % width]) / Math.sqrt(deviation[i % width] + 1e-8));
}
