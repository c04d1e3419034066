/** @file The spellings under which files bring an encoder's tensors. Must not read files. */
import { MASK_EMBEDDING, POSITIONAL } from '../../architecture/shapes.ts';

/** Weight norm as older and as newer PyTorch write it: [gain, direction]. */
export const WEIGHT_NORM_SPELLINGS = [
  [`${POSITIONAL}.weight_g`, `${POSITIONAL}.weight_v`],
  [`${POSITIONAL}.parametrizations.weight.original0`, `${POSITIONAL}.parametrizations.weight.original1`],
] as const;

/** Tensors beside the encoder that fine-tuned and pre-training checkpoints carry; listed as ignored, never used. */
const BESIDE_THE_ENCODER =
  /^(lm_head|quantizer|project_hid|project_q|projector|classifier|layer_weights|objective|adapter|final_proj|label_embs|dropout_features)(\.|$)|\.num_batches_tracked$/;

/** Language adapters that MMS has in every block. */
const LANGUAGE_ADAPTER = /^encoder\.layers\.\d+\.adapter_layer\./;

export function isBesideTheEncoder(name: string): boolean {
  return BESIDE_THE_ENCODER.test(name) || LANGUAGE_ADAPTER.test(name);
}

/** Wrappers of trainers and of PEFT, and the model's own name, in any order. */
const PREFIX = /^(?:(?:module|model|base_model\.model|hubert|wav2vec2|wavlm|data2vec_audio)\.){1,6}/;

/** The mask embedding's name before transformers 4.3. */
const OLD_MASK = 'mask_time_emb_vector';

export function withoutPrefix(name: string): string {
  const bare = name.replace(PREFIX, '');
  return bare === OLD_MASK ? MASK_EMBEDDING : bare;
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
