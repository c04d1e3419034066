/**
 * @file A checkpoint of fairseq (`.pt`): HuBERT or wav2vec 2.0 under Hugging Face's names, with the head that it was
 * pre-trained with. Must not know graphs.
 */

import type { BaseConfig } from '../../../architecture/config.ts';
import { parseConfig } from '../../../architecture/huggingface.ts';
import { type BaseHead, checkHead } from '../head.ts';
import { damaged, type TensorFile } from '../tensor-file.ts';
import { openTorch, type TorchContainer } from '../torch/container.ts';
import { torchTensors } from '../torch/file.ts';
import { type FairseqSettings, fairseqSettings } from './config.ts';
import { canonicalName, HEAD_TENSORS, isBesideInFairseq, withoutWrapper } from './names.ts';

export interface OpenFairseq {
  /** Under Hugging Face's names; closing it closes the file. */
  tensors: TensorFile;
  config: BaseConfig;
  modelType: string;
  normalise: boolean;
  notes: string[];
  /** Undefined where the checkpoint brings no head of masked units. */
  head(): BaseHead | undefined;
}

/** @throws UserError; nothing in the file is run */
export function openFairseq(file: string): OpenFairseq {
  const container = openTorch(file, { records: true });
  try {
    const { value } = container;
    if (!(value instanceof Map) || !(value.get('model') instanceof Map))
      throw damaged(
        file,
        'it is no checkpoint of fairseq: it has no "model" with tensors.',
        'Give a HuBERT or wav2vec 2.0 checkpoint of fairseq, or a Hugging Face model folder.',
      );
    const settings = fairseqSettings(file, value);
    const notes = [...settings.notes];
    // fairseq's defaults are those of Hugging Face's base.
    const { config, modelType } = parseConfig(settings.huggingFace, file, notes);
    const model = torchTensors(container, value.get('model'));
    // wav2vec 2.0 predicts quantised features: its final_proj is no head of units.
    const hasHead = modelType === 'hubert' && model.has(HEAD_TENSORS.embeddings);
    return {
      tensors: renamed(container, model, hasHead ? Object.values(HEAD_TENSORS) : []),
      config,
      modelType,
      normalise: settings.normalise,
      notes,
      head: () => (hasHead ? readHead(model, config, settings, notes) : undefined),
    };
  } catch (error) {
    container.close();
    throw error;
  }
}

/** The encoder's tensors by canonical name; the rest by its own, listed among `others` where it is known to be beside. */
function renamed({ path, close }: TorchContainer, model: TensorFile, head: readonly string[]): TensorFile {
  const home = new Map<string, string>();
  const others = [...model.others];
  for (const original of model.names()) {
    if (head.includes(original)) continue;
    const name = withoutWrapper(original);
    if (isBesideInFairseq(name)) others.push(original);
    else {
      const canonical = canonicalName(name) ?? original;
      if (home.has(canonical))
        throw damaged(path, `"${canonical}" is there twice, as "${home.get(canonical)}" and "${original}".`);
      home.set(canonical, original);
    }
  }
  const at = (name: string) => home.get(name) ?? name;
  return {
    path,
    metadata: {},
    others,
    names: () => [...home.keys()],
    has: (name) => home.has(name),
    info: (name) => model.info(at(name)),
    raw: (name) => model.raw(at(name)),
    float32: (name) => model.float32(at(name)),
    close,
  };
}

function readHead(
  model: TensorFile,
  { hidden }: BaseConfig,
  { temperature, specials }: FairseqSettings,
  notes: string[],
): BaseHead | undefined {
  const { weight, bias, embeddings } = HEAD_TENSORS;
  const [projection] = model.has(weight) ? model.info(weight).shape : [];
  const [, width] = model.info(embeddings).shape;
  if (model.has('target_glu.0.weight') || projection !== width) {
    notes.push(
      'The pre-training head is left aside: it has a gate, or predicts several sets of units, which is not read here.',
    );
    return undefined;
  }
  const head = checkHead(model, { weight, bias, embeddings }, hidden, temperature);
  return { ...head, specials: specials < head.units ? specials : 0 };
}
