/**
 * @file The part of a Hugging Face `config.json` that changes a HuBERT's arithmetic, checked and renamed. Must not read
 * weights.
 */
import { type Problem, UserError } from '../../errors.ts';

export interface HubertConfig {
  hidden: number;
  layers: number;
  heads: number;
  feedForward: number;
  convDim: number[];
  convKernel: number[];
  convStride: number[];
  convBias: boolean;
  /** `group`: one group norm after the first convolution; `layer`: a layer norm after each. */
  extractorNorm: 'group' | 'layer';
  /** True: pre-norm (large); false: post-norm (base). */
  stableLayerNorm: boolean;
  projectionNorm: boolean;
  posKernel: number;
  posGroups: number;
  eps: number;
}

export type ModelType = 'hubert' | 'wav2vec2';

type Raw = Record<string, unknown>;

/** Every value out of range is reported at once. Keys left out take Hugging Face's defaults, named in `notes`. */
export function parseHubertConfig(raw: Raw, file: string, notes: string[]): HubertConfig & { modelType: ModelType } {
  const problems: Problem[] = [];
  const report = (code: string, why: string, cure: string) =>
    problems.push({ code, tried: `use the model of ${file}`, why, cure });
  const unsupported = (why: string) =>
    report(
      'checkpoint.unsupported',
      why,
      'Supported are HuBERT and wav2vec2 folders of Hugging Face, base and large style, with exact GELU.',
    );
  const wrong = (key: string, what: string) =>
    report('checkpoint.config', `"${key}" is ${show(raw[key])}; expected ${what}.`, `Correct ${key} in ${file}.`);
  const defaulted: string[] = [];
  const get = (key: string, fallback: unknown): unknown => {
    if (raw[key] !== undefined && raw[key] !== null) return raw[key];
    defaulted.push(`${key}=${JSON.stringify(fallback)}`);
    return fallback;
  };
  const whole = (key: string, fallback: number, low: number, high: number): number => {
    const value = get(key, fallback);
    if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high) return value as number;
    wrong(key, `a whole number from ${low} to ${high}`);
    return fallback;
  };
  const list = (key: string, fallback: number[], high: number): number[] => {
    const value = get(key, fallback);
    const ok = (n: unknown) => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= high;
    if (Array.isArray(value) && value.length >= 1 && value.length <= 32 && value.every(ok)) return value as number[];
    wrong(key, `a list of 1 to 32 whole numbers from 1 to ${high}`);
    return fallback;
  };
  const flag = (key: string, fallback: boolean): boolean => {
    const value = get(key, fallback);
    if (typeof value === 'boolean') return value;
    wrong(key, 'true or false');
    return fallback;
  };

  const modelType = raw.model_type;
  if (modelType !== 'hubert' && modelType !== 'wav2vec2') unsupported(`"model_type" is ${show(modelType)}.`);
  for (const key of ['hidden_act', 'feat_extract_activation']) {
    const value = get(key, 'gelu');
    if (value !== 'gelu') unsupported(`"${key}" is ${show(value)}, not "gelu".`);
  }
  if (flag('conv_pos_batch_norm', false)) unsupported('"conv_pos_batch_norm" is true.');
  if (raw.adapter_attn_dim !== undefined && raw.adapter_attn_dim !== null) {
    unsupported(`"adapter_attn_dim" is ${show(raw.adapter_attn_dim)}: the layers hold language adapters (MMS).`);
  }
  if (raw.add_adapter === true) {
    notes.push('"add_adapter" is true: the adapter after the encoder is not part of what is computed here.');
  }
  const norm = get('feat_extract_norm', 'group');
  if (norm !== 'group' && norm !== 'layer') wrong('feat_extract_norm', '"group" or "layer"');
  const eps = get('layer_norm_eps', 1e-5);
  if (typeof eps !== 'number' || !(eps > 0 && eps <= 0.1)) wrong('layer_norm_eps', 'a number above 0, at most 0.1');

  const config: HubertConfig = {
    hidden: whole('hidden_size', 768, 1, 16_384),
    layers: whole('num_hidden_layers', 12, 1, 256),
    heads: whole('num_attention_heads', 12, 1, 1024),
    feedForward: whole('intermediate_size', 3072, 1, 131_072),
    convDim: list('conv_dim', [512, 512, 512, 512, 512, 512, 512], 8192),
    convKernel: list('conv_kernel', [10, 3, 3, 3, 3, 2, 2], 1024),
    convStride: list('conv_stride', [5, 2, 2, 2, 2, 2, 2], 1024),
    convBias: flag('conv_bias', false),
    extractorNorm: norm as 'group' | 'layer',
    stableLayerNorm: flag('do_stable_layer_norm', false),
    projectionNorm: modelType === 'wav2vec2' || flag('feat_proj_layer_norm', true),
    posKernel: whole('num_conv_pos_embeddings', 128, 1, 4096),
    posGroups: whole('num_conv_pos_embedding_groups', 16, 1, 4096),
    eps: eps as number,
  };
  const { hidden, heads, posGroups, convDim, convKernel, convStride } = config;
  const divides = (key: string, by: number) => {
    if (hidden % by === 0) return;
    report(
      'checkpoint.config',
      `"hidden_size" ${hidden} is no multiple of "${key}" ${by}.`,
      `Correct one of them in ${file}.`,
    );
  };
  if (problems.length === 0) {
    divides('num_attention_heads', heads);
    divides('num_conv_pos_embedding_groups', posGroups);
    if (convDim.length !== convKernel.length || convDim.length !== convStride.length) {
      report(
        'checkpoint.config',
        `"conv_dim", "conv_kernel" and "conv_stride" have ${convDim.length}, ${convKernel.length} and ${convStride.length} entries.`,
        `Give them one length in ${file}.`,
      );
    }
  }
  if (problems.length > 0) throw new UserError(problems);
  if (defaulted.length > 0) notes.push(`Not in config.json, Hugging Face's defaults taken: ${defaulted.join(', ')}.`);
  return { ...config, modelType: modelType as ModelType };
}

/** The `config.json` that Hugging Face transformers and `parseHubertConfig` read back as `config`. */
export function toHuggingFaceConfig(config: HubertConfig): Raw {
  return {
    architectures: ['HubertModel'],
    model_type: 'hubert',
    hidden_size: config.hidden,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.feedForward,
    hidden_act: 'gelu',
    feat_extract_activation: 'gelu',
    feat_extract_norm: config.extractorNorm,
    feat_proj_layer_norm: config.projectionNorm,
    conv_dim: config.convDim,
    conv_kernel: config.convKernel,
    conv_stride: config.convStride,
    conv_bias: config.convBias,
    conv_pos_batch_norm: false,
    num_conv_pos_embeddings: config.posKernel,
    num_conv_pos_embedding_groups: config.posGroups,
    num_feat_extract_layers: config.convDim.length,
    do_stable_layer_norm: config.stableLayerNorm,
    layer_norm_eps: config.eps,
    mask_time_prob: 0.8,
    mask_time_length: 10,
    torch_dtype: 'float32',
  };
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
