/**
 * @file A table of rows as bytes: words that come again are kept once, texts as UTF-8, numbers as short as they are. A row is
 * read into an object when it is asked for, and takes some tens of bytes until then. Knows no corpus.
 */
import { MadeRows, Places } from './rows.ts';

/**
 * `text`: of its own in every row; `word`: one of few, text or number; `path`: a folder that is one of few, and a name; `count`: a whole number
 * from 0; `number`: any; `hash`: sixty-four digits in lower-case hex, perhaps with more behind them.
 */
export type Kind = 'text' | 'word' | 'path' | 'count' | 'number' | 'hash';

/** A row's place is its chunk and its first byte there, in one number of 32 bits: 4 GiB in all. */
const CHUNK_BYTES = 1 << 20;
/** Chunks begin small: most corpora are. */
const FIRST_BYTES = 1 << 12;
const HASH = /^[0-9a-f]{64}/;
const HALF = /\p{Surrogate}/u;

export class PackedRows<T extends object> extends MadeRows<T> {
  readonly #keys: (keyof T & string)[];
  readonly #kinds: Kind[];
  readonly #maskBytes: number;
  readonly #chunks: Buffer[] = [];
  readonly #starts = new Places();
  readonly #words: (string | number)[] = [];
  readonly #numbers = new Map<string | number, number>();
  /** The next byte of the last chunk, and while a row is read that of its chunk. */
  #end = 0;
  #at = 0;

  /** @param kinds of every key that a row can have; one that is absent or undefined takes a bit */
  constructor(kinds: { [K in keyof T & string]-?: Kind }, rows: Iterable<T> = []) {
    super();
    this.#keys = Object.keys(kinds) as (keyof T & string)[];
    this.#kinds = Object.values(kinds);
    this.#maskBytes = Math.ceil(this.#keys.length / 8);
    for (const row of rows) this.push(row);
  }

  get length(): number {
    return this.#starts.length;
  }

  /** Its place. */
  push(row: T): number {
    let most = this.#maskBytes;
    for (let i = 0; i < this.#keys.length; i++) most += mostBytes(row[this.#keys[i]]);
    let chunk = this.#chunks.at(-1);
    if (!chunk || this.#end + most > chunk.length || this.#end >= CHUNK_BYTES) {
      const usual = Math.min(CHUNK_BYTES, FIRST_BYTES * 4 ** Math.min(8, this.#chunks.length));
      chunk = Buffer.alloc(Math.max(most, usual));
      this.#chunks.push(chunk);
      this.#end = 0;
    }
    const start = this.#end;
    this.#starts.push((this.#chunks.length - 1) * CHUNK_BYTES + start);
    this.#end += this.#maskBytes;
    for (let i = 0; i < this.#keys.length; i++) {
      const value = row[this.#keys[i]];
      if (value === undefined) continue;
      chunk[start + (i >> 3)] |= 1 << (i & 7);
      this.#write(chunk, this.#kinds[i], value);
    }
    return this.length - 1;
  }

  protected make(index: number): T {
    const place = this.#starts.at(index);
    const chunk = this.#chunks[Math.floor(place / CHUNK_BYTES)];
    const start = place % CHUNK_BYTES;
    this.#at = start + this.#maskBytes;
    const row: Partial<T> = {};
    for (let i = 0; i < this.#keys.length; i++)
      if (chunk[start + (i >> 3)] & (1 << (i & 7)))
        row[this.#keys[i]] = this.#read(chunk, this.#kinds[i]) as T[keyof T & string];
    return row as T;
  }

  #write(chunk: Buffer, kind: Kind, value: unknown): void {
    const text = value as string;
    switch (kind) {
      case 'number':
        this.#end = chunk.writeDoubleLE(value as number, this.#end);
        break;
      case 'count':
        this.#writeCount(chunk, value as number);
        break;
      case 'word':
        this.#writeCount(chunk, this.#numberOf(value as string | number));
        break;
      case 'path': {
        const name = Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1;
        this.#writeCount(chunk, this.#numberOf(text.slice(0, name)));
        this.#writeText(chunk, text.slice(name));
        break;
      }
      case 'hash': {
        const isHex = HASH.test(text);
        chunk[this.#end++] = isHex ? 1 : 0;
        if (isHex) this.#end += chunk.write(text.slice(0, 64), this.#end, 'hex');
        this.#writeText(chunk, isHex ? text.slice(64) : text);
        break;
      }
      default:
        this.#writeText(chunk, text);
    }
  }

  #read(chunk: Buffer, kind: Kind): unknown {
    switch (kind) {
      case 'number':
        this.#at += 8;
        return chunk.readDoubleLE(this.#at - 8);
      case 'count':
        return this.#readCount(chunk);
      case 'word':
        return this.#words[this.#readCount(chunk)];
      case 'path': {
        const folder = this.#words[this.#readCount(chunk)];
        return `${folder}${this.#readText(chunk)}`;
      }
      case 'hash': {
        const isHex = chunk[this.#at++] === 1;
        if (!isHex) return this.#readText(chunk);
        this.#at += 32;
        const digits = chunk.toString('hex', this.#at - 32, this.#at);
        return digits + this.#readText(chunk);
      }
      default:
        return this.#readText(chunk);
    }
  }

  #numberOf(word: string | number): number {
    let number = this.#numbers.get(word);
    if (number === undefined) {
      number = this.#words.push(word) - 1;
      this.#numbers.set(word, number);
    }
    return number;
  }

  /** Seven bits a byte, the lowest first. */
  #writeCount(chunk: Buffer, value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) chunk[this.#end++] = (rest % 128) | 128;
    chunk[this.#end++] = rest;
  }

  #readCount(chunk: Buffer): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = chunk[this.#at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** Half a surrogate pair, which UTF-8 has no bytes for, is kept in UTF-16. */
  #writeText(chunk: Buffer, text: string): void {
    const encoding = HALF.test(text) ? 'utf16le' : 'utf8';
    const bytes = Buffer.byteLength(text, encoding);
    this.#writeCount(chunk, 2 * bytes + (encoding === 'utf8' ? 0 : 1));
    this.#end += chunk.write(text, this.#end, encoding);
  }

  #readText(chunk: Buffer): string {
    const header = this.#readCount(chunk);
    const start = this.#at;
    this.#at += header >> 1;
    return chunk.toString(header & 1 ? 'utf16le' : 'utf8', start, this.#at);
  }
}

/** What a value can take at most. */
function mostBytes(value: unknown): number {
  return typeof value === 'string' ? 3 * value.length + 20 : 10;
}
