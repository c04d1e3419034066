/** @file Remembers on disk what a scan found of each file, so that a second run decodes nothing. One JSON line a
 * result, only ever appended, with a checksum; a line that is torn or damaged is passed over. In memory are the places of
 * the lines alone: a corpus of a thousand hours has a hundred megabytes of them. */
import { createHash } from 'node:crypto';
import { appendFileSync, closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../disk.ts';
import { diskFault } from '../machine.ts';
import { byteLines } from './file-lines.ts';
import { TextIndex } from './text-index.ts';
import type { SkipCode } from './types.ts';
import type { Span } from './voice-activity.ts';

/** Raise it where the decoders or the rules of skipping change. */
const version = 3;

export interface Measured {
  startSample: number;
  samples: number;
  hash: string;
  format: string;
  sampleRateHz: number;
  channels: number;
  notes?: string[];
}

export interface Refused {
  reasonCode: SkipCode;
  reason: string;
  /** Of the recording, where it could be read. */
  channels?: number;
  /** Of the system and this moment, not of the file: not remembered for the next run. */
  passing?: boolean;
}

/** Where somebody speaks in a whole recording. */
export interface Heard {
  speech: Span[];
}

export type Finding = Measured | Refused;

/** What a finding depends on. */
export interface FindingKey {
  path: string;
  bytes: number;
  modifiedMs: number;
  startSeconds?: number;
  endSeconds?: number;
  channel?: number;
  /** What was looked for, where it is not an utterance. */
  what?: 'speech';
}

const flushEvery = 64;
const READ_AHEAD_BYTES = 1 << 16;

export class ScanCache {
  readonly #file: string | undefined;
  readonly #lines: Lines | undefined;
  #unwritten: string[] = [];

  constructor(folder: string | undefined, onDamage?: (path: string) => void) {
    if (folder === undefined) return;
    const file = join(folder, 'scan.jsonl');
    this.#file = file;
    try {
      makeFolder(folder);
      if (!existsSync(file)) return;
      let lines = new Lines(file);
      if (lines.damaged) {
        onDamage?.(file);
        mend(file);
        lines.close();
        lines = new Lines(file);
      }
      this.#lines = lines;
      if (lines.torn) this.#unwritten.push(''); // Ends the torn line before the next.
    } catch (error) {
      throw diskFault(`use the cache ${file}`, error);
    }
  }

  /** Of what an earlier scan has found; what this one finds whoever finds it knows. */
  get<K extends FindingKey>(key: K): Of<K> | undefined {
    return this.#lines?.find(keyText(key)) as Of<K> | undefined;
  }

  set<K extends FindingKey>(key: K, finding: Of<K>): void {
    const text = keyText(key);
    if (!this.#file || ('passing' in finding && finding.passing)) return;
    this.#unwritten.push(JSON.stringify({ version, key: text, finding, sum: sumOf(text, finding) }));
    if (this.#unwritten.length >= flushEvery) this.flush();
  }

  flush(): void {
    if (!this.#file || !this.#unwritten.length) return;
    const text = `${this.#unwritten.join('\n')}\n`;
    // Where it is written in part, an empty line ends that part before all is written once more.
    this.#unwritten.unshift('');
    try {
      appendFileSync(this.#file, text);
    } catch (error) {
      throw diskFault(`write to the cache ${this.#file}`, error, { bytes: text.length, path: this.#file });
    }
    this.#unwritten = [];
  }

  close(): void {
    this.#lines?.close();
    this.flush();
  }
}

/** The lines of the file as it was: where each begins, by its key. */
class Lines {
  damaged = false;
  torn = false;
  readonly #handle: number;
  /** First byte and length of each line, in turn. */
  #spans = new Float64Array(256);
  #count = 0;
  readonly #index = new TextIndex((line) => this.#entry(line)?.key ?? '');
  #last: { line: number; entry: Entry | undefined } = { line: -1, entry: undefined };
  #block: Buffer = Buffer.alloc(0);
  #blockStart = 0;

  constructor(file: string) {
    this.#handle = openSync(file, 'r');
    for (const { start, bytes, ended } of byteLines(file)) {
      this.torn = !ended;
      if (bytes.length === 0) continue;
      const entry = parse(bytes.toString('utf8'));
      if (!entry) this.damaged = true;
      else if (entry.isOurs) this.#enter(entry.key, start, bytes.length);
    }
  }

  /** Of a key that comes again the last line counts. */
  #enter(key: string, start: number, length: number): void {
    const before = this.#index.find(key);
    const line = before < 0 ? this.#count++ : before;
    if (2 * line + 2 > this.#spans.length) {
      const more = new Float64Array(2 * this.#spans.length);
      more.set(this.#spans);
      this.#spans = more;
    }
    this.#spans[2 * line] = start;
    this.#spans[2 * line + 1] = length;
    if (before < 0) this.#index.add(key, line);
    else this.#last.line = -1;
  }

  find(key: string): Finding | Heard | undefined {
    const line = this.#index.find(key);
    return line < 0 ? undefined : this.#entry(line)?.finding;
  }

  #entry(line: number): Entry | undefined {
    if (this.#last.line !== line)
      this.#last = { line, entry: parse(this.#text(this.#spans[2 * line], this.#spans[2 * line + 1])) };
    return this.#last.entry;
  }

  /** Lines are mostly asked for in their order: what follows is read with them. */
  #text(start: number, length: number): string {
    let from = start - this.#blockStart;
    if (from < 0 || from + length > this.#block.length) {
      const block = Buffer.alloc(Math.max(length, READ_AHEAD_BYTES));
      this.#block = block.subarray(0, readSync(this.#handle, block, 0, block.length, start));
      this.#blockStart = start;
      from = 0;
    }
    return this.#block.toString('utf8', from, from + length);
  }

  close(): void {
    closeSync(this.#handle);
  }
}

function keyText({ path, bytes, modifiedMs, startSeconds, endSeconds, channel, what }: FindingKey): string {
  const key = [path, bytes, modifiedMs, startSeconds ?? null, endSeconds ?? null, channel ?? null];
  return JSON.stringify(what ? [...key, what] : key);
}

/** What is found for a key. */
type Of<K extends FindingKey> = K extends { what: 'speech' } ? Heard : Finding;

const sumOf = (key: string, finding: Finding | Heard) =>
  createHash('sha256')
    .update(JSON.stringify([key, finding]))
    .digest('hex')
    .slice(0, 16);

/** Without its damaged lines, so that they are told of once. What others append meanwhile is found out again. */
function mend(file: string): void {
  try {
    const sound: Buffer[] = [];
    for (const { bytes } of byteLines(file))
      if (bytes.length > 0 && parse(bytes.toString('utf8'))) sound.push(Buffer.from(bytes), NEWLINE);
    writeFileAtomic(file, Buffer.concat(sound), { durable: false });
  } catch {
    // It is a memory, and can be read as it is.
  }
}

const NEWLINE = Buffer.from('\n');

interface Entry {
  key: string;
  finding: Finding | Heard;
  isOurs: boolean;
}

/** Undefined where the line is damaged; of another version it is whole, and says nothing to this one. */
function parse(line: string): Entry | undefined {
  try {
    const entry = JSON.parse(line);
    const { finding } = entry;
    const measured = Number.isSafeInteger(finding?.samples) && typeof finding?.hash === 'string';
    if (entry.sum === undefined && entry.version < version) return { ...entry, isOurs: false };
    const isFinding = measured || typeof finding?.reasonCode === 'string' || Array.isArray(finding?.speech);
    const isWhole = entry.sum === sumOf(entry.key, finding) && isFinding;
    return isWhole ? { ...entry, isOurs: entry.version === version } : undefined;
  } catch {
    return undefined;
  }
}
