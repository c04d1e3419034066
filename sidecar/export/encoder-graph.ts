/**
 * @file The adapted encoder as one ONNX graph that runs by itself: waveform and attention mask in, hidden states out,
 * weights and adapter inside, gates computed in it.
 */
import { siteName } from '../architecture/sites.ts';
import { type Compiled, compile, type Standalone } from '../engine/compile.ts';
import { Graph } from '../engine/graph.ts';
import { mul, toFloat } from '../engine/ops/elementwise.ts';
import { reshape } from '../engine/ops/layout.ts';
import type { Value } from '../engine/value.ts';
import type { Adapted } from '../evaluation/frozen-states.ts';
import { adapterOf } from '../model/adapters/registry.ts';
import { frontEnd, project } from '../model/families/front-end.ts';
import { ownFrames } from '../model/families/padding.ts';
import { encode } from '../model/families/transformer.ts';
import type { FrozenWeights, TensorSource } from '../weights/weight.ts';

export interface EncoderOutputs {
  /** `hidden_states.<i>` as in transformers 4.x: 0 is the encoder's input, i the output of block i. */
  hiddenStates?: boolean;
  /** `gates.<module>` [batch, frames, experts] of every projection that has a router. */
  gates?: boolean;
}

/**
 * Inputs `input_values` [batch, samples], normalised where the base wants it, and `attention_mask` int64 [batch, samples],
 * 1 for a clip's own samples, which come first. Outputs [batch, frames, width], zeros beyond a clip's own frames.
 */
export function encoderModel(
  { config, parameters }: Adapted,
  weights: FrozenWeights['weights'],
  wanted: EncoderOutputs,
  outside?: Standalone['outside'],
): Compiled {
  const graph = new Graph();
  const input = graph.input('input_values', ['B', 'S']);
  const attention = graph.input('attention_mask', ['B', 'S'], 'int64');
  const samples = reshape(toFloat(attention), ['B', 1, 'S']);
  const model = adaptedEncoder({ config, parameters }, weights, graph);
  const { states, own, last, routing } = model(reshape(input, ['B', 1, 'S']), samples);

  const byClip = (x: Value) => reshape(mul(x, own), ['B', 'T', x.shape[1]]);
  const outputs: Record<string, Value> = { last_hidden_state: byClip(states[states.length - 1]) };
  if (wanted.hiddenStates) for (const [i, state] of states.entries()) outputs[`hidden_states.${i}`] = byClip(state);
  if (wanted.gates) for (const { site, gates } of routing().gates) outputs[`gates.${siteName(site)}`] = byClip(gates);
  return compile(outputs, 'portable', {
    symbols: {
      B: { of: input, axis: 0, label: 'batch' },
      S: { of: input, axis: 1, label: 'samples' },
      T: { of: last, axis: 2, label: 'frames' },
    },
    outside,
  });
}

/**
 * The adapted model with its weights inside, for a wave [B, 1, S] and 1 for each clip's own samples [B, 1, S], which come
 * first: all states [B·T, hidden], and 1 for a clip's own frames, as `own` [B·T, 1] and `last` [B, 1, T].
 */
export function adaptedEncoder({ config, parameters }: Adapted, weights: FrozenWeights['weights'], graph: Graph) {
  const { base } = config;
  const trained = new Set(parameters.names);
  const made = new Map<string, Value>();
  const tensor: TensorSource = (name) => {
    let value = made.get(name);
    if (value) return value;
    const own = trained.has(name);
    const frozen = own ? undefined : weights.get(name);
    if (!own && !frozen) throw new Error(`internal: the base has no tensor ${name}`);
    const data = own ? parameters.view(name) : frozen!.data;
    made.set(name, (value = graph.constant(data, own ? parameters.shape(name) : frozen!.shape, name)));
    return value;
  };

  const { hook, routing } = adapterOf(config).attach(graph, tensor, false);
  return (wave: Value, samples: Value) => {
    const { first, last } = ownFrames(base, samples);
    const own = reshape(last, ['B*T', 1]);
    // Whatever fills the batch up, also what is no number: it would spoil sums that it is multiplied out of.
    const heard = mul(wave, samples);
    const states = encode(base, tensor, project(base, tensor, frontEnd(base, tensor, heard, first)), hook, own);
    return { states, own, last, routing };
  };
}
