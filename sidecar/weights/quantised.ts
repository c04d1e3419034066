/**
 * @file Frozen matrices in 8 bits on disk, beside the base's float32 blob: one file a matrix, direction and recipe, named by
 * what it was made of and by the hash of what it holds, so that runs share them and none is believed unread.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../disk.ts';
import type { Graph } from '../engine/graph.ts';
import { BLOCK, type FrozenKind, type FrozenMatrix, frozenProduct } from '../engine/ops/frozen.ts';
import type { Value } from '../engine/value.ts';
import { diskFault } from '../machine.ts';
import type { WeightFile } from './file.ts';
import { hashOfFile } from './hash.ts';
import { toBlocks, toInt8 } from './quantise.ts';
import type { TensorSource, Weight } from './weight.ts';

/** One direction of one matrix. */
export interface DirectionRecipe {
  kind: FrozenKind;
  /** Of int8: what is multiplied comes times 2^−shift an inner index, the matrix times 2^shift; whole numbers. */
  shifts?: number[];
}

export interface ProjectionRecipe {
  forward: DirectionRecipe;
  backward: DirectionRecipe;
}

/** By the name of a projection, `encoder.layers.0.attention.q_proj`; what is not named stays float32. */
export type Recipe = Readonly<Record<string, ProjectionRecipe>>;

/** Whether a value of a file is a recipe. */
export function isRecipe(value: unknown): value is Recipe {
  const isRecord = (x: unknown): x is Record<string, unknown> =>
    typeof x === 'object' && x !== null && !Array.isArray(x);
  const isWay = (x: unknown) =>
    isRecord(x) &&
    ['float32', 'int8', 'blocks'].includes(x.kind as string) &&
    (x.shifts === undefined ||
      (Array.isArray(x.shifts) && x.shifts.every((shift) => Number.isInteger(shift) && Math.abs(shift) <= 16)));
  return (
    isRecord(value) && Object.values(value).every((one) => isRecord(one) && isWay(one.forward) && isWay(one.backward))
  );
}

/** The frozen product of a projection, x·Wᵀ + b; undefined where it is not in 8 bits. */
export type QuantisedProducts = (
  graph: Graph,
  weights: TensorSource,
) => (projection: string, x: Value) => Value | undefined;

export type Direction = 'forward' | 'backward';
/** What the files hold depends on these rules: another version makes files of its own. */
const FORMAT = 1;
const PAGE = 4096;
const SUFFIX = '.int8';

const hashOf = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex').slice(0, 32);

/** Whether a matrix can be multiplied in this way: blocks must fill its inner axis. */
export const canBe = (kind: FrozenKind, inner: number): boolean => kind !== 'blocks' || inner % BLOCK === 0;

/**
 * Writes what the recipe needs and is not there, one matrix after the other.
 * @param onDamage told of each file that was there and not what had been written, once it is written anew
 */
export function quantise(file: WeightFile, recipe: Recipe, onDamage?: (path: string) => void): QuantisedProducts {
  for (const projection of Object.keys(recipe))
    if (!file.weights.has(`${projection}.weight`))
      throw new Error(`internal: the base has no projection ${projection}`);
  const names = new Map<string, string>();
  const key = (projection: string, direction: Direction) => `${projection}:${direction}`;
  for (const [projection, directions] of Object.entries(recipe))
    for (const direction of ['forward', 'backward'] as const)
      if (directions[direction].kind !== 'float32')
        names.set(key(projection, direction), write(file, projection, direction, directions[direction], onDamage));
  return (graph, weights) => (projection, x) => {
    const directions = recipe[projection];
    if (!directions || (directions.forward.kind === 'float32' && directions.backward.kind === 'float32'))
      return undefined;
    const matrix = (direction: Direction): FrozenMatrix => {
      const own = directions[direction];
      if (own.kind === 'float32') return { kind: 'float32', weight: weights(`${projection}.weight`) };
      return place(graph, file, projection, direction, own, names.get(key(projection, direction))!);
    };
    return frozenProduct(x, weights(`${projection}.bias`), matrix('forward'), matrix('backward'));
  };
}

/** One matrix of a base in 8 bits, in a graph; written first where it is not there. */
export const quantisedMatrix = (
  graph: Graph,
  file: WeightFile,
  projection: string,
  direction: Direction,
  recipe: DirectionRecipe,
): FrozenMatrix => place(graph, file, projection, direction, recipe, write(file, projection, direction, recipe));

/** The file's two parts as weights of a graph. */
function place(
  graph: Graph,
  file: WeightFile,
  projection: string,
  direction: Direction,
  { kind, shifts }: DirectionRecipe,
  at: string,
): FrozenMatrix {
  const [out, ins] = file.weights.get(`${projection}.weight`)!.shape;
  const name = `${projection}:${direction}:${at.slice(0, 8)}`;
  const [inner, columns] = direction === 'forward' ? [ins, out] : [out, ins];
  const values = { file: at, offset: 0, length: inner * columns };
  const offset = Math.ceil(values.length / PAGE) * PAGE;
  const scales = kind === 'int8' ? columns : (columns * inner) / BLOCK;
  const isShifted = shifts?.some((shift) => shift !== 0);
  return {
    kind,
    weight:
      kind === 'int8'
        ? graph.weight(`${name}:int8`, [inner, columns], values, 'int8')
        : graph.weight(`${name}:blocks`, [columns, inner / BLOCK, BLOCK], values, 'uint8'),
    scales: graph.weight(`${name}:scales`, [scales], { file: at, offset, length: scales * 4 }),
    smooth: isShifted
      ? graph.constant(
          Float32Array.from(shifts!, (shift) => 2 ** -shift),
          [inner],
          `${name}:smooth`,
        )
      : undefined,
  };
}

/** The name of the file in the base's folder that holds a matrix as the recipe says. */
function write(
  file: WeightFile,
  projection: string,
  direction: Direction,
  recipe: DirectionRecipe,
  onDamage?: (path: string) => void,
): string {
  const made = hashOf(JSON.stringify([FORMAT, projection, direction, recipe.kind, recipe.shifts ?? []]));
  const prefix = `${made}-`;
  const there = existsSync(file.folder)
    ? readdirSync(file.folder).filter((name) => name.startsWith(prefix) && name.endsWith(SUFFIX))
    : [];
  const sound = there.find((name) => holds(join(file.folder, name), name.slice(prefix.length, -SUFFIX.length)));
  if (sound) return sound;
  const bytes = bytesOf(file.weights.get(`${projection}.weight`)!, direction, recipe);
  const name = `${prefix}${hashOf(bytes)}${SUFFIX}`;
  const path = join(file.folder, name);
  try {
    writeFileAtomic(path, bytes, { durable: false });
  } catch (error) {
    throw diskFault(`write 8-bit weights of the base to the cache ${path}`, error, { path, bytes: bytes.length });
  }
  if (there.length > 0) onDamage?.(path);
  return name;
}

function holds(path: string, hash: string): boolean {
  try {
    return hashOfFile(path).slice(0, 32) === hash;
  } catch {
    return false;
  }
}

function bytesOf({ shape, data }: Weight, direction: Direction, { kind, shifts }: DirectionRecipe): Uint8Array {
  const matrix = { data, out: shape[0], in: shape[1] };
  const { values, scales } = kind === 'int8' ? toInt8(matrix, direction, shifts) : toBlocks(matrix, direction, BLOCK);
  const offset = Math.ceil(values.byteLength / PAGE) * PAGE;
  const bytes = new Uint8Array(offset + scales.byteLength);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  bytes.set(new Uint8Array(scales.buffer, scales.byteOffset, scales.byteLength), offset);
  return bytes;
}
