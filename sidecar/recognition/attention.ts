/** @file Self-attention over clips of different lengths: a frame sees its own clip's frames alone. */
import { add, mul, scale } from '../engine/ops/elementwise.ts';
import { reshape, transpose } from '../engine/ops/layout.ts';
import { matmul } from '../engine/ops/linear.ts';
import { softmax } from '../engine/ops/reduce.ts';
import { type Dim, product } from '../engine/shape.ts';
import type { Value } from '../engine/value.ts';

export interface AttentionOptions {
  heads: number;
  time: Dim;
  /** 0 for a clip's own frames, `NEVER` beyond them [B, 1, 1, T]. */
  outside: Value;
  /** What training leaves out of the weights [B, heads, T, T]. */
  drop(weights: Value): Value;
}

/**
 * Softmax(q·kᵀ/√d)·v by heads (Vaswani et al. 2017, eq. 1), rows [B·T, D] all, over each clip's own frames. Rows beyond a
 * clip's end are finite and mean nothing.
 */
export function attend(q: Value, k: Value, v: Value, { heads, time, outside, drop }: AttentionOptions): Value {
  const model = q.shape[1] as number;
  const width = model / heads;
  const byHead = (x: Value) => transpose(reshape(x, ['B', time, heads, width]), [0, 2, 1, 3]);
  const scores = matmul(byHead(scale(q, width ** -0.5)), byHead(k), { transB: true });
  const weights = drop(softmax(add(scores, outside)));
  return reshape(transpose(matmul(weights, byHead(v)), [0, 2, 1, 3]), [product(['B', time]), model]);
}

/** x where `kept` is 1 / (1 − rate), 0 where it is 0. */
export const dropped = (x: Value, kept: Value): Value => mul(x, kept);
