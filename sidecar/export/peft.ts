/**
 * @file An adapter as PEFT's own LoRA: what `PeftModel.save_pretrained` writes for the bare encoder, one adapter an
 * expert. Routers and head have no place in it.
 */
import type { BaseConfig } from '../architecture/config.ts';
import { sites } from '../architecture/mixture.ts';
import { type Site, siteName, siteShape, TARGET_MODULES } from '../architecture/sites.ts';
import { UserError } from '../errors.ts';
import type { Adapted } from '../evaluation/frozen-states.ts';
import type { MixtureConfig } from '../model/adapters/mixture.ts';
import type { TensorToWrite } from '../model/checkpoint/safetensors.ts';
import type { LearnableConfig } from '../model/config.ts';

/** The class that transformers loads a bare encoder as, and where it is defined, by `model_type`. */
export const MODEL_CLASSES: Readonly<Record<string, { name: string; module: string }>> = {
  hubert: { name: 'HubertModel', module: 'transformers.models.hubert.modeling_hubert' },
  wav2vec2: { name: 'Wav2Vec2Model', module: 'transformers.models.wav2vec2.modeling_wav2vec2' },
  wavlm: { name: 'WavLMModel', module: 'transformers.models.wavlm.modeling_wavlm' },
  'data2vec-audio': { name: 'Data2VecAudioModel', module: 'transformers.models.data2vec.modeling_data2vec_audio' },
};

export interface PeftAdapter {
  /** `adapter_config.json`. */
  config: Record<string, unknown>;
  /** `adapter_model.safetensors`. */
  tensors: Record<string, TensorToWrite>;
}

/** The mixture that a run trained. @throws UserError where it trained none */
export function mixtureOf({ adapter }: LearnableConfig, form: string): MixtureConfig {
  if (adapter.kind === 'lora-mixture') return adapter.mixture;
  const what = adapter.kind === 'none' ? 'nothing but the head' : 'the transformer itself, not LoRA';
  throw new UserError({
    code: 'export.no-lora',
    tried: `export the run as ${form}`,
    why: `it trained ${what} (adapter.kind: ${adapter.kind}).`,
    cure: adapter.kind === 'full' ? 'Export it as hf or onnx.' : 'Export it as adapter.',
  });
}

type Counted = Pick<MixtureConfig, 'experts' | 'shared'>;

/** Experts of the layer that has most, without those that are always on. */
export const expertsOf = ({ experts }: Pick<Counted, 'experts'>): number => Math.max(...experts);

/** One expert and no other beside it: plain LoRA. */
export const isOneExpert = (mixture: Counted): boolean => expertsOf(mixture) === 1 && !mixture.shared;

/**
 * One adapter an expert, in their order, those that are always on last: a layer with fewer experts is left out of the later
 * ones.
 */
export function peftAdapters(adapted: Adapted, modelType: string, baseName: string | null): PeftAdapter[] {
  const mixture = mixtureOf(adapted.config, 'peft');
  const all = sites(adapted.config.base, mixture);
  const weighed = Array.from({ length: expertsOf(mixture) }, (_, expert) => {
    const own = all.filter(({ layer }) => mixture.experts[layer] > expert);
    return {
      config: configOf(mixture, own, own.length === all.length, modelType, baseName),
      tensors: tensorsOf(adapted, mixture, own, () => expert),
    };
  });
  const always = Array.from({ length: mixture.shared ?? 0 }, (_, shared) => ({
    config: configOf(mixture, all, true, modelType, baseName),
    tensors: tensorsOf(adapted, mixture, all, (layer) => mixture.experts[layer] + shared),
  }));
  return [...weighed, ...always];
}

/** base_model (PeftModel) . model (LoraModel) . the encoder's own name. */
const peftName = (site: Site, part: 'lora_A' | 'lora_B') => `base_model.model.${siteName(site)}.${part}.weight`;

function tensorsOf(
  { config, parameters }: Adapted,
  mixture: MixtureConfig,
  own: readonly Site[],
  expertAt: (layer: number) => number,
): PeftAdapter['tensors'] {
  const tensors: PeftAdapter['tensors'] = {};
  for (const site of own) {
    const rank = mixture.rank[site.layer];
    const { in: inputs, out } = siteShape(config.base as BaseConfig, site);
    const down = parameters.view(`${siteName(site)}.lora_A`);
    const expert = expertAt(site.layer);
    const from = expert * rank * inputs;
    tensors[peftName(site, 'lora_A')] = { shape: [rank, inputs], data: down.slice(from, from + rank * inputs) };
    const up = columns(parameters.view(`${siteName(site)}.lora_B`), out, expert * rank, rank);
    tensors[peftName(site, 'lora_B')] = { shape: [out, rank], data: up };
  }
  return tensors;
}

/** `count` columns from `first` of a row-major matrix of so many rows. */
export function columns(matrix: Float32Array, rows: number, first: number, count: number): Float32Array {
  const width = matrix.length / rows;
  const part = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++)
    part.set(matrix.subarray(row * width + first, row * width + first + count), row * count);
  return part;
}

/**
 * PEFT multiplies B·A by lora_alpha / r, r looked up by module: one alpha for all, and `rank_pattern` where a layer's
 * rank differs. Modules are named by their ends where every layer has them, else in full.
 */
function configOf(
  { alpha, rank, targets }: MixtureConfig,
  own: readonly Site[],
  everywhere: boolean,
  modelType: string,
  baseName: string | null,
): Record<string, unknown> {
  const r = rank[own[0].layer];
  const others = own.filter(({ layer }) => rank[layer] !== r);
  const { name, module } = MODEL_CLASSES[modelType];
  return {
    alpha_pattern: {},
    auto_mapping: { base_model_class: name, parent_library: module },
    base_model_name_or_path: baseName,
    bias: 'none',
    exclude_modules: null,
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layer_replication: null,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: alpha,
    lora_bias: false,
    lora_dropout: 0,
    megatron_config: null,
    megatron_core: 'megatron.core',
    modules_to_save: null,
    peft_type: 'LORA',
    r,
    rank_pattern: Object.fromEntries(others.map((site) => [siteName(site), rank[site.layer]])),
    revision: null,
    target_modules: everywhere ? targets.map((target) => TARGET_MODULES[target]) : own.map(siteName),
    task_type: null,
    use_dora: false,
    use_rslora: false,
  };
}
