/** @file Between the flat vector and the adapter on disk: which tensors a configuration has, under PEFT-like names. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { BaseConfig } from '../../architecture/config.ts';
import { MASK_EMBEDDING } from '../../architecture/shapes.ts';
import { UserError } from '../../errors.ts';
import {
  ADAPTER_CONFIG,
  ADAPTER_WEIGHTS,
  adapterNames,
  readAdapter,
  readAdapterConfig,
  writeAdapter,
} from '../checkpoint/adapter.ts';
import { type LearnableConfig, measuresAlone } from '../config.ts';
import type { Parameters } from '../parameters.ts';
import type { Piece } from './adapter.ts';
import { checkAdapterConfig } from './config.ts';
import { adapterOf } from './registry.ts';

const KEYS = ['format', 'milore_version', 'base_hash', 'adapter', 'head', 'train_mask', 'units', 'run'];

/** Every tensor of the file and its place in the parameters. */
function pieces(config: LearnableConfig, parameters: Parameters): Piece[] {
  const all = [...adapterOf(config).pieces];
  const covered = new Set(all.map(({ parameter }) => parameter));
  for (const name of parameters.names.filter((name) => !covered.has(name) && !measuresAlone(name))) {
    const own = parameters.group(name) === 'head' || name === MASK_EMBEDDING;
    const shape = [...parameters.shape(name)];
    all.push({ name: own ? name : adapterNames.full(name), shape, parameter: name, row: 0, column: 0 });
  }
  return all;
}

/** Copies a piece out of its parameter, or with `into` the other way. */
function copy({ shape, parameter, row, column }: Piece, parameters: Parameters, from?: Float32Array): Float32Array {
  const flat = parameters.view(parameter);
  if (
    shape.length !== 2 ||
    (row === 0 &&
      column === 0 &&
      shape[1] === parameters.shape(parameter)[1] &&
      shape[0] === parameters.shape(parameter)[0])
  ) {
    if (from) flat.set(from);
    return from ?? flat.slice();
  }
  const [rows, columns] = shape;
  const width = parameters.shape(parameter)[1];
  const data = from ?? new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const start = (row + r) * width + column;
    if (from) flat.set(from.subarray(r * columns, (r + 1) * columns), start);
    else data.set(flat.subarray(start, start + columns), r * columns);
  }
  return data;
}

export interface AdapterInfo {
  baseHash: string;
  version: string;
  run?: string;
  /** Names the units that the head predicts. */
  units?: string;
}

/** Writes, without a head that only measures, `adapter_config.json` and `adapter_model.safetensors` into `folder`. */
export function saveAdapter(folder: string, config: LearnableConfig, parameters: Parameters, info: AdapterInfo): void {
  const tensors = Object.fromEntries(
    pieces(config, parameters).map((piece) => [piece.name, { shape: piece.shape, data: copy(piece, parameters) }]),
  );
  const { adapter, head, trainMask } = config;
  writeAdapter(
    folder,
    {
      format: 'milore-adapter/1',
      milore_version: info.version,
      base_hash: info.baseHash,
      adapter,
      head,
      train_mask: trainMask,
      units: info.units ?? null,
      run: info.run ?? null,
    },
    tensors,
  );
}

/** What the adapter of `folder` trains; nothing of its tensors is read yet. */
export function adapterConfigOf(folder: string, base: BaseConfig): { config: LearnableConfig; baseHash: string } {
  const raw = readAdapterConfig(folder, KEYS);
  const { adapter, head } = checkAdapterConfig(raw, join(folder, ADAPTER_CONFIG), base.layers);
  return { config: { base, adapter, head, trainMask: raw.train_mask === true }, baseHash: String(raw.base_hash) };
}

/** Refuses a configuration that asks for more numbers than the file can hold, before memory is taken for them. */
export function checkAdapterSize(folder: string, specs: readonly { shape: readonly number[] }[]): void {
  const numbers = specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const file = join(folder, ADAPTER_WEIGHTS);
  const bytes = statSync(file, { throwIfNoEntry: false })?.size;
  if (bytes !== undefined && numbers * 2 > bytes)
    throw new UserError({
      code: 'adapter.size',
      tried: `load the adapter ${file}`,
      why: `${ADAPTER_CONFIG} describes ${numbers} numbers, and the file has ${bytes} bytes.`,
      cure: 'Export the adapter again with "milore export".',
    });
}

/** Fills `parameters` from `folder`; strict: every tensor must be there with its shape, and none besides. */
export function loadAdapter(folder: string, config: LearnableConfig, parameters: Parameters): void {
  const all = pieces(config, parameters);
  const { tensors } = readAdapter(folder, new Map(all.map(({ name, shape }) => [name, shape])), KEYS);
  for (const piece of all) copy(piece, parameters, tensors.get(piece.name)!.data);
}
