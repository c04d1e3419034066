/** @file From the waveform to the frames that the transformer reads: convolutions, projection, mask. One for all families. */
import type { BaseConfig } from '../../architecture/config.ts';
import { MASK_EMBEDDING } from '../../architecture/shapes.ts';
import type { Graph } from '../../engine/graph.ts';
import { convolution } from '../../engine/ops/convolution.ts';
import { add, gelu, mul, sub } from '../../engine/ops/elementwise.ts';
import { reshape, transpose } from '../../engine/ops/layout.ts';
import { gemm } from '../../engine/ops/linear.ts';
import { channelNorm, layerNorm } from '../../engine/ops/normalise.ts';
import type { Value } from '../../engine/value.ts';
import type { TensorSource } from '../../weights/weight.ts';
import { ownChannelNorm } from './padding.ts';

/**
 * Waveform [B, 1, S] at 16 kHz → convolutional features [B·T, C].
 * @param own [B, 1, S0], 0 for what the first convolution makes of padding
 */
export function frontEnd(config: BaseConfig, weights: TensorSource, wave: Value, own?: Value): Value {
  let x = wave;
  const last = config.convDim.length - 1;
  for (let i = 0; i <= last; i++) {
    const name = `feature_extractor.conv_layers.${i}`;
    const bias = config.convBias ? weights(`${name}.conv.bias`) : undefined;
    const time = i === last ? 'T' : `S${i}`;
    x = convolution(x, weights(`${name}.conv.weight`), bias, { stride: config.convStride[i], time });
    const norm = () => [weights(`${name}.layer_norm.weight`), weights(`${name}.layer_norm.bias`)] as const;
    // Hugging Face leaves these two at PyTorch's default epsilon, whatever layer_norm_eps says.
    if (config.extractorNorm === 'layer') x = turned(x, (y) => layerNorm(y, ...norm(), 1e-5));
    else if (i === 0) x = own ? ownChannelNorm(x, ...norm(), 1e-5, own) : channelNorm(x, ...norm(), 1e-5);
    x = gelu(x);
  }
  return reshape(transpose(x, [0, 2, 1]), ['B*T', config.convDim[last]]);
}

const turned = (x: Value, f: (y: Value) => Value) => transpose(f(transpose(x, [0, 2, 1])), [0, 2, 1]);

/** Features [B·T, C] → projected frames [B·T, hidden]. */
export function project(config: BaseConfig, weights: TensorSource, features: Value): Value {
  const name = 'feature_projection';
  const x = config.projectionNorm
    ? layerNorm(features, weights(`${name}.layer_norm.weight`), weights(`${name}.layer_norm.bias`), config.eps)
    : features;
  return gemm(x, weights(`${name}.projection.weight`), weights(`${name}.projection.bias`), { transB: true });
}

/** Replaces frames where `mask` [N, 1] is 1 by the mask embedding; elsewhere the numbers stay bit for bit. */
export function applyMask(weights: TensorSource, x: Value, mask: Value): Value {
  const keep = sub(x.graph.scalar(1), mask);
  return add(mul(x, keep), mul(mask, weights(MASK_EMBEDDING)));
}

/** The graph's inputs for speech: features and the mask. */
export const featureInput = (graph: Graph, config: BaseConfig) =>
  graph.input('features', ['B*T', config.convDim.at(-1)!]);
export const maskInput = (graph: Graph) => graph.input('mask', ['B*T', 1]);
