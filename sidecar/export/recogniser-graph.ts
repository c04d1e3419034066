/**
 * @file The adapted encoder and a recogniser on it as one ONNX graph that runs by itself: waveform in, logits out, in two
 * forms that compute the same: one input as sherpa-onnx gives it, or with a mask, in which padding changes nothing.
 */
import { type Compiled, compile, type Standalone } from '../engine/compile.ts';
import { Graph } from '../engine/graph.ts';
import { NEVER } from '../engine/ops/alignment.ts';
import { convolution } from '../engine/ops/convolution.ts';
import { add, div, equals, mul, scale, sqrt, sub, toFloat } from '../engine/ops/elementwise.ts';
import { firstRows, reshape } from '../engine/ops/layout.ts';
import { matmul } from '../engine/ops/linear.ts';
import { sum } from '../engine/ops/reduce.ts';
import type { Value } from '../engine/value.ts';
import type { Adapted } from '../evaluation/frozen-states.ts';
import { KERNEL, STRIDE } from '../recognition/config.ts';
import { logitsOf, sinusoids } from '../recognition/downstream.ts';
import type { Kept } from '../recognition/kept.ts';
import type { FrozenWeights, TensorSource } from '../weights/weight.ts';
import { adaptedEncoder } from './encoder-graph.ts';

/** `x` [N, samples] alone; or `x` and `attention_mask` int64 [N, samples], 1 for a clip's own samples, which come first. */
export type RecogniserForm = 'waveform' | 'padded';

/** Frames of logits that places are kept for: more than two minutes and a half of speech at 40 ms. */
export const MOST_LOGIT_FRAMES = 4096;

/**
 * Output `logits` [N, frames, vocabulary]; beyond a clip's own frames 0, of which the largest is the blank's place.
 * @param normalise whether the base wants zero mean and unit variance: the graph then makes them, which does no harm twice
 */
export function recogniserModel(
  adapted: Adapted,
  { config, parameters }: Pick<Kept, 'config' | 'parameters'>,
  weights: FrozenWeights['weights'],
  normalise: boolean,
  form: RecogniserForm,
  outside?: Standalone['outside'],
): Compiled {
  const graph = new Graph();
  const input = graph.input('x', ['B', 'S']);
  const given = reshape(input, ['B', 1, 'S']);
  // Every sample is a clip's own then, but for what is no number.
  const samples =
    form === 'padded'
      ? reshape(toFloat(graph.input('attention_mask', ['B', 'S'], 'int64')), ['B', 1, 'S'])
      : equals(given, given);
  const wave = normalise ? normalised(given, samples) : given;
  const { states, last } = adaptedEncoder(adapted, weights, graph)(wave, samples);

  const made = new Map<string, Value>();
  const tensor: TensorSource = (name) => {
    let value = made.get(name);
    if (!value) {
      value = graph.constant(parameters.view(name), parameters.shape(name), `recogniser.${name}`);
      made.set(name, value);
    }
    return value;
  };
  const shares = softmaxOf(parameters.view('layer_weights'));
  const summed = states.map((state, i) => scale(state, shares[i])).reduce((a, b) => add(a, b));
  const speech = reshape(summed, ['B', 'T', config.width]);
  // A mean over a clip's own frames as a matrix product: runtimes add those up in blocks.
  const centred = sub(speech, div(matmul(last, speech), atLeastOne(last)));
  const { half, own } = ownLogits(last);
  const places = firstRows(
    graph.constant(sinusoids(MOST_LOGIT_FRAMES, config.model), [MOST_LOGIT_FRAMES, config.model], 'recogniser.places'),
    'L',
  );
  const beyond = reshape(scale(sub(graph.scalar(1), own), NEVER), ['B', 1, 1, 'L']);
  const logits = logitsOf(config, tensor, centred, { outside: beyond, places }, { graph });
  const heard = mul(logits, reshape(own, ['B*L', 1]));
  return compile({ logits: reshape(heard, ['B', 'L', config.vocabulary]) }, 'portable', {
    symbols: {
      B: { of: input, axis: 0, label: 'N' },
      S: { of: input, axis: 1, label: 'samples' },
      T: { of: last, axis: 2, label: 'states' },
      C: { of: half, axis: 2, label: 'halfway' },
      L: { of: own, axis: 2, label: 'frames' },
    },
    outside,
  });
}

/** 1 for each frame that hears nothing but a clip's own, after the first convolution [B, 1, C] and after both [B, 1, L]. */
function ownLogits(last: Value): { half: Value; own: Value } {
  const end = last.graph.constant(
    Float32Array.from({ length: KERNEL }, (_, k) => +(k === KERNEL - 1)),
    [1, 1, KERNEL],
  );
  const half = convolution(last, end, undefined, { stride: STRIDE, time: 'C' });
  return { half, own: convolution(half, end, undefined, { stride: 1, time: 'L' }) };
}

/** (x − mean) / √(variance + 1e-7) over a clip's own samples, as normalise.ts has it. */
function normalised(x: Value, samples: Value): Value {
  const { graph } = x;
  const mean = (of: Value) => div(matmul(of, samples, { transB: true }), atLeastOne(samples));
  const heard = mul(x, samples);
  const centred = mul(sub(heard, mean(heard)), samples);
  return div(centred, sqrt(add(mean(mul(centred, centred)), graph.scalar(1e-7))));
}

/** Ones along the last axis, counted [B, 1, 1]; a clip without any divides by 1. */
function atLeastOne(own: Value): Value {
  const count = sum(own, [2]);
  return add(count, equals(count, own.graph.scalar(0)));
}

function softmaxOf(weights: Float32Array): number[] {
  const most = Math.max(...weights);
  const powers = Array.from(weights, (weight) => Math.exp(weight - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
