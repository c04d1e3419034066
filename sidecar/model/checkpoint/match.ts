/** @file Which of a file's tensors are an encoder's: matched by name and shape, then read into canonical names and float32. */
import type { BaseConfig } from '../../architecture/config.ts';
import { POSITION_AFFINE } from '../../architecture/families/hubert.ts';
import { shapesOf } from '../../architecture/registry.ts';
import { MASK_EMBEDDING, POSITIONAL } from '../../architecture/shapes.ts';
import { UserError } from '../../errors.ts';
import type { Weight } from '../../weights/weight.ts';
import { effectiveWeight, isBesideTheEncoder, WEIGHT_NORM_SPELLINGS, withoutPrefix } from './names.ts';
import { clipped, damaged, sameShape, type TensorFile } from './tensor-file.ts';

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
  takeBatchNorm(shapes);
  for (const original of tensors.names()) {
    const name = withoutPrefix(original);
    if (isBesideTheEncoder(name)) ignored.push(original);
    else if (!shapes.has(name)) unexpected.push(original);
    // Its older name beside it: transformers leaves that one unused.
    else if (byName.has(name) && name === MASK_EMBEDDING) ignored.push(leftAside(byName, name, original));
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

/**
 * @param described what the tensors must be, and by whose word: "hubert that config.json describes"
 * @throws UserError naming every missing, unexpected or misshapen tensor at once
 */
export function readWeights(tensors: TensorFile, config: BaseConfig, described: string, maskIsOptional: boolean) {
  const { path: file } = tensors;
  const match = matchTensors(tensors, config, maskIsOptional);
  const { byName, shapes, weightNorm, ignored, missing, unexpected, misshapen } = match;
  const faults = [...match.twice];
  if (unexpected.length > 0) faults.push(`${unexpected.length} tensors are unexpected: ${listed(unexpected, ', ')}.`);
  if (missing.length > 0) faults.push(`${missing.length} tensors are missing: ${listed(missing, ', ')}.`);
  if (misshapen.length > 0) faults.push(`${misshapen.length} tensors are misshapen: ${listed(misshapen, '; ')}.`);
  if (faults.length > 0) throw doesNotFit(file, described, faults);

  const weights = new Map<string, Weight>();
  for (const name of [...byName.keys()].sort()) {
    const data = tensors.float32(byName.get(name) as string);
    weights.set(name, { shape: shapes.get(name) as number[], data });
  }
  if (weightNorm) applyWeightNorm(weights, weightNorm);
  if (shapes.has(BATCH_NORM.variance)) applyBatchNorm(weights);
  const broken = [...weights].filter(([, { data }]) => !allFinite(data)).map(([name]) => name);
  if (broken.length > 0) throw damaged(file, `these tensors hold NaN or infinity: ${broken.join(', ')}.`);
  return { weights, ignored };
}

/** Where the file spells the positional weight as gain and direction, the expected shapes do so too. */
function takeWeightNorm(tensors: TensorFile, shapes: Map<string, number[]>) {
  const present = new Set(tensors.names().map(withoutPrefix));
  const spelling = WEIGHT_NORM_SPELLINGS.find(([gain, direction]) => present.has(gain) || present.has(direction));
  if (!spelling || !shapes.has(`${POSITIONAL}.weight`)) return undefined;
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

/** Batch norm before the positional convolution, as PyTorch names its parts. */
const BATCH_NORM = {
  gain: 'encoder.pos_conv_embed.batch_norm.weight',
  bias: 'encoder.pos_conv_embed.batch_norm.bias',
  mean: 'encoder.pos_conv_embed.batch_norm.running_mean',
  variance: 'encoder.pos_conv_embed.batch_norm.running_var',
} as const;
const BATCH_NORM_EPS = 1e-5;

function takeBatchNorm(shapes: Map<string, number[]>): void {
  const shape = shapes.get(POSITION_AFFINE.scale);
  if (!shape) return;
  for (const name of Object.values(POSITION_AFFINE)) shapes.delete(name);
  for (const name of Object.values(BATCH_NORM)) shapes.set(name, shape);
}

/** Outside of training the statistics stand still: (x − mean) / √(variance + ε) · gain + bias is one scale and one shift. */
function applyBatchNorm(weights: Map<string, Weight>): void {
  const [gain, bias, mean, variance] = Object.values(BATCH_NORM).map((name) => weights.get(name) as Weight);
  const scale = gain.data.map((g, i) => g / Math.sqrt(variance.data[i] + BATCH_NORM_EPS));
  const shift = bias.data.map((b, i) => b - mean.data[i] * scale[i]);
  for (const name of Object.values(BATCH_NORM)) weights.delete(name);
  weights.set(POSITION_AFFINE.scale, { shape: gain.shape, data: scale });
  weights.set(POSITION_AFFINE.shift, { shape: gain.shape, data: shift });
}

/** Of two names of one tensor the one that is not the canonical. */
function leftAside(byName: Map<string, string>, name: string, original: string): string {
  const before = byName.get(name) as string;
  if (before.endsWith(name)) return original;
  byName.set(name, original);
  return before;
}

function doesNotFit(file: string, described: string, faults: string[]): UserError {
  return new UserError(
    faults.map((why) => ({
      code: 'checkpoint.tensors',
      tried: `load ${file} as the ${described}`,
      why: clipped(why),
      cure: 'Take config.json and weights of one and the same model.',
    })),
  );
}

/** A few names say what does not fit; a layer's worth would hide it. */
const SHOWN = 12;
const listed = (names: string[], by: string) =>
  names.length <= SHOWN ? names.join(by) : `${names.slice(0, SHOWN).join(by)}${by}and ${names.length - SHOWN} more`;

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}
