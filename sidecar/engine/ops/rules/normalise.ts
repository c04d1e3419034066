/** @file Rules of layer norm over the last axis and per-channel norm over time, with their gradient rules. */
import type { Value } from '../../value.ts';
import { add, div, mul, sqrt, sub } from '../elementwise.ts';
import { reshape } from '../layout.ts';
import { named, type Op, outputs } from '../op.ts';
import { mean, sum, sumTo } from '../reduce.ts';

export const normalise: Record<string, Op> = {
  // x̂ = (x − μ)·σ⁻¹; with g = dy·gain: dx = σ⁻¹·(g − mean(g) − x̂·mean(g·x̂)), dgain = Σ dy·x̂, dbias = Σ dy.
  layerNorm: {
    infer: ([x]) => {
      const statistic = [...x.shape.slice(0, -1), 1];
      return [{ shape: x.shape }, { shape: statistic }, { shape: statistic }];
    },
    emit(e, node) {
      const attributes = { axis: -1, epsilon: { float: node.attributes.epsilon as number } };
      const [y, mu, inverse] = outputs(e, node);
      const kept = e.used(node.outputs[1]) || e.used(node.outputs[2]);
      e.node('LayerNormalization', named(e, node), attributes, kept ? [y, mu, inverse] : [y]);
    },
    gradient({ inputs: [x, gain, bias], outputs: [, mu, inverse] }, [d], needs) {
      const axis = [x!.shape.length - 1];
      const normed = mul(sub(x!, mu), inverse);
      const g = mul(d!, gain!);
      return [
        needs(0) ? mul(sub(sub(g, mean(g, axis)), mul(normed, mean(mul(g, normed), axis))), inverse) : undefined,
        needs(1) ? sumTo(mul(d!, normed), gain!.shape) : undefined,
        needs(2) ? sumTo(d!, bias!.shape) : undefined,
      ];
    },
    examples: [{ shapes: [[3, 6], [6], [6]], attributes: { epsilon: 1e-5 } }],
  },
  // The same rule as layer norm's, over time; the statistics are computed again in the backward pass.
  channelNorm: {
    infer: ([x]) => [{ shape: x.shape }],
    emit: (e, node) =>
      e.node(
        'InstanceNormalization',
        named(e, node),
        { epsilon: { float: node.attributes.epsilon as number } },
        outputs(e, node),
      ),
    gradient({ inputs: [x, gain, bias], attributes }, [d], needs) {
      const channel = [gain!.shape[0], 1];
      const over = (value: Value) => timeMean(value);
      const centred = sub(x!, over(x!));
      const deviation = sqrt(add(over(mul(centred, centred)), x!.graph.scalar(attributes.epsilon as number)));
      const normed = div(centred, deviation);
      const g = mul(d!, reshape(gain!, channel));
      return [
        needs(0) ? div(sub(sub(g, over(g)), mul(normed, over(mul(g, normed)))), deviation) : undefined,
        needs(1) ? reshape(sum(mul(d!, normed), [0, 2]), gain!.shape) : undefined,
        needs(2) ? reshape(sum(d!, [0, 2]), bias!.shape) : undefined,
      ];
    },
    examples: [{ shapes: [[2, 3, 7], [3], [3]], attributes: { epsilon: 1e-5 } }],
  },
};

/** The mean over time, kept as 1. The axis is symbolic, which is fine: no gradient goes through it. */
const timeMean = (x: Value) => mean(x, [x.shape.length - 1]);
