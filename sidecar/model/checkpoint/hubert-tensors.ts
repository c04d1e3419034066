/**
 * @file The tensors of a HuBERT: canonical names (Hugging Face's, without prefix), their shapes, and the spellings under
 * which files bring them. Must not read files.
 */
import type { HubertConfig } from './hubert-config.ts';

export const POSITIONAL = 'encoder.pos_conv_embed.conv';

/** Weight norm as older and as newer PyTorch write it: [gain, direction]. */
export const WEIGHT_NORM_SPELLINGS = [
  [`${POSITIONAL}.weight_g`, `${POSITIONAL}.weight_v`],
  [`${POSITIONAL}.parametrizations.weight.original0`, `${POSITIONAL}.parametrizations.weight.original1`],
] as const;

/** Tensors beside the encoder that fine-tuned and pre-training checkpoints carry; listed as ignored, never used. */
const BESIDE_THE_ENCODER =
  /^(lm_head|quantizer|project_hid|project_q|projector|classifier|layer_weights|objective|adapter|final_proj|label_embs|dropout_features)(\.|$)/;

export function isBesideTheEncoder(name: string): boolean {
  return BESIDE_THE_ENCODER.test(name);
}

export function withoutPrefix(name: string): string {
  return name.replace(/^(hubert|wav2vec2)\./, '');
}

/** Canonical name → shape, the positional convolution as its effective weight. */
export function hubertShapes(config: HubertConfig): Map<string, number[]> {
  const { hidden, feedForward, convDim, convKernel } = config;
  const shapes = new Map<string, number[]>();
  const norm = (name: string, width: number) => {
    shapes.set(`${name}.weight`, [width]);
    shapes.set(`${name}.bias`, [width]);
  };
  const linear = (name: string, outputs: number, inputs: number) => {
    shapes.set(`${name}.weight`, [outputs, inputs]);
    shapes.set(`${name}.bias`, [outputs]);
  };
  convDim.forEach((width, i) => {
    const layer = `feature_extractor.conv_layers.${i}`;
    shapes.set(`${layer}.conv.weight`, [width, i === 0 ? 1 : convDim[i - 1], convKernel[i]]);
    if (config.convBias) shapes.set(`${layer}.conv.bias`, [width]);
    if (config.extractorNorm === 'layer' || i === 0) norm(`${layer}.layer_norm`, width);
  });
  const features = convDim[convDim.length - 1];
  if (config.projectionNorm) norm('feature_projection.layer_norm', features);
  linear('feature_projection.projection', hidden, features);
  shapes.set('masked_spec_embed', [hidden]);
  shapes.set(`${POSITIONAL}.weight`, [hidden, hidden / config.posGroups, config.posKernel]);
  shapes.set(`${POSITIONAL}.bias`, [hidden]);
  norm('encoder.layer_norm', hidden);
  for (let i = 0; i < config.layers; i++) {
    const layer = `encoder.layers.${i}`;
    for (const projection of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) {
      linear(`${layer}.attention.${projection}`, hidden, hidden);
    }
    norm(`${layer}.layer_norm`, hidden);
    linear(`${layer}.feed_forward.intermediate_dense`, feedForward, hidden);
    linear(`${layer}.feed_forward.output_dense`, hidden, feedForward);
    norm(`${layer}.final_layer_norm`, hidden);
  }
  return shapes;
}

/** |v[:, :, k]| for each tap k, in float64. `direction` is [outputs, inputs, taps]. */
export function tapNorms(direction: Float32Array, taps: number): Float64Array {
  const norms = new Float64Array(taps);
  for (let i = 0, k = 0; i < direction.length; i++) {
    norms[k] += direction[i] * direction[i];
    if (++k === taps) k = 0;
  }
  return norms.map(Math.sqrt);
}

/** w = g·v/|v|, the norm over dimensions 0 and 1. A gain equal to |v| as float32 leaves v as it is, bit for bit. */
export function effectiveWeight(gain: Float32Array, direction: Float32Array): Float32Array {
  const taps = gain.length;
  const norms = tapNorms(direction, taps);
  const scale = norms.map((norm, k) => (Math.fround(norm) === gain[k] ? 1 : gain[k] / norm));
  const weight = new Float32Array(direction.length);
  for (let i = 0, k = 0; i < direction.length; i++) {
    weight[i] = direction[i] * scale[k];
    if (++k === taps) k = 0;
  }
  return weight;
}
