/** @file config.json and preprocessor_config.json beside exported weights: the base's own, changed where they no longer hold. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { toHuggingFaceConfig } from '../architecture/huggingface.ts';
import { fairseqFile } from '../model/checkpoint/base.ts';
import { readJsonObject } from '../model/checkpoint/tensor-file.ts';
import { MODEL_CLASSES } from './peft.ts';
import type { Source } from './source.ts';

type Json = Record<string, unknown>;

/** The folder whose config.json describes the base; none where fairseq's settings do. */
export const huggingFaceFolder = ({ experiment, base }: Pick<Source, 'experiment' | 'base'>): string | undefined =>
  fairseqFile(experiment.base.model) ? undefined : dirname(base.source);

/** Not of the bare encoder in float32: code of its own, other numbers, language adapters, where it once lay. */
const NOT_TAKEN = ['auto_map', 'quantization_config', 'adapter_attn_dim', '_name_or_path', 'dtype'];

/** `config.json` of the bare encoder, with `more`; its `model_type` is the base's, or HuBERT's for a checkpoint of fairseq. */
export function configOf(source: Source, more: Json = {}): Json {
  const folder = huggingFaceFolder(source);
  const raw = folder ? readJsonObject(join(folder, 'config.json')) : toHuggingFaceConfig(source.base.config);
  const kept = Object.fromEntries(Object.entries(raw).filter(([key]) => !NOT_TAKEN.includes(key)));
  return {
    ...kept,
    architectures: [classOf(raw)],
    torch_dtype: 'float32',
    ...('add_adapter' in raw ? { add_adapter: false } : {}),
    ...more,
  };
}

export const classOf = ({ model_type }: Json): string => MODEL_CLASSES[String(model_type)].name;

/** Normalisation as the base was trained with; without the processor of a recogniser, whose tokens are not here. */
export function preprocessorOf(source: Source, more: Json = {}): Json {
  const { base } = source;
  const { processor_class: _, ...found } = foundPreprocessor(source);
  return {
    feature_extractor_type: 'Wav2Vec2FeatureExtractor',
    feature_size: 1,
    padding_side: 'right',
    padding_value: 0,
    return_attention_mask: base.config.extractorNorm === 'layer',
    ...found,
    sampling_rate: 16_000,
    do_normalize: base.normalise,
    ...more,
  };
}

function foundPreprocessor(source: Source): Json {
  const folder = huggingFaceFolder(source);
  const [own, shared] = ['preprocessor_config.json', 'processor_config.json'].map((name) => join(folder ?? '', name));
  if (!folder) return {};
  if (existsSync(own)) return readJsonObject(own);
  const nested = existsSync(shared) ? readJsonObject(shared).feature_extractor : undefined;
  return typeof nested === 'object' && nested !== null && !Array.isArray(nested) ? (nested as Json) : {};
}

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
