/**
 * @file HuBERT (Hsu et al. 2021) in both styles of Hugging Face's HubertModel: group norm and post-norm ("base"), layer
 * norm and pre-norm ("large"). It is told where weights come from and knows nothing of adapters but a hook.
 */
import type { BaseConfig } from '../architecture/config.ts';
import { type Site, siteName, type Target } from '../architecture/sites.ts';
import type { Graph, Value } from '../engine/graph.ts';
import { convolution } from '../engine/ops/convolution.ts';
import { add, gelu, mul, scale, sub } from '../engine/ops/elementwise.ts';
import { reshape, transpose } from '../engine/ops/layout.ts';
import { gemm, matmul } from '../engine/ops/linear.ts';
import { channelNorm, layerNorm } from '../engine/ops/normalise.ts';
import { softmax } from '../engine/ops/reduce.ts';

/** A tensor by its canonical name: a frozen weight or a trainable parameter. */
export type TensorSource = (name: string) => Value;

/** Called at every projection: its frozen output may be added to. `block` is the transformer block's input. */
export type ProjectionHook = (site: Site, x: Value, frozen: Value, block: Value) => Value;

/** Waveform [B, 1, S] at 16 kHz → convolutional features [B·T, C]. */
export function frontEnd(config: BaseConfig, weights: TensorSource, wave: Value): Value {
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
    else if (i === 0) x = channelNorm(x, ...norm(), 1e-5);
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
  return add(mul(x, keep), mul(mask, weights('masked_spec_embed')));
}

/**
 * Projected frames [B·T, hidden] → hidden states as in transformers 4.x: [0] the encoder's input, [i] the output of
 * block i, the last one after the final layer norm where the style is pre-norm.
 */
export function encode(config: BaseConfig, weights: TensorSource, projected: Value, hook?: ProjectionHook): Value[] {
  const { hidden, posKernel, posGroups, eps, stableLayerNorm } = config;
  const norm = (name: string, x: Value) => layerNorm(x, weights(`${name}.weight`), weights(`${name}.bias`), eps);
  const inTime = transpose(reshape(projected, ['B', 'T', hidden]), [0, 2, 1]);
  // An even kernel yields one frame too many, which Hugging Face drops: one zero less on the right does the same.
  const pad: [number, number] = [Math.floor(posKernel / 2), Math.floor(posKernel / 2) - (posKernel % 2 === 0 ? 1 : 0)];
  const name = 'encoder.pos_conv_embed.conv';
  const position = convolution(inTime, weights(`${name}.weight`), weights(`${name}.bias`), {
    pad,
    groups: posGroups,
    time: 'T',
  });
  let x = add(projected, reshape(transpose(gelu(position), [0, 2, 1]), ['B*T', hidden]));
  if (!stableLayerNorm) x = norm('encoder.layer_norm', x);
  const states = [x];
  for (let layer = 0; layer < config.layers; layer++) {
    const block = x;
    const prefix = `encoder.layers.${layer}`;
    const linear = (target: Target, input: Value) => {
      const site = { layer, target };
      const at = siteName(site);
      const frozen = gemm(input, weights(`${at}.weight`), weights(`${at}.bias`), { transB: true });
      return hook ? hook(site, input, frozen, block) : frozen;
    };
    const attend = (input: Value) =>
      linear('o', attention(config, linear('q', input), linear('k', input), linear('v', input)));
    const feed = (input: Value) => linear('fc2', gelu(linear('fc1', input)));
    if (stableLayerNorm) {
      x = add(x, attend(norm(`${prefix}.layer_norm`, x)));
      x = add(x, feed(norm(`${prefix}.final_layer_norm`, x)));
    } else {
      x = norm(`${prefix}.layer_norm`, add(x, attend(x)));
      x = norm(`${prefix}.final_layer_norm`, add(x, feed(x)));
    }
    states.push(x);
  }
  if (stableLayerNorm) states[states.length - 1] = norm('encoder.layer_norm', x);
  return states;
}

/** Softmax(q·kᵀ/√d)·v by heads (Vaswani et al. 2017, eq. 1); all frames of a clip see each other. */
function attention({ hidden, heads }: BaseConfig, q: Value, k: Value, v: Value): Value {
  const width = hidden / heads;
  const byHead = (x: Value) => transpose(reshape(x, ['B', 'T', heads, width]), [0, 2, 1, 3]);
  const weights = softmax(matmul(byHead(scale(q, width ** -0.5)), byHead(k), { transB: true }));
  return reshape(transpose(matmul(weights, byHead(v)), [0, 2, 1, 3]), ['B*T', hidden]);
}

/** The graph's inputs for speech: features and the mask. */
export const featureInput = (graph: Graph, config: BaseConfig) =>
  graph.input('features', ['B*T', config.convDim.at(-1)!]);
export const maskInput = (graph: Graph) => graph.input('mask', ['B*T', 1]);
