/**
 * @file The part of a Hugging Face `config.json` that changes an encoder's arithmetic, checked and renamed. Must not
 * read weights.
 */
import { UserError } from '../errors.ts';
import type { BaseConfig, EncoderConfig } from './config.ts';
import { ConfigReader, show } from './reader.ts';
import { families, familyOf } from './registry.ts';

type Raw = Readonly<Record<string, unknown>>;

export interface ParsedConfig {
  config: BaseConfig;
  modelType: string;
}

/**
 * Keys left out take Hugging Face's defaults, named in `notes`.
 * @throws UserError with every value out of range at once
 */
export function parseConfig(raw: Raw, file: string, notes: string[]): ParsedConfig {
  const reader = new ConfigReader(raw, file);
  const unsupported = (why: string) => reader.report('checkpoint.unsupported', why, SUPPORTED);
  const family = families.find(({ modelTypes }) => modelTypes.includes(raw.model_type as string));
  if (!family) unsupported(`"model_type" is ${show(raw.model_type)}.`);
  for (const key of ['hidden_act', 'feat_extract_activation']) {
    const value = reader.get(key, 'gelu');
    if (value !== 'gelu') unsupported(`"${key}" is ${show(value)}, not "gelu".`);
  }
  if (reader.has('adapter_attn_dim')) {
    notes.push('"adapter_attn_dim" is set: the language adapters in the blocks (MMS) are left aside.');
  }
  if (raw.add_adapter === true) {
    notes.push('"add_adapter" is true: the adapter after the encoder is not part of what is computed here.');
  }
  const shared = readShared(reader);
  const config = (family ?? families[0]).read(reader, shared, String(raw.model_type));
  if (reader.problems.length === 0) checkWhole(reader, config, file);
  if (reader.problems.length > 0) throw new UserError(reader.problems);
  if (reader.defaulted.length > 0)
    notes.push(`Not in config.json, Hugging Face's defaults taken: ${reader.defaulted.join(', ')}.`);
  return { config, modelType: String(raw.model_type) };
}

const SUPPORTED = `Supported are ${families.flatMap(({ modelTypes }) => modelTypes).join(', ')} folders of Hugging Face, base and large style, with exact GELU.`;

/** The configuration of a parsed `config.json`, or undefined where it describes no model that is supported. */
export function configOf(json: unknown): BaseConfig | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  try {
    return parseConfig(json as Raw, 'config.json', []).config;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function readShared(reader: ConfigReader): EncoderConfig {
  const norm = reader.get('feat_extract_norm', 'group');
  if (norm !== 'group' && norm !== 'layer') reader.wrong('feat_extract_norm', '"group" or "layer"');
  const eps = reader.get('layer_norm_eps', 1e-5);
  if (typeof eps !== 'number' || !(eps > 0 && eps <= 0.1))
    reader.wrong('layer_norm_eps', 'a number above 0, at most 0.1');
  return {
    hidden: reader.whole('hidden_size', 768, 1, 16_384),
    layers: reader.whole('num_hidden_layers', 12, 1, 256),
    heads: reader.whole('num_attention_heads', 12, 1, 1024),
    feedForward: reader.whole('intermediate_size', 3072, 1, 131_072),
    convDim: reader.list('conv_dim', [512, 512, 512, 512, 512, 512, 512], 8192),
    convKernel: reader.list('conv_kernel', [10, 3, 3, 3, 3, 2, 2], 1024),
    convStride: reader.list('conv_stride', [5, 2, 2, 2, 2, 2, 2], 1024),
    convBias: reader.flag('conv_bias', false),
    extractorNorm: norm as 'group' | 'layer',
    stableLayerNorm: reader.flag('do_stable_layer_norm', false),
    projectionNorm: true,
    posKernel: 0, // read by the family
    posGroups: reader.whole('num_conv_pos_embedding_groups', 16, 1, 4096),
    eps: eps as number,
  };
}

function checkWhole(reader: ConfigReader, config: EncoderConfig, file: string): void {
  const { hidden, heads, posGroups, convDim, convKernel, convStride } = config;
  const divides = (key: string, by: number) => {
    if (hidden % by === 0) return;
    const why = `"hidden_size" ${hidden} is no multiple of "${key}" ${by}.`;
    reader.report('checkpoint.config', why, `Correct one of them in ${file}.`);
  };
  divides('num_attention_heads', heads);
  divides('num_conv_pos_embedding_groups', posGroups);
  if (convDim.length === convKernel.length && convDim.length === convStride.length) return;
  reader.report(
    'checkpoint.config',
    `"conv_dim", "conv_kernel" and "conv_stride" have ${convDim.length}, ${convKernel.length} and ${convStride.length} entries.`,
    `Give them one length in ${file}.`,
  );
}

/** The `config.json` that Hugging Face transformers and `parseConfig` read back as `config`. */
export function toHuggingFaceConfig(config: BaseConfig): Record<string, unknown> {
  return {
    hidden_size: config.hidden,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.feedForward,
    hidden_act: 'gelu',
    feat_extract_activation: 'gelu',
    feat_extract_norm: config.extractorNorm,
    conv_dim: config.convDim,
    conv_kernel: config.convKernel,
    conv_stride: config.convStride,
    conv_bias: config.convBias,
    num_conv_pos_embeddings: config.posKernel,
    num_conv_pos_embedding_groups: config.posGroups,
    num_feat_extract_layers: config.convDim.length,
    do_stable_layer_norm: config.stableLayerNorm,
    layer_norm_eps: config.eps,
    mask_time_prob: 0.8,
    mask_time_length: 10,
    torch_dtype: 'float32',
    ...familyOf(config).write(config),
  };
}
