/**
 * @file A base model from disk, whichever form it has there: a Hugging Face folder, or a checkpoint of fairseq. Must not
 * know graphs, adapters or training.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { BaseConfig } from '../../architecture/config.ts';
import { MASK_EMBEDDING } from '../../architecture/shapes.ts';
import { UserError } from '../../errors.ts';
import type { Weight } from '../../weights/weight.ts';
import { openFairseq } from './fairseq/open.ts';
import { type BaseHead, HEAD_FILE, readHead } from './head.ts';
import { openHuggingFace, weightsFile } from './huggingface.ts';
import { readWeights } from './match.ts';
import { readSmallFile, type TensorFile } from './tensor-file.ts';

export type { BaseHead } from './head.ts';

export interface BaseModel {
  /** A folder, or the file of a checkpoint that is one. */
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

/** A model with its configuration read and its weights open, none of them read. */
export interface OpenBase {
  tensors: TensorFile;
  config: BaseConfig;
  modelType: string;
  normalise: boolean;
  maskIsOptional: boolean;
  notes: string[];
  /** The pre-training head that lies with the weights, if one does; read now. */
  head(): BaseHead | undefined;
}

/**
 * @param where a Hugging Face folder, a folder with one fairseq checkpoint, or that checkpoint
 * The caller closes `tensors`. @throws UserError where it is no model of a kind that is known here
 */
export function openBase(where: string): OpenBase {
  const checkpoint = fairseqFile(where);
  if (!checkpoint) {
    const folder = snapshotOf(where) ?? where;
    const open = openHuggingFace(folder);
    const file = path.join(folder, HEAD_FILE);
    return { ...open, head: () => (fs.existsSync(file) ? readHead(file, open.config.hidden) : undefined) };
  }
  return { ...openFairseq(checkpoint), maskIsOptional: false };
}

/** Hugging Face's cache keeps a model as `models--org--name`: the snapshot that `main` names, else the newest. */
function snapshotOf(where: string): string | undefined {
  const snapshots = path.join(where, 'snapshots');
  if (fs.existsSync(path.join(where, 'config.json')) || !isFolder(snapshots)) return undefined;
  const main = path.join(where, 'refs', 'main');
  const named = fs.existsSync(main) ? readSmallFile(main, 1000).toString('utf8').trim() : '';
  if (/^[0-9a-f]{4,64}$/.test(named) && isFolder(path.join(snapshots, named))) return path.join(snapshots, named);
  const all = fs.readdirSync(snapshots).map((name) => path.join(snapshots, name));
  const newest = (a: string, b: string) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs || (a < b ? -1 : 1);
  return all.filter(isFolder).sort(newest)[0];
}

const isFolder = (name: string) => fs.statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;

/** The `.pt` file that `where` is or holds; undefined where Hugging Face's files come first. */
export function fairseqFile(where: string): string | undefined {
  const stat = fs.statSync(where, { throwIfNoEntry: false });
  if (stat?.isFile()) return where;
  if (!stat?.isDirectory() || weightsFile(where)) return undefined;
  const found = fs.readdirSync(where).filter((name) => name.endsWith('.pt') && !name.startsWith('.'));
  if (found.length > 1)
    throw new UserError({
      code: 'checkpoint.several',
      tried: `load the base model ${where}`,
      why: `it holds ${found.length} checkpoints: ${found.sort().slice(0, 8).join(', ')}${found.length > 8 ? ' …' : ''}.`,
      cure: 'Name one of these files.',
    });
  return found.length === 1 ? path.join(where, found[0]) : undefined;
}

/** @throws UserError naming every missing, unexpected or misshapen tensor at once. */
export function loadBase(where: string, options: { head?: string } = {}): BaseModel {
  const open = openBase(where);
  const { tensors, config, modelType, normalise, maskIsOptional, notes } = open;
  try {
    const described = `${modelType} that ${fairseqFile(where) ? 'its settings describe' : 'config.json describes'}`;
    const { weights, ignored } = readWeights(tensors, config, described, maskIsOptional);
    if (!weights.has(MASK_EMBEDDING)) {
      notes.push(`The checkpoint brings no ${MASK_EMBEDDING}: masked training has to start one anew.`);
    }
    const head = options.head ? readHead(options.head, config.hidden) : open.head();
    const recogniser = ignored.filter((name) => /(^|\.)lm_head\./.test(name));
    if (recogniser.length > 0)
      notes.push(`It is a recogniser: its encoder is taken, and ${recogniser.join(', ')} left aside.`);
    const hash = hashOf(config, normalise, weights);
    return { folder: where, config, normalise, weights, hash, head, notes, ignored, source: tensors.path };
  } finally {
    tensors.close();
  }
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
