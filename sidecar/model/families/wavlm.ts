/**
 * @file WavLM's gated relative-position bias (Chen et al. 2021, arXiv 2110.13900, section III.A, eq. 3 to 6). With d the
 * embedding of the bucket of j − i, and two gates of the frame's own 8 numbers u (four each, summed),
 * a = σ(Σ u₀…₃), b = σ(Σ u₄…₇): r = d·(a·(b·s − 1) + 2), s one number a head, added to q·kᵀ/√d.
 */

import type { WavLmConfig } from '../../architecture/config.ts';
import { BUCKET_EMBEDDING, GATE } from '../../architecture/families/wavlm.ts';
import { blockName } from '../../architecture/sites.ts';
import { add, equals, mul, sigmoid, sub } from '../../engine/ops/elementwise.ts';
import { relativeRows, repeatedRows, reshape, split, transpose } from '../../engine/ops/layout.ts';
import { gemm } from '../../engine/ops/linear.ts';
import { sum } from '../../engine/ops/reduce.ts';
import { product } from '../../engine/shape.ts';
import type { Builder, Value } from '../../engine/value.ts';
import type { TensorSource } from '../../weights/weight.ts';
import type { AttentionBiasHook, FamilyGraph } from './family.ts';
import { convolutionalPosition } from './hubert.ts';

/**
 * The bucket of key j as query i sees it, for distance j − i: the first half of the buckets looks back, the second
 * ahead; in each, half are exact and the rest grow by the logarithm up to `maxDistance`. Computed in float32, as PyTorch
 * does: where the logarithm falls on a whole number, the last bit decides.
 */
export function bucketOf(
  { buckets, maxDistance }: Pick<WavLmConfig, 'buckets' | 'maxDistance'>,
  distance: number,
): number {
  const half = buckets / 2;
  const exact = half / 2;
  const ahead = distance > 0 ? half : 0;
  const far = Math.abs(distance);
  if (far < exact) return ahead + far;
  const f = Math.fround;
  const share = f(f(Math.log(f(far / exact))) / f(Math.log(maxDistance / exact)));
  return ahead + Math.min(half - 1, Math.floor(f(exact + f(share * (half - exact)))));
}

function attentionBias(config: WavLmConfig, weights: TensorSource, standalone: boolean): AttentionBiasHook {
  const { heads, hidden } = config;
  const width = hidden / heads;
  let shared: Value | undefined; // [heads, T, T], of the first block, for all
  return (layer, x) => {
    const name = blockName(layer);
    const { graph } = x;
    shared ??= (standalone ? countedBias : distanceBias)(config, weights, x);
    const u = gemm(
      reshape(x, [product(['B*T', heads]), width]),
      weights(`${name}.${GATE.linear}.weight`),
      weights(`${name}.${GATE.linear}.bias`),
      { transB: true },
    );
    const gates = sigmoid(sum(reshape(u, [product(['B*T', heads, 2]), 4]), [1]));
    const [a, b] = split(reshape(gates, ['B', 'T', heads, 2]), [1, 1]);
    const constant = reshape(weights(`${name}.${GATE.constant}`), [heads, 1]);
    const gate = add(mul(a, sub(mul(b, constant), graph.scalar(1))), graph.scalar(2));
    return mul(transpose(gate, [0, 2, 1, 3]), shared);
  };
}

/**
 * The embedding of each pair's bucket, [heads, T, T]. Pairs nearer than the largest distance take it by their distance
 * from a table; the pairs beyond, back and ahead, are alike and come as two sums, so that the way back stays short.
 */
function distanceBias(config: WavLmConfig, weights: TensorSource, { graph }: Value): Value {
  const { heads, maxDistance: most } = config;
  const embedded = (of: readonly number[]) => embeddings(config, weights, graph, of);
  const near = Array.from({ length: 2 * most - 1 }, (_, d) => bucketOf(config, d - most + 1));
  const table = [...near, -1]; // the last row, of no bucket, is zero: pairs beyond take it
  const places = `${table.length}*T`;
  const inside = repeatedRows(
    embedded(table),
    graph.derived('distances', ['T*T', 1], 'int64', ({ T }) => pairDistances(T, most)),
    graph.derived('distances.users', [places, 1], 'int64', ({ T }) => distanceUsers(T, most).users),
    graph.derived('distances.counts', [places, 1], 'float32', ({ T }) => distanceUsers(T, most).counts),
  );
  const beyond = graph.derived('distances.beyond', ['T*T', 2], 'float32', ({ T }) => pairsBeyond(T, most));
  const byPair = gemm(beyond, embedded([bucketOf(config, -most), bucketOf(config, most)]), inside);
  return reshape(transpose(byPair, [1, 0]), [heads, 'T', 'T']);
}

/** The same for a graph that counts its frames itself and does not train: one table, whose ends stand for all beyond. */
function countedBias(config: WavLmConfig, weights: TensorSource, { graph }: Value): Value {
  const { heads, maxDistance: most } = config;
  const table = Array.from({ length: 2 * most + 1 }, (_, d) => bucketOf(config, d - most));
  const byPair = relativeRows(embeddings(config, weights, graph, table), 'T');
  return reshape(transpose(byPair, [1, 0]), [heads, 'T', 'T']);
}

/** A row a bucket, [buckets, heads]; of a bucket that there is not, zeros. */
function embeddings({ buckets }: WavLmConfig, weights: TensorSource, graph: Builder, of: readonly number[]): Value {
  const bucketRange = Float32Array.from({ length: buckets }, (_, bucket) => bucket);
  const chosen = equals(
    graph.constant(Float32Array.from(of), [of.length, 1]),
    graph.constant(bucketRange, [1, buckets]),
  );
  return gemm(chosen, weights(BUCKET_EMBEDDING));
}

/** Row of the table for pair i·T + j: j − i + most − 1, or the last one beyond. */
function pairDistances(frames: number, most: number): BigInt64Array {
  const row = (distance: number) => (Math.abs(distance) < most ? distance + most - 1 : 2 * most - 1);
  const ramp = BigInt64Array.from({ length: 2 * frames - 1 }, (_, k) => BigInt(row(k - frames + 1)));
  const pairs = new BigInt64Array(frames * frames);
  for (let i = 0; i < frames; i++) pairs.set(ramp.subarray(frames - 1 - i, 2 * frames - 1 - i), i * frames);
  return pairs;
}

/** The pairs at each distance of the table, one for each i where j falls into the clip. */
function distanceUsers(frames: number, most: number): { users: BigInt64Array; counts: Float32Array } {
  const users = new BigInt64Array(2 * most * frames);
  const counts = new Float32Array(2 * most * frames);
  for (let d = 0; d < 2 * most - 1; d++)
    for (let i = 0; i < frames; i++) {
      const j = i + d - most + 1;
      if (j < 0 || j >= frames) continue;
      users[d * frames + i] = BigInt(i * frames + j);
      counts[d * frames + i] = 1;
    }
  return { users, counts };
}

/** For pair i·T + j: whether j lies the largest distance or more back, and ahead. */
function pairsBeyond(frames: number, most: number): Float32Array {
  const beyond = new Float32Array(2 * frames * frames);
  for (let i = 0; i < frames; i++) {
    for (let j = 0; j <= i - most; j++) beyond[2 * (i * frames + j)] = 1;
    for (let j = i + most; j < frames; j++) beyond[2 * (i * frames + j) + 1] = 1;
  }
  return beyond;
}

export const wavlm: FamilyGraph<WavLmConfig> = { position: convolutionalPosition, attentionBias };
