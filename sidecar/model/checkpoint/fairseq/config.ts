/**
 * @file What fairseq says of a model, in the words of Hugging Face's `config.json`, so that one reader checks both. The
 * settings are records of a pickle: fields are looked up, nothing is run.
 */
import { damaged } from '../tensor-file.ts';
import { type Dict, fieldOf, fieldsOf, listOf, memberName } from '../torch/values.ts';
import { parseConvLayers } from './layers.ts';

export interface FairseqSettings {
  /** As a `config.json` would say it. */
  huggingFace: Record<string, unknown>;
  normalise: boolean;
  /** Of the pre-training head. */
  temperature: number;
  /** Symbols of the dictionary that stand for no unit. */
  specials: number;
  notes: string[];
}

/** fairseq's dictionary begins with <s>, <pad>, </s> and <unk>. */
const SPECIALS = 4;

/** @throws UserError where the checkpoint brings no settings, or those of a model that is not known here */
export function fairseqSettings(file: string, checkpoint: Dict): FairseqSettings {
  const notes: string[] = [];
  const { model, task } = sections(file, checkpoint);
  const name = memberName(fieldOf(model, '_name')) ?? memberName(fieldOf(model, 'arch')) ?? '';
  const family = /^hubert/.test(name) ? 'hubert' : /^wav2vec2|^wav2vec_/.test(name) ? 'wav2vec2' : undefined;
  if (!family)
    throw damaged(
      file,
      `it holds the fairseq model ${JSON.stringify(name.slice(0, 80))}; known are hubert and wav2vec2.`,
      'Take a HuBERT or wav2vec 2.0 checkpoint.',
    );
  const refuse = (key: string, value: unknown, expected: string) => {
    throw damaged(
      file,
      `its setting "${key}" is ${shown(value)}; expected ${expected}.`,
      'Take a HuBERT or wav2vec 2.0 checkpoint of the usual kind.',
    );
  };
  const layerType = fieldOf(model, 'layer_type');
  if (layerType !== undefined && layerType !== null && memberName(layerType) !== 'transformer')
    refuse('layer_type', layerType, '"transformer"');
  const depth = fieldOf(model, 'pos_conv_depth') ?? 1;
  if (depth !== 1) refuse('pos_conv_depth', depth, '1');
  const stack = fieldOf(model, 'conv_feature_layers') ?? '[(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512, 2, 2)] * 2';
  const layers = typeof stack === 'string' ? parseConvLayers(stack) : undefined;
  if (!layers) return refuse('conv_feature_layers', stack, 'a list of up to 32 (width, kernel, stride)');
  const mode = memberName(fieldOf(model, 'extractor_mode') ?? 'default');
  if (mode !== 'default' && mode !== 'layer_norm') refuse('extractor_mode', mode, '"default" or "layer_norm"');
  const rate = fieldOf(task, 'sample_rate') ?? 16_000;
  if (rate !== 16_000) refuse('sample_rate', rate, '16000');
  const normalise = fieldOf(task, 'normalize') ?? false;
  if (typeof normalise !== 'boolean') return refuse('normalize', normalise, 'true or false');
  const temperature = fieldOf(model, 'logit_temp') ?? 0.1;
  const own: Record<string, unknown> = {
    hidden_size: fieldOf(model, 'encoder_embed_dim'),
    num_hidden_layers: fieldOf(model, 'encoder_layers'),
    num_attention_heads: fieldOf(model, 'encoder_attention_heads'),
    intermediate_size: fieldOf(model, 'encoder_ffn_embed_dim'),
    hidden_act: memberName(fieldOf(model, 'activation_fn')),
    conv_bias: fieldOf(model, 'conv_bias'),
    do_stable_layer_norm: fieldOf(model, 'layer_norm_first'),
    conv_pos_batch_norm: fieldOf(model, 'conv_pos_batch_norm') ?? false,
    num_conv_pos_embeddings: fieldOf(model, 'conv_pos'),
    num_conv_pos_embedding_groups: fieldOf(model, 'conv_pos_groups'),
  };
  for (const [key, value] of Object.entries(own)) if (value instanceof Object) own[key] = shown(value);
  return {
    huggingFace: {
      ...own,
      model_type: family,
      feat_extract_activation: 'gelu',
      feat_extract_norm: mode === 'layer_norm' ? 'layer' : 'group',
      feat_proj_layer_norm: true,
      layer_norm_eps: 1e-5,
      conv_dim: layers.map(([width]) => width),
      conv_kernel: layers.map(([, kernel]) => kernel),
      conv_stride: layers.map(([, , stride]) => stride),
    },
    normalise,
    temperature: typeof temperature === 'number' && temperature > 0 ? temperature : 0.1,
    specials: specialsOf(checkpoint),
    notes,
  };
}

/** `cfg` (a dictionary or DictConfig), before it `args` (a Namespace); a recogniser keeps its encoder's as `w2v_args`. */
function sections(file: string, checkpoint: Dict): { model: unknown; task: unknown } {
  const cfg = checkpoint.get('cfg');
  const args = checkpoint.get('args');
  let found: { model: unknown; task: unknown } | undefined;
  if (fieldsOf(fieldOf(cfg, 'model'))) found = { model: fieldOf(cfg, 'model'), task: fieldOf(cfg, 'task') };
  else if (fieldsOf(args)) found = { model: args, task: args };
  if (!found)
    throw damaged(
      file,
      'it is a checkpoint of fairseq without settings: neither "cfg" nor "args" describes the model.',
      'Take the checkpoint as its authors released it, or a Hugging Face folder of the model.',
    );
  const inner = fieldOf(found.model, 'w2v_args');
  if (!fieldsOf(inner)) return found;
  if (fieldsOf(fieldOf(inner, 'model'))) return { model: fieldOf(inner, 'model'), task: fieldOf(inner, 'task') };
  return { model: inner, task: inner };
}

function specialsOf(checkpoint: Dict): number {
  const dictionary = listOf(fieldOf(checkpoint.get('task_state'), 'dictionaries'))?.[0];
  const count = fieldOf(dictionary, 'nspecial');
  return Number.isInteger(count) && (count as number) >= 0 && (count as number) <= 64 ? (count as number) : SPECIALS;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 200));
  if (value === null || typeof value !== 'object') return String(value).slice(0, 80);
  return JSON.stringify(memberName(value) ?? 'an object').slice(0, 80);
}
