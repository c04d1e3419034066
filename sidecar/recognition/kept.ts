/**
 * @file A trained recogniser as a folder: its numbers, its symbols, and which frozen model it reads; where that has an adapter,
 * the adapter lies beside. Written whole, read with distrust.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { UserError } from '../errors.ts';
import { openSafetensors, writeSafetensors } from '../model/checkpoint/safetensors.ts';
import { readJsonObject, sameShape } from '../model/checkpoint/tensor-file.ts';
import { Parameters } from '../model/parameters.ts';
import type { Confidence } from './confidence.ts';
import { type DownstreamConfig, downstreamParameters } from './config.ts';
import type { SymbolKind, Tokens } from './tokens.ts';

export const KEPT_CONFIG = 'recogniser.json';
export const KEPT_WEIGHTS = 'recogniser.safetensors';
const VERSION = 1;

/** The frozen model that a recogniser reads. */
export interface Origin {
  base: { hash: string; folder: string };
  /** Files of the adapter, by name; absent where the base reads as it is. */
  adapter?: Readonly<Record<string, Uint8Array>>;
}

export interface Kept {
  /** What it was trained for: `multi`, `mono/mls/eng`. */
  task: string;
  base: Origin['base'];
  adapted: boolean;
  config: DownstreamConfig;
  tokens: Tokens;
  parameters: Parameters;
  /** Of its words; an older version told none. */
  confidence?: Confidence;
}

/** The files of a folder for a recogniser. */
export function keptFiles(
  { config, tokens, parameters, confidence }: Pick<Kept, 'config' | 'tokens' | 'parameters' | 'confidence'>,
  task: string,
  { base, adapter }: Origin,
): Record<string, Uint8Array | string> {
  const written = { version: VERSION, task, base, adapted: adapter !== undefined, config, confidence, ...tokens };
  const tensors = Object.fromEntries(
    parameters.names.map((name) => [name, { shape: parameters.shape(name), data: parameters.view(name) }]),
  );
  return {
    [KEPT_CONFIG]: `${JSON.stringify(written, null, 1)}\n`,
    [KEPT_WEIGHTS]: writeSafetensors(tensors, { format: 'pt' }),
    ...adapter,
  };
}

/** Sizes that no recogniser of ours comes near. */
const LARGEST = { layers: 200, width: 20_000, vocabulary: 200_000, other: 20_000 };
const KINDS: readonly SymbolKind[] = ['characters', 'phones'];

/** @throws UserError where the folder holds no recogniser, or not all of one */
export function readKept(folder: string): Kept {
  const file = join(folder, KEPT_CONFIG);
  if (!existsSync(file))
    throw refused(folder, existsSync(folder) ? `it holds no ${KEPT_CONFIG}.` : 'there is no such folder.');
  const raw = readJsonObject(file);
  const config = checkConfig(folder, raw.config);
  const { symbols, kind, base, version } = raw as { symbols: unknown; kind: unknown; base: unknown; version: unknown };
  if (version !== VERSION) throw refused(folder, `its version is ${JSON.stringify(version)}, and ${VERSION} is read.`);
  const sound =
    Array.isArray(symbols) && symbols.length === config.vocabulary && symbols.every((one) => typeof one === 'string');
  if (!sound || !KINDS.includes(kind as SymbolKind)) throw refused(folder, 'its symbols are not those of its size.');
  const { hash, folder: from } = (base ?? {}) as Record<string, unknown>;
  if (typeof hash !== 'string' || typeof from !== 'string')
    throw refused(folder, 'it does not say which base it reads.');
  return {
    task: String(raw.task),
    base: { hash, folder: from },
    adapted: raw.adapted === true,
    config,
    tokens: { symbols: symbols as string[], kind: kind as SymbolKind },
    parameters: readParameters(folder, config),
    ...confidenceOf(raw.confidence),
  };
}

/** What is not one is none: the recogniser reads as well, and its confidence is called uncalibrated. */
function confidenceOf(raw: unknown): Pick<Kept, 'confidence'> {
  const found = confidenceSchema.safeParse(raw);
  return found.success ? { confidence: found.data } : {};
}

const share = z.number().min(0).max(1);
const words = z.int().min(0);
const confidenceSchema = z.union([
  z.object({
    temperature: z.number().min(0.01).max(100),
    fitted: words,
    tested: words,
    error: share,
    errorBefore: share,
  }),
  z.object({ uncalibrated: z.string().max(300) }),
]);

function checkConfig(folder: string, raw: unknown): DownstreamConfig {
  const given = (raw ?? {}) as Record<string, unknown>;
  const whole = (name: keyof DownstreamConfig, most: number) => {
    const value = given[name];
    if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most) return value as number;
    throw refused(folder, `its "${name}" is ${JSON.stringify(value)}, where 1 to ${most} is expected.`);
  };
  const config = {
    layers: whole('layers', LARGEST.layers),
    width: whole('width', LARGEST.width),
    pre: whole('pre', LARGEST.other),
    model: whole('model', LARGEST.other),
    heads: whole('heads', LARGEST.other),
    feedForward: whole('feedForward', LARGEST.other),
    blocks: whole('blocks', LARGEST.layers),
    vocabulary: whole('vocabulary', LARGEST.vocabulary),
    dropout: 0,
  };
  if (config.model % config.heads !== 0 || config.pre < 7) throw refused(folder, 'its sizes do not go together.');
  return config;
}

function readParameters(folder: string, config: DownstreamConfig): Parameters {
  const specs = downstreamParameters(config).map((spec) => ({ ...spec, init: 'zeros' as const }));
  const path = join(folder, KEPT_WEIGHTS);
  const numbers = specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  // Before memory is taken for what the configuration asks for.
  if (bytes < 4 * numbers)
    throw refused(folder, `${KEPT_WEIGHTS} has ${bytes} bytes, and its sizes ask for ${4 * numbers}.`);
  const file = openSafetensors(path);
  try {
    const wrong = specs.find(({ name, shape }) => !file.has(name) || !sameShape(file.info(name).shape, shape));
    if (wrong) throw refused(folder, `${KEPT_WEIGHTS} has no "${wrong.name}" of [${wrong.shape}].`);
    const parameters = new Parameters(specs, 0);
    for (const { name } of specs) parameters.view(name).set(file.float32(name));
    return parameters;
  } finally {
    file.close();
  }
}

const refused = (folder: string, why: string) =>
  new UserError({
    code: 'recogniser.unreadable',
    tried: `read the recogniser ${folder}`,
    why,
    cure: 'Give a folder that "milore superb --keep" wrote.',
  });
