/**
 * @file Mini-batch k-means (Sculley 2010) with k-means++ seeding (Arthur & Vassilvitskii 2007), as HuBERT's units are
 * made. The nearest centroid is found by one matrix product on the device: argmin ‖x−c‖² = argmax x·c − ‖c‖²/2.
 */
import { compile } from '../engine/compile.ts';
import { Graph } from '../engine/graph.ts';
import { gemm } from '../engine/ops/linear.ts';
import { argMax, max } from '../engine/ops/reduce.ts';
import { floats, Session, type SessionOptions } from '../engine/session.ts';
import { keyedRandom, permutation } from '../random.ts';

export interface Centroids {
  clusters: number;
  width: number;
  /** [clusters · width] */
  data: Float32Array;
}

/** Finds the nearest of any centroids of one shape. */
export class Assigner {
  private constructor(private readonly session: Session) {}

  static async open(clusters: number, width: number, options: SessionOptions): Promise<Assigner> {
    const graph = new Graph();
    const x = graph.input('x', ['N', width]);
    const centroids = graph.input('centroids', [clusters, width]);
    const scores = gemm(x, centroids, graph.input('bias', [clusters]), { transB: true });
    const { bytes, ...compiled } = compile(
      { unit: argMax(scores), score: max(scores) },
      options.device === 'cpu' ? 'cpu' : 'portable',
    );
    return new Assigner(await Session.open(bytes, compiled, options));
  }

  /** The nearest centroid of each row, and its score x·c − ‖c‖²/2. */
  async assign(
    rows: Float32Array,
    { clusters, width, data }: Centroids,
  ): Promise<{ units: Uint16Array; scores: Float32Array }> {
    const bias = new Float32Array(clusters);
    for (let k = 0; k < clusters; k++) bias[k] = -squaredNorm(data, k * width, width) / 2;
    const count = rows.length / width;
    const out = await this.session.run(
      {
        x: { data: rows, shape: [count, width] },
        centroids: { data, shape: [clusters, width] },
        bias: { data: bias, shape: [clusters] },
      },
      { N: count },
    );
    return { units: Uint16Array.from(out.unit.data as BigInt64Array, Number), scores: floats(out.score) };
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

export interface FitOptions {
  clusters: number;
  iterations: number;
  restarts: number;
  seed: number;
  batchFrames?: number;
  onProgress?: (iteration: number, inertia: number) => void;
}

/** Fits centroids to rows [N · width]; the best of `restarts` seedings by inertia (mean squared distance). */
export async function fitKMeans(
  rows: Float32Array,
  width: number,
  fit: FitOptions,
  options: SessionOptions,
): Promise<Centroids & { inertia: number }> {
  const { clusters, iterations, restarts, seed, batchFrames = 10_000 } = fit;
  const count = rows.length / width;
  const assigner = await Assigner.open(clusters, width, options);
  const row = (i: number) => rows.subarray(i * width, (i + 1) * width);
  const gather = (indices: ArrayLike<number>) => {
    const batch = new Float32Array(indices.length * width);
    for (let i = 0; i < indices.length; i++) batch.set(row(indices[i]), i * width);
    return batch;
  };
  const probe = gather(permutation(count, seed, 'probe').subarray(0, batchFrames));
  const probeEnergy = squaredNorm(probe, 0, probe.length) / (probe.length / width);
  const inertiaOf = async (centroids: Centroids) => {
    const { scores } = await assigner.assign(probe, centroids);
    return probeEnergy - (2 * scores.reduce((a, b) => a + b, 0)) / scores.length;
  };

  let best: (Centroids & { inertia: number }) | undefined;
  for (let restart = 0; restart < restarts; restart++) {
    const sample = gather(permutation(count, seed, 'seeding', restart).subarray(0, Math.max(clusters, batchFrames)));
    const centroids: Centroids = {
      clusters,
      width,
      data: plusPlus(sample, width, clusters, keyedRandom(seed, '++', restart)),
    };
    const inertia = await inertiaOf(centroids);
    if (!best || inertia < best.inertia) best = { ...centroids, inertia };
  }
  const centroids = best!;
  const seen = new Float64Array(clusters);
  let sinceBetter = 0;
  let kept = centroids.data.slice();
  for (let iteration = 0; iteration < iterations && sinceBetter < 20; iteration++) {
    const order = permutation(count, seed, 'batch', iteration).subarray(0, batchFrames);
    const batch = gather(order);
    const { units } = await assigner.assign(batch, centroids);
    update(centroids, batch, units, seen);
    revive(centroids, batch, seen, keyedRandom(seed, 'revive', iteration));
    const inertia = await inertiaOf(centroids);
    if (inertia < centroids.inertia - 1e-7 * probeEnergy) {
      centroids.inertia = inertia;
      kept = centroids.data.slice();
      sinceBetter = 0;
    } else sinceBetter++;
    fit.onProgress?.(iteration + 1, centroids.inertia);
  }
  await assigner.release();
  return { ...centroids, data: kept };
}

/** Each centroid moves towards the mean of all rows that it has been given. */
function update({ width, data }: Centroids, batch: Float32Array, units: Uint16Array, seen: Float64Array): void {
  for (let i = 0; i < units.length; i++) {
    const k = units[i];
    const rate = 1 / ++seen[k];
    for (let d = 0; d < width; d++) data[k * width + d] += rate * (batch[i * width + d] - data[k * width + d]);
  }
}

/** A centroid that is given almost nothing is moved onto a random row, as scikit-learn does. */
function revive(
  { clusters, width, data }: Centroids,
  batch: Float32Array,
  seen: Float64Array,
  uniform: () => number,
): void {
  const largest = seen.reduce((a, b) => Math.max(a, b), 0);
  for (let k = 0; k < clusters; k++) {
    if (seen[k] >= 0.01 * largest) continue;
    const i = Math.floor((uniform() * batch.length) / width);
    data.set(batch.subarray(i * width, (i + 1) * width), k * width);
    seen[k] = Math.max(1, 0.01 * largest);
  }
}

function plusPlus(rows: Float32Array, width: number, clusters: number, uniform: () => number): Float32Array {
  const count = rows.length / width;
  const centroids = new Float32Array(clusters * width);
  const distance = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  let chosen = Math.floor(uniform() * count);
  for (let k = 0; k < clusters; k++) {
    centroids.set(rows.subarray(chosen * width, (chosen + 1) * width), k * width);
    let total = 0;
    for (let i = 0; i < count; i++) {
      let d2 = 0;
      for (let d = 0; d < width && d2 < distance[i]; d++) {
        const difference = rows[i * width + d] - centroids[k * width + d];
        d2 += difference * difference;
      }
      if (d2 < distance[i]) distance[i] = d2;
      total += distance[i];
    }
    let left = uniform() * total;
    chosen = 0;
    while (chosen < count - 1 && (left -= distance[chosen]) > 0) chosen++;
  }
  return centroids;
}

function squaredNorm(data: Float32Array, start: number, length: number): number {
  let sum = 0;
  for (let i = start; i < start + length; i++) sum += data[i] * data[i];
  return sum;
}
