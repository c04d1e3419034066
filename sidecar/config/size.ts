/**
 * @file How large an experiment is, by arithmetic alone: exact parameter counts from the experiment and the base's
 * `config.json`, and what a step about takes. It must not know the engine, files or weights; a test holds it against both.
 */
import { type Experiment, type Projection, perLayer } from './experiment.ts';

/** The part of a Hugging Face `config.json` that decides how many numbers a HuBERT or wav2vec2 has. */
export interface BaseShape {
  hidden: number;
  layers: number;
  heads: number;
  feedForward: number;
  convDim: number[];
  convKernel: number[];
  convStride: number[];
  convBias: boolean;
  extractorNorm: 'group' | 'layer';
  projectionNorm: boolean;
  posKernel: number;
  posGroups: number;
}

/** Reads a parsed `config.json`, Hugging Face's defaults filled in; undefined where it describes no model that is supported. */
export function baseShape(json: unknown): BaseShape | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const raw = json as Record<string, unknown>;
  let sound = raw.model_type === 'hubert' || raw.model_type === 'wav2vec2';
  const get = (key: string, otherwise: unknown) => raw[key] ?? otherwise;
  const whole = (value: unknown, most: number): number => {
    if (!(Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most)) sound = false;
    return value as number;
  };
  const list = (key: string, otherwise: number[]): number[] => {
    const value = get(key, otherwise);
    if (!Array.isArray(value) || value.length < 1 || value.length > 32) sound = false;
    else for (const each of value) whole(each, 8192);
    return value as number[];
  };
  const shape: BaseShape = {
    hidden: whole(get('hidden_size', 768), 16_384),
    layers: whole(get('num_hidden_layers', 12), 256),
    heads: whole(get('num_attention_heads', 12), 1024),
    feedForward: whole(get('intermediate_size', 3072), 131_072),
    convDim: list('conv_dim', [512, 512, 512, 512, 512, 512, 512]),
    convKernel: list('conv_kernel', [10, 3, 3, 3, 3, 2, 2]),
    convStride: list('conv_stride', [5, 2, 2, 2, 2, 2, 2]),
    convBias: get('conv_bias', false) === true,
    extractorNorm: get('feat_extract_norm', 'group') === 'layer' ? 'layer' : 'group',
    projectionNorm: raw.model_type === 'wav2vec2' || get('feat_proj_layer_norm', true) === true,
    posKernel: whole(get('num_conv_pos_embeddings', 128), 4096),
    posGroups: whole(get('num_conv_pos_embedding_groups', 16), 4096),
  };
  const even = sound && shape.hidden % shape.heads === 0 && shape.hidden % shape.posGroups === 0;
  const lists = [shape.convKernel, shape.convStride];
  return even && lists.every(({ length }) => length === shape.convDim.length) ? shape : undefined;
}

export interface Size {
  /** Of the base, mask embedding included: a run starts one where the checkpoint brings none. */
  base: number;
  experts: number;
  routers: number;
  /** Numbers of the base that train themselves (adapter.kind: full). */
  baseTrained: number;
  /** The prediction head, needed for training alone. */
  head: number;
  /** Trained numbers without the head, over the base's. */
  shareWithoutHead: number;
}

type What = Pick<Experiment, 'adapter' | 'head' | 'units'>;

const linear = (inputs: number, outputs: number) => outputs * (inputs + 1);

/** Width in and out of a projection. */
function widths({ hidden, feedForward }: BaseShape, target: Projection): [number, number] {
  if (target === 'fc1') return [hidden, feedForward];
  return target === 'fc2' ? [feedForward, hidden] : [hidden, hidden];
}

const block = ({ hidden, feedForward }: BaseShape) =>
  4 * linear(hidden, hidden) + linear(hidden, feedForward) + linear(feedForward, hidden) + 4 * hidden;

/** All that stands under `encoder.`: the positional convolution as its effective weight, the blocks, the last norm. */
const encoder = (base: BaseShape) =>
  (base.hidden * base.hidden * base.posKernel) / base.posGroups +
  base.hidden +
  2 * base.hidden +
  base.layers * block(base);

function baseNumbers(base: BaseShape): number {
  const { hidden, convDim, convKernel, convBias, extractorNorm, projectionNorm } = base;
  const features = convDim[convDim.length - 1];
  let total = encoder(base) + linear(features, hidden) + hidden + (projectionNorm ? 2 * features : 0);
  convDim.forEach((width, i) => {
    total += width * (i === 0 ? 1 : convDim[i - 1]) * convKernel[i] + (convBias ? width : 0);
    if (extractorNorm === 'layer' || i === 0) total += 2 * width;
  });
  return total;
}

/**
 * Exact counts, as the run prints them.
 * @throws UserError where a list by layer has another length than the base has layers
 */
export function sizeOf({ adapter, head, units }: What, base: BaseShape): Size {
  const total = baseNumbers(base);
  const size = { experts: 0, routers: 0, baseTrained: adapter.kind === 'full' ? encoder(base) : 0 };
  if (adapter.kind === 'lora-mixture') {
    const experts = perLayer(adapter.experts, base.layers, 'adapter.experts');
    const rank = perLayer(adapter.rank, base.layers, 'adapter.rank');
    for (let layer = 0; layer < base.layers; layer++) {
      const routed = experts[layer] > 1;
      for (const target of adapter.targets) {
        const [inputs, outputs] = widths(base, target);
        size.experts += experts[layer] * rank[layer] * (inputs + outputs);
        if (routed && adapter.router.share === 'site') size.routers += experts[layer] * inputs;
      }
      if (routed && adapter.router.share === 'block') size.routers += experts[layer] * base.hidden;
    }
  }
  const trained = size.experts + size.routers + size.baseTrained;
  return {
    base: total,
    ...size,
    head: linear(base.hidden, head.projection) + units.clusters * head.projection,
    shareWithoutHead: trained / total,
  };
}
