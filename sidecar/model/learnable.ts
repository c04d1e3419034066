/** @file The whole trainable model as graphs: the training step, its evaluation, and features, from one description. */
import type { BaseConfig } from '../architecture/config.ts';
import { gradients } from '../engine/gradient.ts';
import { Graph, type Value } from '../engine/graph.ts';
import { add } from '../engine/ops/elementwise.ts';
import { gemm } from '../engine/ops/linear.ts';
import { argMax, unitRows } from '../engine/ops/reduce.ts';
import type { BaseHead } from './checkpoint/base.ts';
import {
  applyMask,
  encode,
  featureInput,
  frontEnd,
  maskInput,
  type ProjectionHook,
  project,
  type TensorSource,
} from './hubert.ts';
import { type MixtureConfig, mixtureHook, mixtureParameters, type Routing, routingStatistics } from './mixture.ts';
import { type HeadShape, headParameters, maskedInput, predict, weightedLoss } from './objective.ts';
import type { ParameterSpec } from './parameters.ts';
import type { WeightFile } from './weights.ts';

export type AdapterConfig =
  | { kind: 'lora-mixture'; mixture: MixtureConfig }
  /** The transformer itself trains: the baseline that forgets. */
  | { kind: 'full' }
  /** Everything trains, the convolutions too: pre-training a base from scratch. */
  | { kind: 'scratch' }
  /** The head alone trains: the control. */
  | { kind: 'none' };

export interface LearnableConfig {
  base: BaseConfig;
  adapter: AdapterConfig;
  head: HeadShape;
  /** The mask embedding trains too. */
  trainMask: boolean;
}

type Weights = ReadonlyMap<string, { shape: number[]; data: Float32Array }>;

/** Which of the base's own tensors train. */
export function trainsBaseTensor({ adapter, trainMask }: LearnableConfig, name: string): boolean {
  if (adapter.kind === 'scratch') return true;
  if (name === 'masked_spec_embed') return trainMask;
  return adapter.kind === 'full' && name.startsWith('encoder.');
}

/** Every parameter in its order in the flat vector: adapters, tensors of the base, then the head. */
export function parameterSpecs(config: LearnableConfig, weights: Weights): ParameterSpec[] {
  const own = config.adapter.kind === 'lora-mixture' ? mixtureParameters(config.base, config.adapter.mixture) : [];
  const base = [...weights]
    .filter(([name]) => trainsBaseTensor(config, name))
    .map(([name, { shape, data }]) => ({ name, shape, init: { values: data } }));
  return [...own, ...base, ...headParameters(config.base.hidden, config.head)];
}

export const isHead = (name: string) => name.startsWith('final_proj.') || name === 'label_embs';

interface Built {
  graph: Graph;
  tensor: TensorSource;
  hook?: ProjectionHook;
  routing(): Routing;
}

/** A graph in which `parameters` are inputs and everything else is a frozen weight. */
function begin(config: LearnableConfig, file: WeightFile, parameters: readonly ParameterSpec[]): Built {
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
  if (config.adapter.kind !== 'lora-mixture') return { graph, tensor, routing: () => ({ gates: [] }) };
  return { graph, tensor, ...mixtureHook(graph, config.adapter.mixture, tensor) };
}

function speech(config: LearnableConfig, graph: Graph, tensor: TensorSource): Value {
  if (config.adapter.kind !== 'scratch') return featureInput(graph, config.base);
  return frontEnd(config.base, tensor, graph.input('wave', ['B', 1, 'S']));
}

/** Outputs `loss`, `nll`, `correct`, routing statistics, and `grad:<parameter>` for every parameter. */
export function stepGraph(
  config: LearnableConfig,
  file: WeightFile,
  parameters: readonly ParameterSpec[],
): Record<string, Value> {
  const { graph, tensor, hook, routing } = begin(config, file, parameters);
  const projected = project(config.base, tensor, speech(config, graph, tensor));
  const hidden = encode(config.base, tensor, applyMask(tensor, projected, maskInput(graph)), hook).at(-1)!;
  const { nll, correct } = predict(hidden, maskedInput(graph), tensor, config.head);
  const { penalty } = routing();
  const masked = weightedLoss(nll);
  const loss = penalty ? add(masked, graph.apply('reshape', [penalty], { shape: masked.shape })[0]) : masked;
  const inputs = parameters.map(({ name }) => tensor(name));
  const outputs: Record<string, Value> = { loss, nll, correct, ...routingStatistics(routing()) };
  gradients(loss, inputs).forEach((gradient, i) => {
    outputs[`grad:${parameters[i].name}`] = gradient;
  });
  return outputs;
}

/** Outputs `nll`, `correct`, routing statistics, and `base.nll`, `base.correct` by the base's own frozen head. */
export function evaluationGraph(
  config: LearnableConfig,
  file: WeightFile,
  parameters: readonly ParameterSpec[],
  baseHead?: BaseHead,
): Record<string, Value> {
  const { graph, tensor, hook, routing } = begin(config, file, parameters);
  const projected = project(config.base, tensor, speech(config, graph, tensor));
  const hidden = encode(config.base, tensor, applyMask(tensor, projected, maskInput(graph)), hook).at(-1)!;
  const masked = maskedInput(graph);
  const outputs: Record<string, Value> = {
    ...predict(hidden, masked, tensor, config.head),
    ...routingStatistics(routing()),
  };
  if (baseHead) {
    const { nll, correct } = predict(hidden, masked, headConstants(graph, baseHead), baseHead, 'base.');
    outputs['base.nll'] = nll;
    outputs['base.correct'] = correct;
  }
  return outputs;
}

/** Outputs `hidden:<i>` [B·T, hidden] for each wanted state, as in transformers 4.x, and `baseUnits` int64 [B·T]: the
 * base's own head's choice on unmasked speech, the labels of the yardstick of forgetting. */
export function featureGraph(
  config: LearnableConfig,
  file: WeightFile,
  parameters: readonly ParameterSpec[],
  layers: readonly number[],
  baseHead?: BaseHead,
): Record<string, Value> {
  const { graph, tensor, hook } = begin(config, file, parameters);
  const states = encode(config.base, tensor, project(config.base, tensor, speech(config, graph, tensor)), hook);
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

function headConstants(graph: Graph, head: BaseHead): TensorSource {
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
function likeliestUnits(graph: Graph, hidden: Value, head: BaseHead): Value {
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
