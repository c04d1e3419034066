/**
 * @file NumPy's .npy, versions 1 and 2, C order, little-endian. Must not know what the array means.
 */
import fs from 'node:fs';
import { writeFileAtomic } from '../../disk.ts';
import {
  BYTES_PER_ELEMENT,
  bytesToFloat32,
  countElements,
  type DType,
  damaged,
  openRegularFile,
  readExactly,
} from './tensor-file.ts';

const DTYPES: Record<string, DType> = {
  '<f8': 'F64',
  '<f4': 'F32',
  '<f2': 'F16',
  '<i8': 'I64',
  '<i4': 'I32',
  '<i2': 'I16',
  '|i1': 'I8',
  '|u1': 'U8',
  '|b1': 'BOOL',
};

const MAGIC = '\x93NUMPY';
const HEADER_LIMIT_BYTES = 1 << 16;

export type NpyData = Float64Array | Float32Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array;

export interface NpyArray {
  dtype: DType;
  shape: number[];
  /** Row-major. F16 comes as Float32Array, BOOL as Uint8Array of 0 and 1. */
  data: NpyData;
}

/** @throws UserError naming the file. */
export function readNpy(file: string): NpyArray {
  const { fd, size } = openRegularFile(file);
  try {
    if (size < 10) throw damaged(file, `it has ${size} bytes; an .npy file has at least 10.`);
    const start = readExactly(fd, file, 0, Math.min(size, 12));
    if (Buffer.from(start.subarray(0, 6)).toString('latin1') !== MAGIC) throw damaged(file, 'it is no .npy file.');
    const version = start[6];
    if (version !== 1 && version !== 2) throw damaged(file, `its .npy version is ${version}; 1 and 2 are read.`);
    if (version === 2 && size < 12) throw damaged(file, 'it ends inside its header.');
    const view = new DataView(start.buffer);
    const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
    const headerStart = version === 1 ? 10 : 12;
    if (length > HEADER_LIMIT_BYTES || length > size - headerStart) {
      throw damaged(file, `it announces a header of ${length} bytes.`);
    }
    const header = Buffer.from(readExactly(fd, file, headerStart, length).buffer).toString('latin1');
    const { dtype, shape, count } = parseHeader(file, header);
    const needed = count * BYTES_PER_ELEMENT[dtype];
    const dataStart = headerStart + length;
    if (size - dataStart !== needed) {
      throw damaged(
        file,
        `the shape [${shape}] of ${dtype} needs ${needed} bytes of data; ${size - dataStart} are there.`,
      );
    }
    return { dtype, shape, data: typed(dtype, readExactly(fd, file, dataStart, needed)) };
  } finally {
    fs.closeSync(fd);
  }
}

function parseHeader(file: string, header: string) {
  const fields =
    /^\{\s*(?=.*'descr':\s*'([^']{1,8})')(?=.*'fortran_order':\s*(True|False))(?=.*'shape':\s*\(([\d,\s]*)\))/.exec(
      header,
    );
  if (!fields) throw damaged(file, `its header is not understood: ${header.slice(0, 100).trim()}.`);
  const [, descr, fortran, sizes] = fields;
  if (!Object.hasOwn(DTYPES, descr)) {
    throw damaged(file, `its type is ${descr}; known are ${Object.keys(DTYPES).join(', ')}.`, 'Save it as float32.');
  }
  if (fortran === 'True') throw damaged(file, 'it is in Fortran order.', 'Save numpy.ascontiguousarray(x) instead.');
  const shape = sizes
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map(Number);
  const count = countElements(shape);
  if (typeof count === 'string') throw damaged(file, `${count}.`);
  return { dtype: DTYPES[descr], shape, count };
}

function typed(dtype: DType, bytes: Uint8Array<ArrayBuffer>): NpyData {
  const { buffer } = bytes;
  if (dtype === 'F64') return new Float64Array(buffer);
  if (dtype === 'I64') return new BigInt64Array(buffer);
  if (dtype === 'I32') return new Int32Array(buffer);
  if (dtype === 'I16') return new Int16Array(buffer);
  if (dtype === 'I8') return new Int8Array(buffer);
  return bytesToFloat32(dtype, bytes) ?? bytes;
}

const DESCR: [new (n: number) => NpyData, string][] = [
  [Float64Array, '<f8'],
  [Float32Array, '<f4'],
  [BigInt64Array, '<i8'],
  [Int32Array, '<i4'],
  [Int16Array, '<i2'],
  [Int8Array, '|i1'],
  [Uint8Array, '|u1'],
];

/** The bytes of a version 1 file. `data` is row-major; a Uint8Array of 0 and 1 becomes bool where `bool` is set. */
export function encodeNpy(shape: readonly number[], data: NpyData, options: { bool?: boolean } = {}): Uint8Array {
  if (countElements(shape) !== data.length)
    throw new Error(`internal: .npy of [${shape}] with ${data.length} elements`);
  const descr = options.bool ? '|b1' : DESCR.find(([type]) => data instanceof type)?.[1];
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // The data start at a multiple of 64 bytes; the header ends with a line feed.
  const padded = `${dict.padEnd(Math.ceil((10 + dict.length + 1) / 64) * 64 - 11)}\n`;
  const file = Buffer.alloc(10 + padded.length + data.byteLength);
  file.write(MAGIC, 0, 'latin1');
  file[6] = 1;
  file.writeUInt16LE(padded.length, 8);
  file.write(padded, 10, 'latin1');
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + padded.length);
  return file;
}

/** Writes to a temporary name and renames. */
export function writeNpy(file: string, shape: readonly number[], data: NpyData, options?: { bool?: boolean }): void {
  writeFileAtomic(file, encodeNpy(shape, data, options));
}
