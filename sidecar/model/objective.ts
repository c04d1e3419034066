/**
 * @file HuBERT's masked prediction (Hsu et al. 2021, eq. 3): cosine similarity of a projected frame to each unit's
 * embedding over a temperature, cross-entropy over masked frames alone.
 */
import type { Graph, Value } from '../engine/graph.ts';
import { atLeast, equals, mul, sub } from '../engine/ops/elementwise.ts';
import { rows } from '../engine/ops/layout.ts';
import { gemm } from '../engine/ops/linear.ts';
import { logSumExp, max, sum, unitRows } from '../engine/ops/reduce.ts';
import type { TensorSource } from './hubert.ts';
import type { ParameterSpec } from './parameters.ts';

export interface HeadShape {
  projection: number;
  units: number;
  temperature: number;
}

export function headParameters(hidden: number, { projection, units }: HeadShape): ParameterSpec[] {
  return [
    // PyTorch's Linear and fairseq's uniform unit embeddings have about these deviations.
    { name: 'final_proj.weight', shape: [projection, hidden], init: { deviation: (3 * hidden) ** -0.5 } },
    { name: 'final_proj.bias', shape: [projection], init: 'zeros' },
    { name: 'label_embs', shape: [units, projection], init: { deviation: 3 ** -0.5 } },
  ];
}

export interface Prediction {
  /** Cross-entropy in nats of each masked frame [M, 1]. */
  nll: Value;
  /** 1 where the right unit has the largest logit [M, 1]. */
  correct: Value;
}

/** Which frames are predicted: rows of [B·T] that are masked. */
export const maskedInput = (graph: Graph) => graph.input('masked', ['M', 1], 'int64');

/**
 * Predicts the units of the masked frames of `hidden` [B·T, width]. Feeds `<prefix>labels` float32 [M, 1] (a unit's
 * number is exact in float32).
 */
export function predict(hidden: Value, masked: Value, head: TensorSource, shape: HeadShape, prefix = ''): Prediction {
  const { graph } = hidden;
  const labels = graph.input(`${prefix}labels`, ['M', 1]);
  const frame = gemm(rows(hidden, masked), head('final_proj.weight'), head('final_proj.bias'), { transB: true });
  const logits = gemm(unitRows(frame), unitRows(head('label_embs')), undefined, {
    transB: true,
    alpha: 1 / shape.temperature,
  });
  const units = graph.constant(
    Float32Array.from({ length: shape.units }, (_, i) => i),
    [1, shape.units],
  );
  const right = sum(mul(logits, equals(labels, units)), [1]);
  return { nll: sub(logSumExp(logits), right), correct: atLeast(right, max(logits)) };
}

/** Σ nll·weight as one element; the feed `frameWeight` [M, 1] is 1/M for a mean over the masked frames. */
export function weightedLoss(nll: Value): Value {
  return sum(mul(nll, nll.graph.input('frameWeight', ['M', 1])), [0, 1]);
}
