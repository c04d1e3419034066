/**
 * @file What every checkpoint format gives: named tensors with a shape, read one at a time. Knows number formats and
 * how a damaged file is reported; must not know any one file format or any model.
 */
import fs from 'node:fs';
import path from 'node:path';
import { UserError } from '../../errors.ts';
import { parseJson } from '../../json.ts';
import { blameNoFile } from '../../machine.ts';

/** Bytes an element, by safetensors' names. */
export const BYTES_PER_ELEMENT = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type DType = keyof typeof BYTES_PER_ELEMENT;

export interface TensorInfo {
  dtype: DType;
  shape: number[];
}

/** An open checkpoint. Reading a tensor touches only that tensor's bytes. */
export interface TensorFile {
  readonly path: string;
  readonly metadata: Record<string, string>;
  /** Entries that are no tensors (a training checkpoint's `epoch`, say); never read. */
  readonly others: readonly string[];
  names(): string[];
  has(name: string): boolean;
  info(name: string): TensorInfo;
  /** Row-major values; F64, F16 and BF16 are converted, integers refused (take `raw`). */
  float32(name: string): Float32Array;
  /** Row-major bytes as stored, little-endian, aligned for any typed array. */
  raw(name: string): TensorInfo & { bytes: Uint8Array<ArrayBuffer> };
  close(): void;
}

/** What all formats share once the entries are known; a format says where an entry's bytes are. */
export abstract class OpenTensors<Entry extends TensorInfo> implements TensorFile {
  constructor(
    readonly path: string,
    private readonly entries: ReadonlyMap<string, Entry>,
    readonly metadata: Record<string, string> = {},
    readonly others: readonly string[] = [],
  ) {}

  /** Row-major, as stored. */
  protected abstract bytesOf(name: string, entry: Entry): Uint8Array<ArrayBuffer>;
  abstract close(): void;

  names(): string[] {
    return [...this.entries.keys()];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  info(name: string): TensorInfo {
    const { dtype, shape } = this.entry(name);
    return { dtype, shape: [...shape] };
  }

  raw(name: string) {
    const entry = this.entry(name);
    return { dtype: entry.dtype, shape: [...entry.shape], bytes: this.bytesOf(name, entry) };
  }

  float32(name: string): Float32Array {
    const { dtype } = this.entry(name);
    if (!/^B?F/.test(dtype)) throw notFloating(this.path, name, dtype);
    return bytesToFloat32(dtype, this.raw(name).bytes) as Float32Array;
  }

  private entry(name: string): Entry {
    const entry = this.entries.get(name);
    if (!entry) throw noSuchTensor(this.path, name);
    return entry;
  }
}

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && Object.hasOwn(BYTES_PER_ELEMENT, value);
}

/** The number of elements of a shape, or why it is no shape. `[]` is a scalar. */
export function countElements(shape: unknown): number | string {
  if (!Array.isArray(shape)) return 'its shape is not a list';
  if (shape.length > 16) return `its shape has ${shape.length} dimensions, more than 16`;
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return `its shape holds ${JSON.stringify(size)}, not a whole number`;
    count *= size;
    if (!Number.isSafeInteger(count)) return `its shape [${shape}] overflows`;
  }
  return count;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** A name from a hostile file may have megabytes. */
export const clipped = (text: string): string => (text.length <= 50_000 ? text : `${text.slice(0, 50_000)} … .`);

export function damaged(file: string, why: string, cure?: string): UserError {
  return new UserError({
    code: 'checkpoint.damaged',
    tried: `read the tensors of ${file}`,
    why: clipped(why),
    cure: cure ?? 'Copy or download the file again; if it was written by a program, that program wrote it wrongly.',
  });
}

/** Opens a regular file: a pipe or device would block, a folder would fail later with a riddle. */
export function openRegularFile(file: string): { fd: number; size: number } {
  let fd: number | undefined;
  try {
    if (!fs.statSync(file).isFile()) throw damaged(file, 'it is not a regular file.', 'Give the path of a file.');
    fd = fs.openSync(file, 'r');
    return { fd, size: fs.fstatSync(fd).size };
  } catch (error) {
    if (fd !== undefined) fs.closeSync(fd);
    if (error instanceof UserError) throw error;
    throw unreadable(file, error);
  }
}

export function unreadable(file: string, error: unknown): UserError {
  blameNoFile(`open ${file}`, error);
  return new UserError({
    code: 'checkpoint.unreadable',
    tried: `open ${file}`,
    why: `${error instanceof Error ? error.message : String(error)}.`,
    cure: 'Check the path and that you may read it.',
  });
}

/** A Git LFS pointer is what a clone without LFS leaves in the weights' place. */
export function refusePointer(file: string, head: Uint8Array): void {
  if (Buffer.from(head).toString('latin1').startsWith('version ')) {
    throw damaged(file, 'it is a Git LFS pointer, not the weights.', 'Run "git lfs pull" in that folder.');
  }
}

/** Reads exactly `length` bytes at `position`; a file cut since it was opened is an error, not a short array. */
export function readExactly(fd: number, file: string, position: number, length: number): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(length);
  } catch {
    throw damaged(
      file,
      `${length} bytes at ${position} are more than this machine can hold.`,
      'Use a machine with more memory.',
    );
  }
  let done = 0;
  while (done < length) {
    let got: number;
    try {
      got = fs.readSync(fd, bytes, done, Math.min(length - done, 1 << 30), position + done);
    } catch (error) {
      throw unreadable(file, error);
    }
    if (got === 0) throw damaged(file, `it ends at byte ${position + done}, ${length - done} bytes too early.`);
    done += got;
  }
  return bytes;
}

/** A small text or JSON file, whole; larger than `limit` bytes is refused before it is read. */
export function readSmallFile(file: string, limitBytes = 16 << 20): Buffer {
  const { fd, size } = openRegularFile(file);
  try {
    if (size > limitBytes)
      throw damaged(file, `it has ${size} bytes; ${limitBytes} is the most that makes sense here.`);
    return Buffer.from(readExactly(fd, file, 0, size).buffer);
  } finally {
    fs.closeSync(fd);
  }
}

/** A JSON object from a file. */
export function readJsonObject(file: string, limitBytes?: number): Record<string, unknown> {
  const text = readSmallFile(file, limitBytes).toString('utf8');
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw damaged(file, `it is not JSON: ${(error as Error).message}.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw damaged(file, 'it holds JSON, but no object.');
  }
  return value as Record<string, unknown>;
}

/** Little-endian bytes of a floating dtype as float32; `undefined` where the dtype is no floating one. */
export function bytesToFloat32(dtype: DType, bytes: Uint8Array<ArrayBuffer>): Float32Array | undefined {
  const { buffer, byteOffset, byteLength } = bytes;
  if (dtype === 'F32') return new Float32Array(buffer, byteOffset, byteLength / 4);
  if (dtype === 'F64') return Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8));
  if (dtype !== 'F16' && dtype !== 'BF16') return undefined;
  const halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
  const values = new Float32Array(halves.length);
  if (dtype === 'F16') {
    for (let i = 0; i < halves.length; i++) values[i] = half(halves[i]);
  } else {
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  }
  return values;
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The refusal shared by all formats' `float32`. */
export function notFloating(file: string, name: string, dtype: DType): UserError {
  return damaged(file, `the tensor "${name}" holds ${dtype}, where numbers with a fraction were expected.`);
}

export function noSuchTensor(file: string, name: string): UserError {
  return damaged(file, `it holds no tensor "${name}".`, 'Check that the file belongs to this model.');
}

/** `name` as a file directly inside `folder`; anything that would leave the folder is refused. */
export function insideFolder(folder: string, name: unknown, namedBy: string): string {
  if (
    typeof name !== 'string' ||
    name === '' ||
    name === '.' ||
    name === '..' ||
    /[/\\\0]/.test(name) ||
    path.basename(name) !== name
  ) {
    throw damaged(
      namedBy,
      `it names the file ${JSON.stringify(name)}, which does not lie directly in its folder.`,
      'Take the checkpoint from a source you trust.',
    );
  }
  return path.join(folder, name);
}
