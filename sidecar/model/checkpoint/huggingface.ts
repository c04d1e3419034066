/** @file A Hugging Face model folder: config, preprocessor config, and weights in one of its formats. */
import fs from 'node:fs';
import path from 'node:path';
import type { BaseConfig } from '../../architecture/config.ts';
import { parseConfig } from '../../architecture/huggingface.ts';
import { UserError } from '../../errors.ts';
import { refusePeft } from './peft.ts';
import { openSafetensors } from './safetensors.ts';
import { openSharded } from './sharded.ts';
import { damaged, readJsonObject, type TensorFile } from './tensor-file.ts';
import { openPickle } from './torch/file.ts';

const FORMATS: [string, (file: string) => TensorFile][] = [
  ['model.safetensors', openSafetensors],
  ['model.safetensors.index.json', (file) => openSharded(file, openSafetensors)],
  ['pytorch_model.bin', openPickle],
  ['pytorch_model.bin.index.json', (file) => openSharded(file, openPickle)],
];

/** The file in `folder` that brings the weights, if one does. */
export const weightsFile = (folder: string): string | undefined =>
  FORMATS.map(([name]) => path.join(folder, name)).find((file) => fs.existsSync(file));

export interface OpenFolder {
  tensors: TensorFile;
  config: BaseConfig;
  modelType: string;
  normalise: boolean;
  maskIsOptional: boolean;
  notes: string[];
}

/** The caller closes `tensors`. @throws UserError where the folder is no model of a kind that is known here. */
export function openHuggingFace(folder: string): OpenFolder {
  const notes: string[] = [];
  const configFile = path.join(folder, 'config.json');
  if (!fs.existsSync(configFile)) {
    const peft = path.join(folder, 'adapter_config.json');
    if (fs.existsSync(peft)) refusePeft(readJsonObject(peft), peft);
    throw new UserError({
      code: 'checkpoint.no-config',
      tried: `load the base model ${folder}`,
      why: fs.existsSync(folder) ? 'the folder holds no config.json.' : 'there is no such folder.',
      cure: 'Give a Hugging Face model folder: config.json beside model.safetensors or pytorch_model.bin; or a checkpoint of fairseq (.pt).',
    });
  }
  const rawConfig = readJsonObject(configFile);
  const { modelType, config } = parseConfig(rawConfig, configFile, notes);
  const normalise = readNormalise(folder, config, notes);
  const maskIsOptional = modelType === 'wav2vec2' || (rawConfig.mask_time_prob === 0 && !rawConfig.mask_feature_prob);
  return { tensors: openWeights(folder), config, modelType, normalise, maskIsOptional, notes };
}

function openWeights(folder: string): TensorFile {
  const file = weightsFile(folder);
  const open = FORMATS.find(([name]) => file?.endsWith(`${path.sep}${name}`))?.[1];
  if (file && open) return open(file);
  throw new UserError({
    code: 'checkpoint.no-weights',
    tried: `load the base model ${folder}`,
    why: `it holds none of ${FORMATS.map(([name]) => name).join(', ')}, and no checkpoint of fairseq (.pt).`,
    cure: 'Download the weights into the folder under one of these names.',
  });
}

/** transformers 5 writes one `processor_config.json` with the extractor inside; older ones a file of its own. */
function readNormalise(folder: string, config: BaseConfig, notes: string[]): boolean {
  const [own, shared] = ['preprocessor_config.json', 'processor_config.json'].map((name) => path.join(folder, name));
  const nested = !fs.existsSync(own) && fs.existsSync(shared) ? readJsonObject(shared).feature_extractor : undefined;
  const isNested = typeof nested === 'object' && nested !== null && !Array.isArray(nested);
  if (!isNested && !fs.existsSync(own)) {
    const normalise = config.extractorNorm === 'layer';
    notes.push(
      `No preprocessor_config.json: audio is ${normalise ? '' : 'not '}normalised, as usual with ` +
        `feat_extract_norm "${config.extractorNorm}".`,
    );
    return normalise;
  }
  const file = isNested ? shared : own;
  const settings = isNested ? (nested as Record<string, unknown>) : readJsonObject(own);
  const { sampling_rate: rate = 16_000, do_normalize: normalise = true } = settings;
  if (rate !== 16_000) {
    throw damaged(file, `"sampling_rate" is ${JSON.stringify(rate)}; only 16000 is supported.`, 'Take a 16 kHz model.');
  }
  if (typeof normalise !== 'boolean') throw damaged(file, '"do_normalize" is neither true nor false.');
  return normalise;
}
