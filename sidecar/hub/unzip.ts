/** @file Takes single files out of a zip archive on disk (APPNOTE 6.3: stored or deflated, less than 4 GB). Follows no name it is not asked for. */
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { UserError } from '../errors.ts';

interface Entry {
  method: number;
  packed: number;
  bytes: number;
  /** Of its local header. */
  at: number;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/** The end's record and the longest comment. */
const TAIL = 22 + 65_535;

/** @throws UserError `zip.damaged` where it is no such archive */
export async function entriesOf(archive: string): Promise<Map<string, Entry>> {
  const file = await open(archive, 'r');
  try {
    const { size } = await file.stat();
    const read = async (at: number, length: number) => {
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await file.read(bytes, 0, length, at);
      if (bytesRead !== length) throw damaged(archive);
      return bytes;
    };
    const tail = await read(Math.max(0, size - TAIL), Math.min(size, TAIL));
    let end = tail.length - 22;
    while (end >= 0 && tail.readUInt32LE(end) !== END) end--;
    if (end < 0) throw damaged(archive);
    const [length, start] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
    if (start + length > size) throw damaged(archive);
    const central = await read(start, length);
    const found = new Map<string, Entry>();
    for (let at = 0; at + 46 <= length; ) {
      if (central.readUInt32LE(at) !== CENTRAL) throw damaged(archive);
      const [name, extra, comment] = [28, 30, 32].map((field) => central.readUInt16LE(at + field));
      found.set(central.toString('utf8', at + 46, at + 46 + name), {
        method: central.readUInt16LE(at + 10),
        packed: central.readUInt32LE(at + 20),
        bytes: central.readUInt32LE(at + 24),
        at: central.readUInt32LE(at + 42),
      });
      at += 46 + name + extra + comment;
    }
    return found;
  } finally {
    await file.close();
  }
}

/** Writes one entry to `to`. @param onBytes told of every piece that was written */
export async function unzip(
  archive: string,
  { method, packed, bytes, at }: Entry,
  to: string,
  { signal, onBytes }: { signal: AbortSignal; onBytes(count: number): void },
): Promise<void> {
  const file = await open(archive, 'r');
  const local = Buffer.alloc(30);
  try {
    const { bytesRead } = await file.read(local, 0, 30, at);
    if (bytesRead !== 30 || local.readUInt32LE(0) !== LOCAL || (method !== 0 && method !== 8)) throw damaged(archive);
  } finally {
    await file.close();
  }
  const start = at + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  let written = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _, done) {
      written += chunk.length;
      onBytes(chunk.length);
      done(written > bytes ? damaged(archive) : null, chunk);
    },
  });
  const from = createReadStream(archive, { start, end: start + Math.max(0, packed - 1) });
  const steps = [from, ...(method === 8 ? [createInflateRaw()] : []), counting, createWriteStream(to)];
  await pipeline(steps as never, { signal });
  if (written !== bytes) throw damaged(archive);
}

const damaged = (archive: string) =>
  new UserError({
    code: 'zip.damaged',
    tried: `unpack ${archive}`,
    why: 'it is no whole zip archive.',
    cure: 'Remove it and fetch it again.',
  });
