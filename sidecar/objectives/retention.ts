/**
 * @file What is learned beside the labels so that less is forgotten: a frozen teacher's predictions (LwF), and logits that
 * were kept of replayed clips (DER). Terms of the loss, and measures of each masked frame.
 */
import { add, mul, scale, sub } from '../engine/ops/elementwise.ts';
import { logSumExp, softmax, sum } from '../engine/ops/reduce.ts';
import type { Builder, Value } from '../engine/value.ts';
import type { RetentionConfig } from '../model/config.ts';

/** What the graph is fed of clips whose logits were kept: 1 at their frames, and the logits. */
export const KEPT = 'kept';
export const KEPT_LOGITS = 'keptLogits';

export interface Terms {
  /** One element, to be added to the loss. */
  loss: Value;
  /** [M, 1] each. */
  measures: Record<string, Value>;
}

/**
 * Learning without Forgetting (Li & Hoiem 2016, eq. 2 and 3): the cross-entropy between what teacher and student predict, both
 * softened by a temperature (their y^(1/T) renormalised is a softmax of logits / T), less the teacher's own entropy, which
 * no parameter changes: 0 nats where both predict alike. The mean over masked frames, times the weight.
 * @param teacher logits [M, units], which must not depend on a parameter
 */
export function distillation(
  teacher: Value,
  student: Value,
  { weight, temperature }: NonNullable<RetentionConfig['distil']>,
): Terms {
  const [theirs, ours] = [scale(teacher, 1 / temperature), scale(student, 1 / temperature)];
  const apart = sum(mul(softmax(theirs), sub(theirs, ours)), [1]);
  const nats = add(sub(apart, logSumExp(theirs)), logSumExp(ours));
  return { loss: scale(meanOf(nats), weight), measures: { distillation: nats } };
}

/**
 * Dark Experience Replay (Buzzega et al. 2020, eq. 6, and 7 for the labels of DER++): the squared distance between the logits
 * that were kept of a frame and those of now, the mean over units as in the authors' code, times the weight; and the labels
 * of these frames count `labels` times. Both weigh as much as their frames' share of the masked frames.
 * @param now logits [M, units]
 * @param nll of the labels [M, 1]
 */
export function replayedLogits(
  now: Value,
  nll: Value,
  { weight, labels }: NonNullable<RetentionConfig['replayed']>,
): Terms {
  const { graph } = now;
  const kept = graph.input(KEPT, ['M', 1]);
  const apart = sub(now, graph.input(KEPT_LOGITS, now.shape));
  const distance = scale(sum(mul(apart, apart), [1]), 1 / (now.shape[1] as number));
  const term = scale(meanOf(mul(kept, distance)), weight);
  const loss = labels === 1 ? term : add(term, scale(meanOf(mul(kept, nll)), labels - 1));
  return { loss, measures: { logitDistance: distance } };
}

const meanOf = (perFrame: Value) => sum(mul(perFrame, frameWeight(perFrame.graph)), [0, 1]);
const frameWeight = (graph: Builder) => graph.input('frameWeight', ['M', 1]);
