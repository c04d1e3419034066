/** @file The whole trainable model as graphs: the training step, its evaluation, and features, from one description. */
import type { BaseConfig } from '../architecture/config.ts';
import { MASK_EMBEDDING } from '../architecture/shapes.ts';
import { gradients } from '../engine/gradient.ts';
import { Graph, reachable } from '../engine/graph.ts';
import { add } from '../engine/ops/elementwise.ts';
import { reshape, rows } from '../engine/ops/layout.ts';
import { gemm } from '../engine/ops/linear.ts';
import type { Value } from '../engine/value.ts';
import { routingStatistics } from '../model/adapters/mixture.ts';
import { adapterOf } from '../model/adapters/registry.ts';
import type { BaseHead } from '../model/checkpoint/base.ts';
import { type LearnableConfig, MEASURING, measuresAlone } from '../model/config.ts';
import { applyMask, frontEnd, maskInput } from '../model/families/front-end.ts';
import { encode } from '../model/families/transformer.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import type { WeightFile } from '../weights/file.ts';
import type { QuantisedProducts } from '../weights/quantised.ts';
import type { FrozenWeights, TensorSource } from '../weights/weight.ts';
import { alone, begin, type GraphParameter, type Into, onlyMasked } from './begin.ts';
import { headConstants, likeliestUnits, maskedFrames, maskedPrediction } from './masked-prediction.ts';
import type { Objective } from './objective.ts';
import { retained } from './retained.ts';

/** The one objective there is so far; another is chosen here. */
export const objectiveOf = ({ head }: LearnableConfig): Objective => maskedPrediction(head);

type Weights = FrozenWeights['weights'];

/** Every parameter in its order in the flat vector: adapters, tensors of the base, then the head. */
export function parameterSpecs(config: LearnableConfig, weights: Weights): ParameterSpec[] {
  const adapter = adapterOf(config);
  const trains = (name: string) =>
    name === MASK_EMBEDDING ? config.trainMask || adapter.fromWave : adapter.trains(name);
  const base = [...weights]
    .filter(([name]) => trains(name))
    .map(([name, { shape, data }]) => ({ name, shape, group: 'base' as const, init: { values: data } }));
  const head = objectiveOf(config).parameters(config.base.hidden);
  const measuring = config.measuringHead ? head.map((spec) => ({ ...spec, name: `${MEASURING}${spec.name}` })) : [];
  return [...adapter.parameters, ...base, ...head, ...measuring];
}

/** What is learned, and what is measured: by the one head there is, or by one of its own whose loss is `apart`. */
function predicted(
  config: LearnableConfig,
  hidden: Value,
  tensor: TensorSource,
): ReturnType<Objective['build']> & { apart?: Value } {
  const own = objectiveOf(config).build(hidden, tensor);
  if (!config.measuringHead) return own;
  const { loss, measures } = objectiveOf(config).build(hidden, (name) => tensor(`${MEASURING}${name}`), MEASURING);
  const named = Object.entries(measures).map(([name, value]) => [name.slice(MEASURING.length), value] as const);
  return { ...own, measures: Object.fromEntries(named), apart: loss };
}

/** Outputs `loss`, `nll`, `correct`, routing statistics, and `grad:<parameter>` for every parameter. */
export function stepGraph(
  config: LearnableConfig,
  file: WeightFile,
  parameters: readonly GraphParameter[],
  quantised?: QuantisedProducts,
  baseHead?: BaseHead,
): Record<string, Value> {
  return stepOf(config, parameters, alone(file, quantised, config.retention !== undefined), baseHead);
}

function stepOf(
  config: LearnableConfig,
  parameters: readonly GraphParameter[],
  into: Into,
  baseHead?: BaseHead,
): Record<string, Value> {
  const { graph, tensor, projected, hook, routing, products } = begin(config, parameters, into, true);
  const heard = applyMask(tensor, projected, maskInput(graph));
  const hidden = encode(config.base, tensor, heard, hook, undefined, products, onlyMasked(config, graph)).at(-1)!;
  const { apart, ...own } = predicted(config, hidden, tensor);
  const student = { hidden, logits: own.logits, nll: own.measures.nll };
  const terms = retained(config, parameters, objectiveOf(config), into, student, onlyMasked(config, graph), baseHead);
  const { penalty } = routing();
  const masked = penalty ? add(own.loss, reshape(penalty, own.loss.shape)) : own.loss;
  const loss = terms.reduce((total, term) => add(total, term.loss), masked);
  const outputs: Record<string, Value> = { loss, ...own.measures, ...routingStatistics(routing()) };
  for (const { measures } of terms) Object.assign(outputs, measures);
  const sweep = (from: Value, names: readonly string[]) => {
    for (const [i, gradient] of gradients(from, names.map(tensor)).entries()) outputs[`grad:${names[i]}`] = gradient;
  };
  const names = parameters.map(({ name }) => name);
  sweep(
    loss,
    names.filter((name) => !measuresAlone(name)),
  );
  if (apart) sweep(apart, names.filter(measuresAlone));
  return outputs;
}

/** A frozen product of the step in float32, one way: what is multiplied, and what comes of it without a bias. */
export interface Probed {
  projection: string;
  direction: 'forward' | 'backward';
  /** Forward the speech's [B·T, in]; backward the loss's gradient by what the projection gives [B·T, out]. */
  left: Value;
  exact: Value;
}

/**
 * The step in float32, opened up at every frozen projection in their order: the way forward, and where the way back multiplies
 * by it too, that. What is to be known of them is for the caller to add; equal parts are one.
 */
export function probeGraph(
  config: LearnableConfig,
  file: WeightFile,
  parameters: readonly GraphParameter[],
): { graph: Graph; step: Record<string, Value>; products: Probed[] } {
  const seen: { projection: string; left: Value; exact: Value; given: Value; matrix: Value }[] = [];
  const look: QuantisedProducts = (_, tensor) => (projection, left) => {
    const matrix = tensor(`${projection}.weight`);
    const exact = gemm(left, matrix, undefined, { transB: true });
    const given = add(exact, tensor(`${projection}.bias`));
    seen.push({ projection, left, exact, given, matrix });
    return given;
  };
  const into = alone(file, look, true);
  const { graph } = into;
  const step = stepOf(config, parameters, into);
  const trained = new Set(parameters.map(({ name }) => name));
  const learns = (x: Value) =>
    reachable([x]).some(({ inputs }) =>
      inputs.some((input) => input && trained.has(graph.sources.get(input)?.name ?? '')),
    );
  const back = seen.filter(({ left }) => learns(left));
  const by = gradients(
    step.loss,
    back.map(({ given }) => given),
  );
  const products = seen.flatMap((one): Probed[] => {
    const { projection, left, exact, matrix } = one;
    const gradient = by[back.indexOf(one)];
    const forward: Probed = { projection, direction: 'forward', left, exact };
    return gradient
      ? [forward, { projection, direction: 'backward', left: gradient, exact: gemm(gradient, matrix) }]
      : [forward];
  });
  return { graph, step, products };
}

/** Outputs `nll`, `correct`, routing statistics, and `base.nll`, `base.correct` by the base's own frozen head. */
export function evaluationGraph(
  config: LearnableConfig,
  file: WeightFile,
  parameters: readonly GraphParameter[],
  baseHead?: BaseHead,
): Record<string, Value> {
  return evaluationOf(config, parameters, alone(file), baseHead);
}

function evaluationOf(
  config: LearnableConfig,
  parameters: readonly GraphParameter[],
  into: Into,
  baseHead?: BaseHead,
): Record<string, Value> {
  const { graph, tensor, projected, hook, routing } = begin(config, parameters, into);
  const heard = applyMask(tensor, projected, maskInput(graph));
  const hidden = encode(config.base, tensor, heard, hook, undefined, undefined, onlyMasked(config, graph)).at(-1)!;
  const outputs: Record<string, Value> = {
    ...predicted(config, hidden, tensor).measures,
    ...routingStatistics(routing()),
  };
  if (baseHead)
    Object.assign(outputs, maskedPrediction(baseHead).build(hidden, headConstants(graph, baseHead), 'base.').measures);
  return outputs;
}

/** One of several models that learn from the same batches. */
export interface Model {
  config: LearnableConfig;
  parameters: readonly GraphParameter[];
  baseHead?: BaseHead;
}

/** Before the names of a model's parameters and outputs in a graph of several. */
export const prefixOf = (model: number) => `${model}/`;

/**
 * Several models' steps, or evaluations, as one graph: what is the same in all of them is computed once, frozen weights lie
 * in memory once, and the activations of one make room for those of the next.
 */
export function jointGraph(
  kind: 'step' | 'evaluation',
  models: readonly Model[],
  file: WeightFile,
  quantised?: QuantisedProducts,
): Record<string, Value> {
  const graph = new Graph({ shared: true });
  const frozen = file.source(graph);
  const outputs: Record<string, Value> = {};
  models.forEach(({ config, parameters, baseHead }, i) => {
    const into = { graph, frozen, prefix: prefixOf(i), quantised };
    const own =
      kind === 'step' ? stepOf(config, parameters, into, baseHead) : evaluationOf(config, parameters, into, baseHead);
    for (const [name, value] of Object.entries(own)) outputs[`${into.prefix}${name}`] = value;
  });
  return outputs;
}

/** Output `logits` [M, units]: what the model says of the masked frames, without labels. */
export function logitsGraph(
  config: LearnableConfig,
  file: WeightFile,
  parameters: readonly GraphParameter[],
): Record<string, Value> {
  const { graph, tensor, projected, hook } = begin(config, parameters, alone(file));
  const heard = applyMask(tensor, projected, maskInput(graph));
  const hidden = encode(config.base, tensor, heard, hook, undefined, undefined, onlyMasked(config, graph)).at(-1)!;
  const masked = hidden.shape[0] === 'M' ? hidden : rows(hidden, maskedFrames(graph));
  return { logits: objectiveOf(config).logits(masked, tensor) };
}

/** Outputs `hidden:<i>` [B·T, hidden] for each wanted state, as in transformers 4.x, and `baseUnits` int64 [B·T]: the
 * base's own head's choice on unmasked speech, the labels of the yardstick of forgetting. */
export function featureGraph(
  config: LearnableConfig,
  file: WeightFile,
  parameters: readonly GraphParameter[],
  layers: readonly number[],
  baseHead?: BaseHead,
): Record<string, Value> {
  const { graph, tensor, projected, hook } = begin(config, parameters, alone(file));
  const states = encode(config.base, tensor, projected, hook);
  const outputs: Record<string, Value> = {};
  for (const layer of layers) outputs[`hidden:${layer}`] = states[layer];
  if (baseHead) outputs.baseUnits = likeliestUnits(graph, states.at(-1)!, baseHead);
  return outputs;
}

/** Waveform to convolutional features, output `features` [B·T, C]. */
export function frontEndGraph(base: BaseConfig, file: WeightFile): Record<string, Value> {
  const graph = new Graph();
  return { features: frontEnd(base, file.source(graph), graph.input('wave', ['B', 1, 'S'])) };
}
