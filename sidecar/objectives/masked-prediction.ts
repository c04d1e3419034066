/**
 * @file HuBERT's masked prediction (Hsu et al. 2021, eq. 3): cosine similarity of a projected frame to each unit's
 * embedding over a temperature, cross-entropy over masked frames alone.
 */
import { atLeast, equals, mul, sub } from '../engine/ops/elementwise.ts';
import { rows } from '../engine/ops/layout.ts';
import { gemm } from '../engine/ops/linear.ts';
import { argMax, logSumExp, max, sum, unitRows } from '../engine/ops/reduce.ts';
import type { Builder, Value } from '../engine/value.ts';
import type { BaseHead } from '../model/checkpoint/base.ts';
import type { HeadShape } from '../model/config.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import type { TensorSource } from '../weights/weight.ts';
import type { Objective } from './objective.ts';

function headParameters(hidden: number, { projection, units }: HeadShape): ParameterSpec[] {
  return [
    // PyTorch's Linear and fairseq's uniform unit embeddings have about these deviations.
    {
      name: 'final_proj.weight',
      group: 'head',
      shape: [projection, hidden],
      init: { deviation: (3 * hidden) ** -0.5 },
    },
    { name: 'final_proj.bias', group: 'head', shape: [projection], init: 'zeros' },
    { name: 'label_embs', group: 'head', shape: [units, projection], init: { deviation: 3 ** -0.5 } },
  ];
}

/** Which frames are predicted: rows of [B·T] that are masked. */
export const maskedFrames = (graph: Builder) => graph.input('masked', ['M', 1], 'int64');

/**
 * Predicts the units of the masked frames. Feeds `<prefix>labels` float32 [M, 1] (a unit's number is exact in float32) and
 * `frameWeight` [M, 1], 1/M for a mean over the masked frames. Measures `<prefix>nll`, the cross-entropy in nats of each
 * masked frame, and `<prefix>correct`, 1 where the right unit has the largest logit, [M, 1] both.
 */
export const maskedPrediction = (shape: HeadShape): Objective => ({
  parameters: (hidden) => headParameters(hidden, shape),
  measures: { nll: { unit: 'nats', better: 'lower' }, correct: { unit: 'share', better: 'higher' } },
  build(hidden, head, prefix = '') {
    const { graph } = hidden;
    const labels = graph.input(`${prefix}labels`, ['M', 1]);
    const masked = hidden.shape[0] === 'M' ? hidden : rows(hidden, maskedFrames(graph));
    const logits = unitLogits(masked, head, shape);
    const units = graph.constant(
      Float32Array.from({ length: shape.units }, (_, i) => i),
      [1, shape.units],
    );
    const right = sum(mul(logits, equals(labels, units)), [1]);
    const nll = sub(logSumExp(logits), right);
    return {
      loss: sum(mul(nll, graph.input('frameWeight', ['M', 1])), [0, 1]),
      measures: { [`${prefix}nll`]: nll, [`${prefix}correct`]: atLeast(right, max(logits)) },
      logits,
    };
  },
  logits: (masked, head) => unitLogits(masked, head, shape),
});

/** The cosine of each projected frame to each unit's embedding over the temperature [M, units]. */
function unitLogits(masked: Value, head: TensorSource, { temperature }: HeadShape): Value {
  const frame = gemm(masked, head('final_proj.weight'), head('final_proj.bias'), { transB: true });
  return gemm(unitRows(frame), unitRows(head('label_embs')), undefined, { transB: true, alpha: 1 / temperature });
}

/** A head that a base brings, as constants of the graph. */
export function headConstants(graph: Builder, head: BaseHead): TensorSource {
  const { projection, units } = head;
  const hidden = head.projectionWeight.length / projection;
  const tensors: Record<string, Value> = {
    'final_proj.weight': graph.constant(head.projectionWeight, [projection, hidden]),
    'final_proj.bias': graph.constant(head.projectionBias, [projection]),
    label_embs: graph.constant(head.embeddings, [units, projection]),
  };
  return (name) => tensors[name];
}

/** Special symbols stand for no unit: they are never chosen, whatever their cosine (at most 1). */
export function likeliestUnits(graph: Builder, hidden: Value, head: BaseHead): Value {
  const tensor = headConstants(graph, head);
  const frame = gemm(hidden, tensor('final_proj.weight'), tensor('final_proj.bias'), { transB: true });
  const { units, specials = 0 } = head;
  const never =
    specials > 0
      ? graph.constant(
          Float32Array.from({ length: units }, (_, unit) => (unit < specials ? -4 : 0)),
          [units],
        )
      : undefined;
  return argMax(gemm(unitRows(frame), unitRows(tensor('label_embs')), never, { transB: true }));
}
