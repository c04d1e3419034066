/** @file Writes a base model as a Hugging Face folder. */
import type { BaseConfig } from '../../architecture/config.ts';
import { toHuggingFaceConfig } from '../../architecture/huggingface.ts';
import { shapesOf } from '../../architecture/registry.ts';
import { MASK_EMBEDDING, POSITIONAL } from '../../architecture/shapes.ts';
import { writeFolder } from './files.ts';
import { type BaseHead, HEAD_FILE, headMetadata, headTensors } from './head.ts';
import { tapNorms, WEIGHT_NORM_SPELLINGS } from './names.ts';
import { type TensorToWrite, writeSafetensors } from './safetensors.ts';
import { sameShape } from './tensor-file.ts';

/** Writes a folder that `loadBase` and Hugging Face transformers read; what was there is replaced at once. */
export function saveBase(
  folder: string,
  config: BaseConfig,
  weights: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>,
  normalise: boolean,
  head?: BaseHead,
): void {
  const tensors: Record<string, TensorToWrite> = {};
  if (config.family === 'hubert' && config.posBatchNorm)
    throw new Error('internal: a base with batch norm is read, never made here');
  for (const [name, shape] of shapesOf(config)) {
    const weight = weights.get(name);
    if (!weight && name === MASK_EMBEDDING) continue;
    if (!weight || !sameShape(weight.shape, shape)) {
      throw new Error(
        `internal: to save, "${name}" must be [${shape}] but is ${weight ? `[${weight.shape}]` : 'absent'}`,
      );
    }
    if (name !== `${POSITIONAL}.weight`) {
      tensors[name] = weight;
      continue;
    }
    const [gain, direction] = WEIGHT_NORM_SPELLINGS[1];
    const norms = Float32Array.from(tapNorms(weight.data, config.posKernel));
    tensors[gain] = { shape: [1, 1, config.posKernel], data: norms };
    tensors[direction] = weight;
  }
  const { mask_time_prob, ...rest } = toHuggingFaceConfig(config);
  const masked = MASK_EMBEDDING in tensors;
  const files: Record<string, Uint8Array | string> = {
    'config.json': json({ ...rest, mask_time_prob: masked ? mask_time_prob : 0, mask_feature_prob: 0 }),
    'preprocessor_config.json': json({
      feature_extractor_type: 'Wav2Vec2FeatureExtractor',
      do_normalize: normalise,
      feature_size: 1,
      padding_side: 'right',
      padding_value: 0,
      return_attention_mask: config.extractorNorm === 'layer',
      sampling_rate: 16_000,
    }),
    'model.safetensors': writeSafetensors(tensors, { format: 'pt' }),
  };
  if (head) {
    files[HEAD_FILE] = writeSafetensors(headTensors(head, config.hidden), headMetadata(head));
  }
  writeFolder(folder, files, [HEAD_FILE]);
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
