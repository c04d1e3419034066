/**
 * @file A store of blocks on disk, by content hash, for any number of processes and threads at once: each writes a file
 * of its own and reads those of all. Every block is believed by its checksum alone; a kill at any moment leaves at worst
 * a torn block, which nobody believes.
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, removeIfPossible, writeAll } from '../disk.ts';
import { diskFault } from '../machine.ts';
import { isAlive } from '../processes.ts';

/** A block as it stands in a file: header, key, data. */
interface Block {
  file: OpenFile;
  /** Of the data. */
  offset: number;
  bytes: number;
  sha256: Buffer;
  verified: boolean;
}

/** A block's data in its file. */
export interface BlockPlace {
  path: string;
  offset: number;
  bytes: number;
  /** What they must have, hex, where nobody has looked yet. */
  sha256?: string;
}

interface OpenFile {
  path: string;
  fd: number;
  /** How far its headers have been read. */
  end: number;
}

const MAGIC = 0x314b4c42; // "BLK1"
/** Magic, length of the key, length of the data (8 bytes), sha256 of the data, and 16 bytes of sha256 of all that and the key. */
const HEADER = 4 + 4 + 8 + 32 + 16;
const ENDING = '.blocks';
const longestKey = 1024;

export class Pack {
  private readonly files = new Map<string, OpenFile>();
  private readonly blocks = new Map<string, Block[]>();
  private own?: OpenFile;
  private readonly damaged = new Set<string>();

  /**
   * Reads what every process has written so far under `name`.
   * @param onDamage told of each file that is damaged or cut short, once something of it had to be written anew
   */
  constructor(
    private readonly folder: string,
    private readonly name: string,
    private readonly onDamage: (path: string) => void = () => {},
  ) {
    try {
      makeFolder(folder);
      // 0.2.0 kept one file that two processes spoiled for each other, and believed it by its size.
      for (const old of ['bin', 'index.jsonl']) removeIfPossible(join(folder, `${name}.${old}`));
      this.refresh();
    } catch (error) {
      this.close();
      throw diskFault(`use the cache ${folder}`, error);
    }
  }

  /** Sees what others have written since. */
  refresh(): void {
    for (const entry of readdirSync(this.folder)) {
      if (!entry.startsWith(`${this.name}.`) || !entry.endsWith(ENDING)) continue;
      let file = this.files.get(entry);
      if (!file) {
        if (this.own?.path === join(this.folder, entry)) continue;
        const path = join(this.folder, entry);
        this.files.set(entry, (file = { path, fd: openSync(path, 'r'), end: 0 }));
      }
      this.readHeaders(file);
    }
  }

  /** Up to the first header that is not whole: another process may be writing it, or was killed there. */
  private readHeaders(file: OpenFile): void {
    const { size } = fstatSync(file.fd);
    const header = Buffer.alloc(HEADER + longestKey);
    while (file.end + HEADER <= size) {
      const got = readSync(file.fd, header, 0, header.length, file.end);
      const block = got >= HEADER ? parseHeader(header.subarray(0, got)) : undefined;
      if (!block) {
        this.damaged.add(file.path);
        return;
      }
      const offset = file.end + HEADER + block.keyBytes;
      if (offset + block.bytes > size) {
        if (!isWriting(file.path)) this.damaged.add(file.path);
        return;
      }
      this.remember(block.key, { file, offset, bytes: block.bytes, sha256: block.sha256, verified: false });
      file.end = offset + block.bytes;
    }
  }

  private remember(key: string, block: Block): void {
    const known = this.blocks.get(key);
    if (known) known.unshift(block);
    else this.blocks.set(key, [block]);
  }

  /** Whether the key is there; its data may still turn out to be damaged. */
  has(key: string): boolean {
    return this.blocks.has(key);
  }

  keys(): string[] {
    return [...this.blocks.keys()];
  }

  /** Whether the key's data are what was written. What is damaged is forgotten, so that it is computed anew. */
  isSound(key: string): boolean {
    const wrong = new Set<string>();
    for (const block of [...(this.blocks.get(key) ?? [])]) {
      if (block.verified) return true;
      const data = this.readBlock(block, 0, block.bytes);
      if (data && createHash('sha256').update(data).digest().equals(block.sha256)) {
        block.verified = true;
        return true;
      }
      wrong.add(block.file.path);
      const rest = this.blocks.get(key)!.filter((other) => other !== block);
      if (rest.length > 0) this.blocks.set(key, rest);
      else this.blocks.delete(key);
    }
    for (const path of wrong) this.damaged.add(path);
    return false;
  }

  write(key: string, data: Uint8Array): void {
    const keyBytes = Buffer.from(key);
    if (keyBytes.length > longestKey) throw new Error(`internal: a key of ${keyBytes.length} bytes`);
    const sha256 = createHash('sha256').update(data).digest();
    const header = Buffer.alloc(HEADER);
    header.writeUInt32LE(MAGIC, 0);
    header.writeUInt32LE(keyBytes.length, 4);
    header.writeBigUInt64LE(BigInt(data.byteLength), 8);
    sha256.copy(header, 16);
    sumOf(header, keyBytes).copy(header, 48);
    const own = (this.own ??= this.openOwn());
    try {
      writeAll(own.fd, Buffer.concat([header, keyBytes, data]));
    } catch (error) {
      // What was half-written is not believed by anyone; the next block begins in a new file.
      closeSync(own.fd);
      this.own = undefined;
      throw diskFault(`write to the cache ${own.path}`, error, { path: own.path, bytes: data.byteLength });
    }
    const offset = own.end + HEADER + keyBytes.length;
    own.end = offset + data.byteLength;
    this.remember(key, { file: own, offset, bytes: data.byteLength, sha256, verified: true });
    for (const path of this.damaged) this.onDamage(path);
    this.damaged.clear();
  }

  private openOwn() {
    const path = join(this.folder, `${this.name}.${process.pid}-${randomBytes(6).toString('hex')}${ENDING}`);
    try {
      return { fd: openSync(path, 'wx+'), path, end: 0 };
    } catch (error) {
      throw diskFault(`write to the cache ${path}`, error);
    }
  }

  /**
   * A fresh, aligned copy of the block from `from` to `to` in bytes.
   * @throws Error where `isSound` was not asked, or said no
   */
  read(key: string, from = 0, to?: number): ArrayBuffer {
    const block = this.isSound(key) ? this.blocks.get(key)!.find(({ verified }) => verified)! : undefined;
    const data = block && this.readBlock(block, from, to ?? block.bytes);
    if (!data) throw new Error(`internal: no sound block ${key} of ${to} bytes`);
    return data.buffer as ArrayBuffer;
  }

  /** Undefined where the file no longer holds so much. */
  private readBlock({ file, offset, bytes }: Block, from: number, to: number): Uint8Array | undefined {
    if (from < 0 || to > bytes || to < from) return undefined;
    const data = new Uint8Array(to - from);
    return readSync(file.fd, data, 0, data.length, offset + from) === data.length ? data : undefined;
  }

  /** Where a block lies, for another thread to read; undefined where it is not there. */
  locate(key: string): BlockPlace | undefined {
    const block = this.blocks.get(key)?.[0];
    if (!block) return undefined;
    const { file, offset, bytes, sha256, verified } = block;
    return { path: file.path, offset, bytes, sha256: verified ? undefined : sha256.toString('hex') };
  }

  /** Another thread has found the block there to be what was written. */
  vouch(key: string, { path, offset }: BlockPlace): void {
    const block = this.blocks.get(key)?.find((one) => one.file.path === path && one.offset === offset);
    if (block) block.verified = true;
  }

  bytes(key: string): number {
    return this.blocks.get(key)?.[0].bytes ?? 0;
  }

  close(): void {
    for (const { fd } of this.files.values()) closeSync(fd);
    if (this.own) closeSync(this.own.fd);
  }

  /** Closes, and removes the files of every process: whoever has them open may read on where the system lets them. */
  remove(): void {
    this.close();
    for (const entry of readdirSync(this.folder))
      if (entry.startsWith(`${this.name}.`) && entry.endsWith(ENDING)) removeIfPossible(join(this.folder, entry));
  }
}

/** Whether the process that writes a file is still at it, as far as can be told here. */
const isWriting = (path: string) => isAlive(Number(/\.(\d+)-[0-9a-f]+\.blocks$/.exec(path)?.[1] ?? process.pid));

const sumOf = (header: Buffer, key: Buffer) =>
  createHash('sha256').update(header.subarray(0, 48)).update(key).digest().subarray(0, 16);

function parseHeader(bytes: Buffer) {
  if (bytes.readUInt32LE(0) !== MAGIC) return undefined;
  const keyBytes = bytes.readUInt32LE(4);
  const length = bytes.readBigUInt64LE(8);
  if (keyBytes > longestKey || HEADER + keyBytes > bytes.length || length > 2n ** 40n) return undefined;
  const key = bytes.subarray(HEADER, HEADER + keyBytes);
  if (!sumOf(bytes.subarray(0, HEADER), key).equals(bytes.subarray(48, HEADER))) return undefined;
  return { key: key.toString(), keyBytes, bytes: Number(length), sha256: Buffer.from(bytes.subarray(16, 48)) };
}
