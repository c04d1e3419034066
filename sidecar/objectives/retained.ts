/** @file What keeps a model to what it knew (`config.retention`), put together in the graph of its step. */
import type { BaseConfig } from '../architecture/config.ts';
import type { Graph } from '../engine/graph.ts';
import { rows } from '../engine/ops/layout.ts';
import type { Value } from '../engine/value.ts';
import { adapterOf } from '../model/adapters/registry.ts';
import type { BaseHead } from '../model/checkpoint/base.ts';
import type { LearnableConfig } from '../model/config.ts';
import type { ProjectionHook } from '../model/families/family.ts';
import { applyMask, featureInput, maskInput, project } from '../model/families/front-end.ts';
import { encode } from '../model/families/transformer.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import type { QuantisedProducts } from '../weights/quantised.ts';
import type { TensorSource } from '../weights/weight.ts';
import { headConstants, maskedFrames, maskedPrediction } from './masked-prediction.ts';
import type { Objective } from './objective.ts';
import { distillation, replayedLogits, type Terms } from './retention.ts';

/** Before the names of the numbers that a teacher was left with. */
export const TEACHER = 'teacher:';

interface Into {
  graph: Graph;
  frozen: TensorSource;
  prefix: string;
  quantised?: QuantisedProducts;
}

interface Student {
  /** After the last block, of all frames or of the masked ones. */
  hidden: Value;
  /** [M, units], and [M, 1] in nats. */
  logits: Value;
  nll: Value;
}

/**
 * A teacher shares the student's graph: its weights are the same files, and what both compute alike (as does a control arm) is
 * computed once.
 * @param only the masked frames, where no router hears the others of the last block
 * @param baseHead needed where the base teaches
 */
export function retained(
  config: LearnableConfig,
  parameters: readonly Pick<ParameterSpec, 'name' | 'shape'>[],
  objective: Objective,
  { graph, frozen, prefix, quantised }: Into,
  student: Student,
  only: Value | undefined,
  baseHead?: BaseHead,
): Terms[] {
  const { base, retention: { distil, replayed } = {} } = config;
  const masked = (hidden: Value) => (hidden.shape[0] === 'M' ? hidden : rows(hidden, maskedFrames(graph)));
  const terms: Terms[] = [];
  if (distil?.teacher === 'base') {
    if (!baseHead) throw new Error('internal: a teacher without a head');
    const [theirs, head] = [maskedPrediction(baseHead), headConstants(graph, baseHead)];
    const teacher = masked(hear(graph, base, frozen, undefined, quantised?.(graph, frozen), maskedFrames(graph)));
    terms.push(distillation(theirs.logits(teacher, head), theirs.logits(masked(student.hidden), head), distil));
  }
  if (distil?.teacher === 'stage') {
    const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
    const left: TensorSource = (name) =>
      shapes.has(name) ? graph.input(`${prefix}${TEACHER}${name}`, shapes.get(name)!) : frozen(name);
    const inBytes = quantised?.(graph, left);
    const { hook } = adapterOf(config).attach(graph, left, false);
    const products: Products = inBytes && ((name, x) => (shapes.has(`${name}.weight`) ? undefined : inBytes(name, x)));
    const teacher = masked(hear(graph, base, left, hook, products, only));
    terms.push(distillation(objective.logits(teacher, left), student.logits, distil));
  }
  if (replayed) terms.push(replayedLogits(student.logits, student.nll, replayed));
  return terms;
}

type Products = ((projection: string, x: Value) => Value | undefined) | undefined;

/** The last hidden state as a frozen model has it of the student's masked speech. */
function hear(
  graph: Graph,
  base: BaseConfig,
  tensor: TensorSource,
  hook: ProjectionHook | undefined,
  products: Products,
  only: Value | undefined,
): Value {
  const heard = applyMask(tensor, project(base, tensor, featureInput(graph, base)), maskInput(graph));
  return encode(base, tensor, heard, hook, undefined, products, only).at(-1)!;
}
