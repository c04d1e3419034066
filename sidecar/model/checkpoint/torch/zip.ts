/**
 * @file The zip container of torch.save, read in place: stored entries only, as torch.save writes them, so that no entry
 * can be larger than the file. A library would want the whole file in memory, which a model with its optimiser overfills.
 */
import { damaged, readExactly } from '../tensor-file.ts';

export interface ZipEntry {
  size: number;
  /** Where its local header stands; its bytes follow. */
  header: number;
}

const ENTRY_LIMIT = 100_000;
const DIRECTORY_LIMIT_BYTES = 64 << 20;
const CONVERT = 'Convert the model to safetensors (transformers: model.save_pretrained(folder)).';
const [DIRECTORY_END, DIRECTORY_END_64, LOCATOR_64, ENTRY, LOCAL] = [
  0x06054b50, 0x06064b50, 0x07064b50, 0x02014b50, 0x04034b50,
];
const UNKNOWN_32 = 0xffffffff;

/** The entries of the archive by name. @throws UserError */
export function readZipDirectory(fd: number, file: string, fileSize: number): Map<string, ZipEntry> {
  const { offset, size, count } = findDirectory(fd, file, fileSize);
  if (count > ENTRY_LIMIT) throw damaged(file, `it holds more than ${ENTRY_LIMIT} entries.`, CONVERT);
  if (size > DIRECTORY_LIMIT_BYTES || offset + size > fileSize) throw broken(file, 'its directory leads out of it');
  const bytes = Buffer.from(readExactly(fd, file, offset, size).buffer);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0, i = 0; i < count; i++) {
    if (at + 46 > size || bytes.readUInt32LE(at) !== ENTRY) throw broken(file, 'its directory is cut short');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((k) => bytes.readUInt16LE(at + k));
    const end = at + 46 + nameLength + extraLength;
    if (end > size) throw broken(file, 'its directory is cut short');
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const extra = bytes.subarray(at + 46 + nameLength, end);
    const [stored, original, header] = wide(
      extra,
      [20, 24, 42].map((k) => bytes.readUInt32LE(at + k)),
      file,
    );
    if (entries.has(name)) throw damaged(file, `it holds the entry "${name}" twice.`, CONVERT);
    if (bytes.readUInt16LE(at + 10) !== 0 || stored !== original)
      throw damaged(file, `its entry "${name}" is compressed, which torch.save never does.`, CONVERT);
    if (header + 30 + original > fileSize) throw broken(file, `its entry "${name}" leads out of it`);
    entries.set(name, { size: original, header });
    at = end + commentLength;
  }
  return entries;
}

/** Where the bytes of an entry begin. */
export function entryStart(
  fd: number,
  file: string,
  name: string,
  { header, size }: ZipEntry,
  fileSize: number,
): number {
  const local = Buffer.from(readExactly(fd, file, header, 30).buffer);
  const start = header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (local.readUInt32LE(0) !== LOCAL || start + size > fileSize)
    throw damaged(file, `its entry "${name}" is cut short.`);
  return start;
}

function findDirectory(fd: number, file: string, fileSize: number) {
  // The directory's end stands before a comment of at most 64 KiB.
  const tailSize = Math.min(fileSize, 65_557);
  const tail = Buffer.from(readExactly(fd, file, fileSize - tailSize, tailSize).buffer);
  const at = tail.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  if (at < 0 || at + 22 > tailSize || tail.readUInt32LE(at) !== DIRECTORY_END)
    throw damaged(file, `its zip archive has no directory in its last ${tailSize} bytes: it is cut short.`);
  const plain = {
    count: tail.readUInt16LE(at + 10),
    size: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  if (at < 20 || tail.readUInt32LE(at - 20) !== LOCATOR_64) return plain;
  const where = whole(tail.readBigUInt64LE(at - 12), file);
  if (where + 56 > fileSize) throw broken(file, 'its directory leads out of it');
  const record = Buffer.from(readExactly(fd, file, where, 56).buffer);
  if (record.readUInt32LE(0) !== DIRECTORY_END_64) throw broken(file, 'its directory leads nowhere');
  const [count, size, offset] = [32, 40, 48].map((k) => whole(record.readBigUInt64LE(k), file));
  return { count, size, offset };
}

/** Values that do not fit 32 bits stand in the extra field 1, in their order. */
function wide(extra: Buffer, values: number[], file: string): number[] {
  let at = 0;
  while (at + 4 <= extra.length && extra.readUInt16LE(at) !== 1) at += 4 + extra.readUInt16LE(at + 2);
  at += 4;
  return values.map((value) => {
    if (value !== UNKNOWN_32) return value;
    if (at + 8 > extra.length) throw broken(file, 'its directory lacks a size');
    at += 8;
    return whole(extra.readBigUInt64LE(at - 8), file);
  });
}

function whole(value: bigint, file: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken(file, 'its directory leads out of it');
  return Number(value);
}

const broken = (file: string, why: string) => damaged(file, `its zip archive is broken: ${why}.`);
