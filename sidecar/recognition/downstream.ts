/**
 * @file ML-SUPERB's downstream model as a graph, in the order of ESPnet's recipe: weighted sum of the frozen states,
 * SpecAugment, the clip's mean taken away, projection, two convolutions, two transformer blocks, logits.
 */
import type { Graph } from '../engine/graph.ts';
import { convolution2d } from '../engine/ops/convolution-2d.ts';
import { add, mul, relu, scale, sub } from '../engine/ops/elementwise.ts';
import { reshape, transpose } from '../engine/ops/layout.ts';
import { gemm, matmul } from '../engine/ops/linear.ts';
import { layerNorm } from '../engine/ops/normalise.ts';
import { softmax, sum } from '../engine/ops/reduce.ts';
import { product, type Shape } from '../engine/shape.ts';
import type { Value } from '../engine/value.ts';
import type { TensorSource } from '../weights/weight.ts';
import { attend, dropped } from './attention.ts';
import { convolved, type DownstreamConfig, STRIDE } from './config.ts';

const EPSILON = 1e-12;

/** What training alone does, as inputs that the graph asks for. */
export interface Disturbance {
  /** Dropout's share; 0 for none. */
  rate: number;
  /** The places where dropout acts, with the shapes of what is fed there. */
  places: { name: string; shape: Shape }[];
  /** SpecAugment on the summed states [B, T, width]. */
  augment(x: Value): Value;
}

/**
 * Logits [B·L, vocabulary] of `hidden` [layers, B·T, width], from clips of any lengths padded to T frames, an odd number.
 * Symbols: B clips, T frames, C frames after the first convolution, L after both. Fed by `batchFeeds`.
 */
export function downstream(
  config: DownstreamConfig,
  graph: Graph,
  tensor: TensorSource,
  disturbance?: Disturbance,
): Value {
  const { layers, width, model } = config;
  const outside = graph.input('outside', ['B', 1, 1, 'L']);
  const places = graph.derived('positions', ['L', model], 'float32', ({ L }) => sinusoids(L, model));
  const hidden = graph.input('hidden', [layers, 'B*T', width]);
  const shares = softmax(reshape(tensor('layer_weights'), [1, layers]));
  const summed = gemm(shares, reshape(hidden, [layers, product(['B*T', width])]));
  const speech = reshape(summed, ['B', 'T', width]);
  const centred = withoutMean(graph, disturbance ? disturbance.augment(speech) : speech);
  return logitsOf(config, tensor, centred, { outside, places }, { graph, disturbance });
}

/** What a graph must know of its frames of logits: which are no clip's own [B, 1, 1, L], and where each stands [L, model]. */
export interface LogitFrames {
  outside: Value;
  places: Value;
}

/** Logits [B·L, vocabulary] of summed states [B, T, width] from which each clip's mean is gone already. */
export const logitsOf = (
  config: DownstreamConfig,
  tensor: TensorSource,
  centred: Value,
  frames: LogitFrames,
  training: { graph: Graph; disturbance?: Disturbance },
): Value => transformer(config, tensor, convolutions(config, tensor, centred, config.model), frames, training);

/**
 * Each clip's mean over its own frames taken away (ESPnet's UtteranceMVN, variance left alone). What lies beyond a clip's end
 * is not put back to 0, as ESPnet does: no logit of the clip reads it.
 */
function withoutMean(graph: Graph, x: Value): Value {
  const mean = sum(mul(x, graph.input('share', ['B', 'T', 1])), [1]);
  return sub(x, mean);
}

/** Projection and ESPnet's Conv2dSubsampling2, flattened channel first; [B·L, model], not yet scaled. */
function convolutions({ pre, width }: DownstreamConfig, tensor: TensorSource, x: Value, model: number): Value {
  const linear = (name: string, rows: Value) =>
    gemm(rows, tensor(`${name}.weight`), tensor(`${name}.bias`), { transB: true });
  const projected = reshape(linear('pre', reshape(x, ['B*T', width])), ['B', 1, 'T', pre]);
  const convolve = (name: string, from: Value, stride: number, time: string) =>
    relu(convolution2d(from, tensor(`${name}.weight`), tensor(`${name}.bias`), { stride, time }));
  const narrow = convolve('conv2', convolve('conv1', projected, STRIDE, 'C'), 1, 'L');
  return linear('out', reshape(transpose(narrow, [0, 2, 1, 3]), ['B*L', model * convolved(pre)[1]]));
}

function transformer(
  { model, heads, blocks }: DownstreamConfig,
  tensor: TensorSource,
  frames: Value,
  { outside, places }: LogitFrames,
  { graph, disturbance }: { graph: Graph; disturbance?: Disturbance },
): Value {
  const norm = (name: string, x: Value) => layerNorm(x, tensor(`${name}.weight`), tensor(`${name}.bias`), EPSILON);
  const linear = (name: string, x: Value) =>
    gemm(x, tensor(`${name}.weight`), tensor(`${name}.bias`), { transB: true });
  const drop = (place: string, x: Value) => {
    if (!disturbance || disturbance.rate === 0) return x;
    const name = `dropout:${place}`;
    disturbance.places.push({ name, shape: x.shape });
    return dropped(x, graph.input(name, x.shape));
  };
  const placed = add(reshape(scale(frames, Math.sqrt(model)), ['B', 'L', model]), places);
  let x = drop('positions', reshape(placed, ['B*L', model]));
  for (let i = 0; i < blocks; i++) {
    const name = `blocks.${i}`;
    const normed = norm(`${name}.norm1`, x);
    const [q, v] = ['q', 'v'].map((target) => linear(`${name}.att.${target}`, normed));
    // A bias of k adds the same to all scores of a row: its gradient is 0. What float32 would leave of it is noise, which
    // Adam would make whole steps of; so it is a parameter like the others, read with the factor 0.
    const idle = scale(tensor(`${name}.att.k.bias`), 0);
    const k = gemm(normed, tensor(`${name}.att.k.weight`), idle, { transB: true });
    const options = { heads, time: 'L', outside, drop: (weights: Value) => drop(`${name}.att.weights`, weights) };
    x = add(x, drop(`${name}.att`, linear(`${name}.att.o`, attend(q, k, v, options))));
    const inner = drop(`${name}.w1`, relu(linear(`${name}.w1`, norm(`${name}.norm2`, x))));
    x = add(x, drop(`${name}.w2`, linear(`${name}.w2`, inner)));
  }
  return linear('ctc', norm('after_norm', x));
}

/** sin and cos of place / 10000^(2i / D), by turns (Vaswani et al. 2017, section 3.5), [frames · width]. */
export function sinusoids(frames: number, width: number): Float32Array {
  return Float32Array.from({ length: frames * width }, (_, at) => {
    const [place, column] = [Math.floor(at / width), at % width];
    const angle = place / 10000 ** ((column - (column % 2)) / width);
    return column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}

/** SpecAugment as inputs: `augment.warp` [B, T, T], `augment.time` [B, T, 1] and `augment.width` [B, 1, width]. */
export function specAugmentInputs(graph: Graph, width: number): Disturbance['augment'] {
  return (x) => {
    const warped = matmul(graph.input('augment.warp', ['B', 'T', 'T']), x);
    const masks = mul(graph.input('augment.time', ['B', 'T', 1]), graph.input('augment.width', ['B', 1, width]));
    return mul(warped, masks);
  };
}
