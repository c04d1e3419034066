/** @file The whole trainable model as graphs: the training step, its evaluation, and features, from one description. */
import type { BaseConfig } from '../architecture/config.ts';
import { MASK_EMBEDDING } from '../architecture/shapes.ts';
import { gradients } from '../engine/gradient.ts';
import { Graph } from '../engine/graph.ts';
import { add } from '../engine/ops/elementwise.ts';
import { reshape } from '../engine/ops/layout.ts';
import type { Value } from '../engine/value.ts';
import type { Attached } from '../model/adapters/adapter.ts';
import { routingStatistics } from '../model/adapters/mixture.ts';
import { adapterOf } from '../model/adapters/registry.ts';
import type { BaseHead } from '../model/checkpoint/base.ts';
import { type LearnableConfig, MEASURING, measuresAlone } from '../model/config.ts';
import { applyMask, featureInput, frontEnd, maskInput, project } from '../model/families/front-end.ts';
import { encode } from '../model/families/transformer.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import type { WeightFile } from '../weights/file.ts';
import type { FrozenWeights, TensorSource } from '../weights/weight.ts';
import { headConstants, likeliestUnits, maskedPrediction } from './masked-prediction.ts';
import type { Objective } from './objective.ts';

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
): { loss: Value; measures: Record<string, Value>; apart?: Value } {
  const own = objectiveOf(config).build(hidden, tensor);
  if (!config.measuringHead) return own;
  const { loss, measures } = objectiveOf(config).build(hidden, (name) => tensor(`${MEASURING}${name}`), MEASURING);
  const named = Object.entries(measures).map(([name, value]) => [name.slice(MEASURING.length), value] as const);
  return { loss: own.loss, measures: Object.fromEntries(named), apart: loss };
}

interface Built extends Attached {
  graph: Graph;
  tensor: TensorSource;
  /** The waveform's or the cached features' frames, projected [B·T, hidden]. */
  projected: Value;
}

/** A graph in which `parameters` are inputs and everything else is a frozen weight. */
function begin(
  config: LearnableConfig,
  file: WeightFile,
  parameters: readonly GraphParameter[],
  training = false,
): Built {
  const graph = new Graph();
  const frozen = file.source(graph);
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
  const inputs = new Map<string, Value>();
  const tensor: TensorSource = (name) => {
    const shape = shapes.get(name);
    if (!shape) return frozen(name);
    let value = inputs.get(name);
    if (!value) inputs.set(name, (value = graph.input(name, shape)));
    return value;
  };
  const { base } = config;
  const adapter = adapterOf(config);
  const speech = adapter.fromWave
    ? frontEnd(base, tensor, graph.input('wave', ['B', 1, 'S']))
    : featureInput(graph, base);
  return { graph, tensor, projected: project(base, tensor, speech), ...adapter.attach(graph, tensor, training) };
}

type GraphParameter = Pick<ParameterSpec, 'name' | 'shape'>;

/** Outputs `loss`, `nll`, `correct`, routing statistics, and `grad:<parameter>` for every parameter. */
export function stepGraph(
  config: LearnableConfig,
  file: WeightFile,
  parameters: readonly GraphParameter[],
): Record<string, Value> {
  const { graph, tensor, projected, hook, routing } = begin(config, file, parameters, true);
  const hidden = encode(config.base, tensor, applyMask(tensor, projected, maskInput(graph)), hook).at(-1)!;
  const { loss: masked, measures, apart } = predicted(config, hidden, tensor);
  const { penalty } = routing();
  const loss = penalty ? add(masked, reshape(penalty, masked.shape)) : masked;
  const outputs: Record<string, Value> = { loss, ...measures, ...routingStatistics(routing()) };
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

/** Outputs `nll`, `correct`, routing statistics, and `base.nll`, `base.correct` by the base's own frozen head. */
export function evaluationGraph(
  config: LearnableConfig,
  file: WeightFile,
  parameters: readonly GraphParameter[],
  baseHead?: BaseHead,
): Record<string, Value> {
  const { graph, tensor, projected, hook, routing } = begin(config, file, parameters);
  const hidden = encode(config.base, tensor, applyMask(tensor, projected, maskInput(graph)), hook).at(-1)!;
  const outputs: Record<string, Value> = {
    ...predicted(config, hidden, tensor).measures,
    ...routingStatistics(routing()),
  };
  if (baseHead)
    Object.assign(outputs, maskedPrediction(baseHead).build(hidden, headConstants(graph, baseHead), 'base.').measures);
  return outputs;
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
  const { graph, tensor, projected, hook } = begin(config, file, parameters);
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
