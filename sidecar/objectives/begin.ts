/** @file Where every graph of a model begins: what is an input and what is frozen, up to the projected speech. */
import { Graph } from '../engine/graph.ts';
import type { Value } from '../engine/value.ts';
import type { Attached } from '../model/adapters/adapter.ts';
import { adapterOf } from '../model/adapters/registry.ts';
import type { LearnableConfig } from '../model/config.ts';
import { featureInput, frontEnd, project } from '../model/families/front-end.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import type { WeightFile } from '../weights/file.ts';
import type { QuantisedProducts } from '../weights/quantised.ts';
import type { TensorSource } from '../weights/weight.ts';
import { maskedFrames } from './masked-prediction.ts';

export interface Built extends Attached {
  graph: Graph;
  tensor: TensorSource;
  /** The waveform's or the cached features' frames, projected [B·T, hidden]. */
  projected: Value;
  /** Frozen products that are computed in 8 bits. */
  products?: ReturnType<QuantisedProducts>;
}

/** Where a model's graph goes, and how its frozen products are computed. */
export interface Into {
  graph: Graph;
  frozen: TensorSource;
  /** Before the names of its parameters, where several models share a graph. */
  prefix: string;
  quantised?: QuantisedProducts;
}

/**
 * @param taught whether a teacher hears what its student does: equal parts are then one, and a number that the student trains
 *   is not the frozen one of its name
 */
export const alone = (file: WeightFile, quantised?: QuantisedProducts, taught = false): Into => {
  const graph = new Graph({ shared: taught });
  return { graph, frozen: file.source(graph, taught ? 'frozen:' : ''), prefix: '', quantised };
};

/** A graph in which `parameters` are inputs and everything else is a frozen weight. */
export function begin(
  config: LearnableConfig,
  parameters: readonly GraphParameter[],
  { graph, frozen, prefix, quantised }: Into,
  training = false,
): Built {
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
  const inputs = new Map<string, Value>();
  const tensor: TensorSource = (name) => {
    const shape = shapes.get(name);
    if (!shape) return frozen(name);
    let value = inputs.get(name);
    if (!value) inputs.set(name, (value = graph.input(prefix + name, shape)));
    return value;
  };
  const { base } = config;
  const adapter = adapterOf(config);
  const speech = adapter.fromWave
    ? frontEnd(base, tensor, graph.input('wave', ['B', 1, 'S']))
    : featureInput(graph, base);
  const inBytes = quantised?.(graph, tensor);
  return {
    graph,
    tensor,
    projected: project(base, tensor, speech),
    // What trains is no frozen matrix, whatever the recipe says.
    products: inBytes && ((name, x) => (shapes.has(`${name}.weight`) ? undefined : inBytes(name, x))),
    ...adapter.attach(graph, tensor, training),
  };
}

export type GraphParameter = Pick<ParameterSpec, 'name' | 'shape'>;

/**
 * The masked frames, where nothing reads the others of the last state: a router of the last block does, for its penalties and
 * for the log of its use, and a dropout mask is as long as all frames are.
 */
export function onlyMasked({ base, adapter }: LearnableConfig, graph: Graph): Value | undefined {
  if (adapter.kind === 'lora-mixture') {
    const { experts, dropout } = adapter.mixture;
    if (experts[base.layers - 1] > 1 || dropout) return undefined;
  }
  return maskedFrames(graph);
}
