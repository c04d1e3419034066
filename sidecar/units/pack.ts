/**
 * @file A packed store on disk: one growing file of blocks and an index of lines, keyed by content hash. A torn tail
 * loses only the torn block; nothing is computed twice.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

interface Block {
  offset: number;
  bytes: number;
}

export class Pack {
  private readonly blocks = new Map<string, Block>();
  private readonly file: number;
  private readonly indexPath: string;
  private end = 0;

  constructor(folder: string, name: string) {
    mkdirSync(folder, { recursive: true });
    this.indexPath = join(folder, `${name}.index.jsonl`);
    this.file = openSync(join(folder, `${name}.bin`), existsSync(join(folder, `${name}.bin`)) ? 'r+' : 'w+');
    const size = fstatSync(this.file).size;
    if (existsSync(this.indexPath)) {
      const text = readFileSync(this.indexPath, 'utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      // Only what is wholly there counts: an index line without its bytes, or half a line, is forgotten.
      let kept = '';
      for (const line of whole.split('\n')) {
        const block = parse(line);
        if (!block || block.offset + block.bytes > size) continue;
        this.blocks.set(block.key, block);
        this.end = Math.max(this.end, block.offset + block.bytes);
        kept += `${line}\n`;
      }
      if (kept !== text) writeFileSync(this.indexPath, kept);
    }
    if (size > this.end) ftruncateSync(this.file, this.end);
  }

  has(key: string): boolean {
    return this.blocks.has(key);
  }

  /** Bytes first, index line after: what the index names is there. */
  write(key: string, data: Uint8Array): void {
    if (this.blocks.has(key)) return;
    writeSync(this.file, data, 0, data.byteLength, this.end);
    const block = { offset: this.end, bytes: data.byteLength };
    appendFileSync(this.indexPath, `${JSON.stringify({ key, ...block })}\n`);
    this.blocks.set(key, block);
    this.end += data.byteLength;
  }

  /** A fresh, aligned copy of the block from `from` to `to` in bytes. */
  read(key: string, from = 0, to?: number): ArrayBuffer {
    const block = this.blocks.get(key);
    if (!block) throw new Error(`internal: no block ${key}`);
    const length = (to ?? block.bytes) - from;
    const bytes = new Uint8Array(length);
    if (
      from < 0 ||
      from + length > block.bytes ||
      readSync(this.file, bytes, 0, length, block.offset + from) !== length
    )
      throw new Error(`internal: block ${key} is shorter than ${from + length} bytes`);
    return bytes.buffer;
  }

  bytes(key: string): number {
    return this.blocks.get(key)?.bytes ?? 0;
  }

  close(): void {
    closeSync(this.file);
  }
}

function parse(line: string): (Block & { key: string }) | undefined {
  try {
    const { key, offset, bytes } = JSON.parse(line);
    if (
      typeof key === 'string' &&
      Number.isSafeInteger(offset) &&
      Number.isSafeInteger(bytes) &&
      offset >= 0 &&
      bytes >= 0
    )
      return { key, offset, bytes };
  } catch {}
  return undefined;
}
