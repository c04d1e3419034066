/**
 * @file safetensors, single file: the reader trusts nothing in it, the writer is deterministic. Must not know any model.
 * Format: 8 bytes header length, JSON header, then the tensors' bytes without gaps.
 */
import fs from 'node:fs';
import { parseJson } from '../../json.ts';
import {
  BYTES_PER_ELEMENT,
  countElements,
  type DType,
  damaged,
  isDType,
  OpenTensors,
  openRegularFile,
  readExactly,
  refusePointer,
  type TensorFile,
  type TensorInfo,
} from './tensor-file.ts';

/** The official limit of 100 MB is for models a thousand times as large; a hostile header must be refused at once. */
const HEADER_LIMIT_BYTES = 16_000_000;
/** Two a site of 64 experts at six projections of 48 layers are 37,000. */
const TENSOR_LIMIT = 65_536;

interface Entry extends TensorInfo {
  begin: number;
  end: number;
}

/** @throws UserError naming the file and the tensor at fault. */
export function openSafetensors(file: string): TensorFile {
  const { fd, size } = openRegularFile(file);
  try {
    const { entries, metadata, dataStart } = readHeader(fd, file, size);
    return new SafetensorsFile(file, fd, entries, metadata, dataStart);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

class SafetensorsFile extends OpenTensors<Entry> {
  constructor(
    path: string,
    private readonly fd: number,
    entries: Map<string, Entry>,
    metadata: Record<string, string>,
    private readonly dataStart: number,
  ) {
    super(path, entries, metadata);
  }

  protected bytesOf(_name: string, { begin, end }: Entry): Uint8Array<ArrayBuffer> {
    return readExactly(this.fd, this.path, this.dataStart + begin, end - begin);
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}

function readHeader(fd: number, file: string, fileSize: number) {
  if (fileSize < 8) throw damaged(file, `it has ${fileSize} bytes; a safetensors file starts with 8.`);
  const start = readExactly(fd, file, 0, 8);
  refusePointer(file, start);
  const headerLength = new DataView(start.buffer).getBigUint64(0, true);
  if (headerLength > BigInt(fileSize - 8)) {
    throw damaged(file, `it announces a header of ${headerLength} bytes but has ${fileSize - 8} after the first 8.`);
  }
  if (headerLength > BigInt(HEADER_LIMIT_BYTES)) {
    throw damaged(file, `it announces a header of ${headerLength} bytes; ${HEADER_LIMIT_BYTES} is the limit.`);
  }
  const dataStart = 8 + Number(headerLength);
  const text = Buffer.from(readExactly(fd, file, 8, Number(headerLength)).buffer).toString('utf8');
  let header: unknown;
  try {
    header = parseJson(text);
  } catch (error) {
    throw damaged(file, `its header is not JSON: ${(error as Error).message}.`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw damaged(file, 'its header holds JSON, but no object.');
  }
  const tensors = Object.keys(header).length;
  if (tensors > TENSOR_LIMIT) throw damaged(file, `it lists ${tensors} tensors; ${TENSOR_LIMIT} is the limit.`);
  const twice = repeatedTopLevelKey(text);
  if (twice !== undefined) throw damaged(file, `its header names ${twice} twice.`);
  let metadata: unknown = {};
  const entries = new Map<string, Entry>();
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = value;
    else entries.set(name, checkEntry(file, name, value));
  }
  checkLayout(file, entries, fileSize - dataStart);
  return { entries, metadata: checkMetadata(file, metadata), dataStart };
}

function checkEntry(file: string, name: string, value: unknown): Entry {
  const fail = (why: string) => damaged(file, `of the tensor "${name}", ${why}.`);
  if (typeof value !== 'object' || value === null) throw fail('the header entry is no object');
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (!isDType(dtype)) {
    throw fail(`the dtype is ${JSON.stringify(dtype)}; known are ${Object.keys(BYTES_PER_ELEMENT).join(', ')}`);
  }
  const count = countElements(shape);
  if (typeof count === 'string') throw fail(count);
  const needed = count * BYTES_PER_ELEMENT[dtype];
  if (!Number.isSafeInteger(needed)) throw fail(`its shape [${shape}] overflows`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((o) => Number.isSafeInteger(o) && o >= 0)) {
    throw fail(`data_offsets is ${JSON.stringify(offsets)?.slice(0, 80)}, not two whole numbers`);
  }
  const [begin, end] = offsets as [number, number];
  if (end < begin) throw fail(`data_offsets [${begin}, ${end}] run backwards`);
  if (end - begin !== needed) {
    throw fail(`the shape [${shape}] of ${dtype} needs ${needed} bytes but data_offsets give ${end - begin}`);
  }
  return { dtype, shape: shape as number[], begin, end };
}

/** The tensors must cover the data exactly: no overlap, no hole, nothing outside. */
function checkLayout(file: string, entries: Map<string, Entry>, dataSize: number): void {
  const ordered = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  let before = 'the start';
  for (const [name, { begin, end }] of ordered) {
    if (end > dataSize) {
      throw damaged(file, `the tensor "${name}" ends at byte ${end} of the data, which has ${dataSize} bytes.`);
    }
    if (begin < reached) throw damaged(file, `the tensor "${name}" starts at byte ${begin}, inside ${before}.`);
    if (begin > reached) throw damaged(file, `bytes ${reached} to ${begin}, before "${name}", belong to no tensor.`);
    reached = end;
    before = `"${name}"`;
  }
  if (reached !== dataSize) throw damaged(file, `${dataSize - reached} bytes after ${before} belong to no tensor.`);
}

function checkMetadata(file: string, value: unknown): Record<string, string> {
  const isText = (v: unknown) => typeof v === 'string';
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.values(value).every(isText)) {
    throw damaged(file, '__metadata__ is not an object of strings.');
  }
  return value as Record<string, string>;
}

/** JSON.parse keeps the last of two equal keys without a word; the text of valid JSON is walked to find one. */
function repeatedTopLevelKey(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (c === '{' || c === '[') depth++;
    else if (c === '}' || c === ']') depth--;
    else if (c === '"') {
      const start = i++;
      while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
      let next = i + 1;
      while (' \t\r\n'.includes(json[next] ?? '.')) next++;
      if (depth === 1 && json[next] === ':') {
        const key = JSON.parse(json.slice(start, i + 1)) as string;
        if (seen.has(key)) return JSON.stringify(key);
        seen.add(key);
      }
    }
  }
  return undefined;
}

type TensorData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

export interface TensorToWrite {
  shape: readonly number[];
  data: TensorData;
  /** Needed only where the array's type does not say it: F16 and BF16 (in a Uint16Array), BOOL (in a Uint8Array). */
  dtype?: DType;
}

const DTYPE_OF: [new (n: number) => TensorData, DType][] = [
  [Float64Array, 'F64'],
  [Float32Array, 'F32'],
  [BigInt64Array, 'I64'],
  [BigUint64Array, 'U64'],
  [Int32Array, 'I32'],
  [Uint32Array, 'U32'],
  [Int16Array, 'I16'],
  [Uint16Array, 'U16'],
  [Int8Array, 'I8'],
  [Uint8Array, 'U8'],
];

/** The same tensors give the same bytes: ordered by element size (so that all stay aligned), then by name. */
export function writeSafetensors(
  tensors: Record<string, TensorToWrite>,
  metadata?: Record<string, string>,
): Uint8Array<ArrayBuffer> {
  const list = Object.entries(tensors).map(([name, { shape, data, dtype }]) => {
    const natural = DTYPE_OF.find(([type]) => data instanceof type)?.[1];
    const chosen = dtype ?? natural;
    const count = countElements(shape);
    if (!chosen || BYTES_PER_ELEMENT[chosen] !== data.BYTES_PER_ELEMENT || count !== data.length) {
      throw new Error(`internal: tensor "${name}" of shape [${shape}] with ${data.length} elements as ${chosen}`);
    }
    return { name, shape, data, dtype: chosen };
  });
  list.sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || (a.name < b.name ? -1 : 1));
  const header: [string, unknown][] = [];
  if (metadata) header.push(['__metadata__', Object.fromEntries(Object.entries(metadata).sort())]);
  let end = 0;
  for (const { name, shape, data, dtype } of list) {
    const begin = end;
    end += data.byteLength;
    header.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  // Joined by hand: an object would move names that look like numbers to the front.
  let json = `{${header.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
  json += ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8);
  const text = Buffer.from(json);
  const file = new Uint8Array(8 + text.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  let position = 8 + text.length;
  for (const { data } of list) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}
