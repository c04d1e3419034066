/**
 * @file A base model as Hugging Face lays it out: a folder of config, preprocessor config and weights, read strictly
 * into canonical names and float32, and written back. Must not know graphs, adapters or training.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { BaseConfig } from '../../architecture/config.ts';
import { parseConfig, toHuggingFaceConfig } from '../../architecture/huggingface.ts';
import { shapesOf } from '../../architecture/registry.ts';
import { MASK_EMBEDDING, POSITIONAL } from '../../architecture/shapes.ts';
import { UserError } from '../../errors.ts';
import { writeFolder } from './files.ts';
import { type BaseHead, HEAD_FILE, headTensors, readHead } from './head.ts';
import { effectiveWeight, isBesideTheEncoder, tapNorms, WEIGHT_NORM_SPELLINGS, withoutPrefix } from './names.ts';
import { openPickle } from './pickle.ts';
import { openSafetensors, type TensorToWrite, writeSafetensors } from './safetensors.ts';
import { openSharded } from './sharded.ts';
import { clipped, damaged, readJsonObject, sameShape, type TensorFile } from './tensor-file.ts';

export type { BaseHead } from './head.ts';

export interface Weight {
  shape: number[];
  data: Float32Array;
}

export interface BaseModel {
  folder: string;
  config: BaseConfig;
  /** Audio goes in with zero mean and unit variance per utterance. */
  normalise: boolean;
  /** By canonical name. `masked_spec_embed` may be absent (see `notes`); everything else is there. */
  weights: Map<string, Weight>;
  /** sha256, hex, over config, normalisation, canonical names and values: equal for every spelling of one model. */
  hash: string;
  head?: BaseHead;
  notes: string[];
  /** Tensors of the file that belong to no encoder, by the file's names. */
  ignored: string[];
  /** The file that brought the weights. */
  source: string;
}

const FORMATS: [string, (file: string) => TensorFile][] = [
  ['model.safetensors', openSafetensors],
  ['model.safetensors.index.json', openSharded],
  ['pytorch_model.bin', openPickle],
];

/** A model's folder with its configuration read and its weights open, none of them read. */
export interface OpenBase {
  tensors: TensorFile;
  config: BaseConfig;
  modelType: string;
  normalise: boolean;
  maskIsOptional: boolean;
  notes: string[];
}

/** The caller closes `tensors`. @throws UserError where the folder is no model of a kind that is known here. */
export function openBase(folder: string): OpenBase {
  const notes: string[] = [];
  const configFile = path.join(folder, 'config.json');
  if (!fs.existsSync(configFile)) {
    throw new UserError({
      code: 'checkpoint.no-config',
      tried: `load the base model ${folder}`,
      why: fs.existsSync(folder) ? 'the folder holds no config.json.' : 'there is no such folder.',
      cure: 'Give a Hugging Face model folder: config.json beside model.safetensors or pytorch_model.bin.',
    });
  }
  const rawConfig = readJsonObject(configFile);
  const { modelType, config } = parseConfig(rawConfig, configFile, notes);
  const normalise = readNormalise(folder, config, notes);
  const maskIsOptional = modelType === 'wav2vec2' || (rawConfig.mask_time_prob === 0 && !rawConfig.mask_feature_prob);
  return { tensors: openWeights(folder), config, modelType, normalise, maskIsOptional, notes };
}

/** @throws UserError naming every missing, unexpected or misshapen tensor at once. */
export function loadBase(folder: string, options: { head?: string } = {}): BaseModel {
  const { tensors, config, modelType, normalise, maskIsOptional, notes } = openBase(folder);
  let weights: Map<string, Weight>;
  let ignored: string[];
  try {
    ({ weights, ignored } = readWeights(tensors, config, modelType, maskIsOptional));
  } finally {
    tensors.close();
  }
  if (!weights.has(MASK_EMBEDDING)) {
    notes.push(`The checkpoint brings no ${MASK_EMBEDDING}: masked training has to start one anew.`);
  }
  const headFile = options.head ?? path.join(folder, HEAD_FILE);
  const head = options.head || fs.existsSync(headFile) ? readHead(headFile, config.hidden) : undefined;
  const hash = hashOf(config, normalise, weights);
  return { folder, config, normalise, weights, hash, head, notes, ignored, source: tensors.path };
}

function openWeights(folder: string): TensorFile {
  for (const [name, open] of FORMATS) {
    const file = path.join(folder, name);
    if (fs.existsSync(file)) return open(file);
  }
  throw new UserError({
    code: 'checkpoint.no-weights',
    tried: `load the base model ${folder}`,
    why: `it holds none of ${FORMATS.map(([name]) => name).join(', ')}.`,
    cure: 'Download the weights into the folder under one of these names.',
  });
}

function readNormalise(folder: string, config: BaseConfig, notes: string[]): boolean {
  const file = path.join(folder, 'preprocessor_config.json');
  if (!fs.existsSync(file)) {
    const normalise = config.extractorNorm === 'layer';
    notes.push(
      `No preprocessor_config.json: audio is ${normalise ? '' : 'not '}normalised, as usual with ` +
        `feat_extract_norm "${config.extractorNorm}".`,
    );
    return normalise;
  }
  const { sampling_rate: rate = 16_000, do_normalize: normalise = true } = readJsonObject(file);
  if (rate !== 16_000) {
    throw damaged(file, `"sampling_rate" is ${JSON.stringify(rate)}; only 16000 is supported.`, 'Take a 16 kHz model.');
  }
  if (typeof normalise !== 'boolean') throw damaged(file, '"do_normalize" is neither true nor false.');
  return normalise;
}

/** What of a checkpoint belongs to the encoder, and what does not fit. */
export interface TensorMatch {
  /** Canonical name → the file's name. */
  byName: Map<string, string>;
  /** Expected, canonical; weight norm spelled as the file spells it. */
  shapes: Map<string, number[]>;
  weightNorm: readonly [string, string] | undefined;
  ignored: string[];
  missing: string[];
  /** By the file's names. */
  unexpected: string[];
  /** In words. */
  misshapen: string[];
  twice: string[];
}

/** Names and shapes alone: no tensor is read. */
export function matchTensors(tensors: TensorFile, config: BaseConfig, maskIsOptional: boolean): TensorMatch {
  const byName = new Map<string, string>();
  const ignored: string[] = [...tensors.others];
  const twice: string[] = [];
  const unexpected: string[] = [];
  const shapes = shapesOf(config);
  const weightNorm = takeWeightNorm(tensors, shapes);
  for (const original of tensors.names()) {
    const name = withoutPrefix(original);
    if (isBesideTheEncoder(name)) ignored.push(original);
    else if (!shapes.has(name)) unexpected.push(original);
    else if (byName.has(name)) twice.push(`"${name}" is there twice, as "${byName.get(name)}" and "${original}".`);
    else byName.set(name, original);
  }
  const missing = [...shapes.keys()].filter(
    (name) => !byName.has(name) && !(name === MASK_EMBEDDING && maskIsOptional),
  );
  const misshapen: string[] = [];
  for (const [name, original] of byName) {
    const found = tensors.info(original).shape;
    const expected = shapes.get(name) as number[];
    if (!sameShape(found, expected)) misshapen.push(`"${original}" is [${found}], expected [${expected}]`);
  }
  return { byName, shapes, weightNorm, ignored, missing, unexpected, misshapen, twice };
}

function readWeights(tensors: TensorFile, config: BaseConfig, modelType: string, maskIsOptional: boolean) {
  const { path: file } = tensors;
  const match = matchTensors(tensors, config, maskIsOptional);
  const { byName, shapes, weightNorm, ignored, missing, unexpected, misshapen } = match;
  const faults = [...match.twice];
  if (unexpected.length > 0) faults.push(`${unexpected.length} tensors are unexpected: ${listed(unexpected, ', ')}.`);
  if (missing.length > 0) faults.push(`${missing.length} tensors are missing: ${listed(missing, ', ')}.`);
  if (misshapen.length > 0) faults.push(`${misshapen.length} tensors are misshapen: ${listed(misshapen, '; ')}.`);
  if (faults.length > 0) throw doesNotFit(file, modelType, faults);

  const weights = new Map<string, Weight>();
  for (const name of [...byName.keys()].sort()) {
    const data = tensors.float32(byName.get(name) as string);
    weights.set(name, { shape: shapes.get(name) as number[], data });
  }
  if (weightNorm) applyWeightNorm(weights, weightNorm);
  const broken = [...weights].filter(([, { data }]) => !allFinite(data)).map(([name]) => name);
  if (broken.length > 0) throw damaged(file, `these tensors hold NaN or infinity: ${broken.join(', ')}.`);
  return { weights, ignored };
}

/** Where the file spells the positional weight as gain and direction, the expected shapes do so too. */
function takeWeightNorm(tensors: TensorFile, shapes: Map<string, number[]>) {
  const present = new Set(tensors.names().map(withoutPrefix));
  const spelling = WEIGHT_NORM_SPELLINGS.find(([gain, direction]) => present.has(gain) || present.has(direction));
  if (!spelling) return undefined;
  const [gain, direction] = spelling;
  const shape = shapes.get(`${POSITIONAL}.weight`) as number[];
  shapes.delete(`${POSITIONAL}.weight`);
  shapes.set(gain, [1, 1, shape[2]]);
  shapes.set(direction, shape);
  return spelling;
}

function applyWeightNorm(weights: Map<string, Weight>, [gain, direction]: readonly [string, string]): void {
  const { shape, data } = weights.get(direction) as Weight;
  const effective = effectiveWeight((weights.get(gain) as Weight).data, data);
  weights.delete(gain);
  weights.delete(direction);
  weights.set(`${POSITIONAL}.weight`, { shape, data: effective });
}

function doesNotFit(file: string, modelType: string, faults: string[]): UserError {
  return new UserError(
    faults.map((why) => ({
      code: 'checkpoint.tensors',
      tried: `load ${file} as the ${modelType} that config.json describes`,
      why: clipped(why),
      cure: 'Take config.json and weights of one and the same model.',
    })),
  );
}

/** A model's worth of names is read; a hostile file's million is not. */
const listed = (names: string[], by: string) =>
  names.length <= 500 ? names.join(by) : `${names.slice(0, 500).join(by)}${by}and ${names.length - 500} more`;

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

function hashOf(config: BaseConfig, normalise: boolean, weights: Map<string, Weight>): string {
  // HuBERT's hash is older than the other families: it goes without the family's name.
  const { family, ...numbers } = config;
  const named = family === 'hubert' ? numbers : { family, ...numbers };
  const hash = createHash('sha256').update(JSON.stringify({ ...named, normalise }));
  for (const name of [...weights.keys()].sort()) {
    const { shape, data } = weights.get(name) as Weight;
    hash.update(`\n${name} ${shape}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** Writes a folder that `loadBase` and Hugging Face transformers read; what was there is replaced at once. */
export function saveBase(
  folder: string,
  config: BaseConfig,
  weights: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>,
  normalise: boolean,
  head?: BaseHead,
): void {
  const tensors: Record<string, TensorToWrite> = {};
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
    files[HEAD_FILE] = writeSafetensors(headTensors(head, config.hidden), { temperature: String(head.temperature) });
  }
  writeFolder(folder, files, [HEAD_FILE]);
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
