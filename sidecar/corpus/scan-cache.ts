/** @file Remembers on disk what a scan found of each file, so that a second run decodes nothing. One JSON line a
 * result, only ever appended, with a checksum; a line that is torn or damaged is passed over. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../disk.ts';
import { diskFault } from '../machine.ts';
import type { SkipCode } from './types.ts';

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

export type Finding = Measured | Refused;

/** What a finding depends on. */
export interface FindingKey {
  path: string;
  bytes: number;
  modifiedMs: number;
  startSeconds?: number;
  endSeconds?: number;
  channel?: number;
}

const flushEvery = 64;

export class ScanCache {
  readonly #file: string | undefined;
  readonly #known = new Map<string, Finding>();
  #unwritten: string[] = [];

  constructor(folder: string | undefined, onDamage?: (path: string) => void) {
    if (folder === undefined) return;
    this.#file = join(folder, 'scan.jsonl');
    const text = before(folder, this.#file);
    const lines = text.split('\n').filter((line) => line !== '');
    const sound = lines.filter((line) => {
      const entry = parse(line);
      if (entry?.isOurs) this.#known.set(entry.key, entry.finding);
      return entry !== undefined;
    });
    if (sound.length < lines.length) {
      onDamage?.(this.#file);
      mend(this.#file, sound);
    }
    if (text !== '' && !text.endsWith('\n')) this.#unwritten.push(''); // Ends the torn line before the next.
  }

  get(key: FindingKey): Finding | undefined {
    return this.#known.get(keyText(key));
  }

  set(key: FindingKey, finding: Finding): void {
    const text = keyText(key);
    this.#known.set(text, finding);
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
}

/** What stands there already; the folder is made where it is not there. */
function before(folder: string, file: string): string {
  try {
    makeFolder(folder);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  } catch (error) {
    throw diskFault(`use the cache ${file}`, error);
  }
}

function keyText({ path, bytes, modifiedMs, startSeconds, endSeconds, channel }: FindingKey): string {
  return JSON.stringify([path, bytes, modifiedMs, startSeconds ?? null, endSeconds ?? null, channel ?? null]);
}

const sumOf = (key: string, finding: Finding) =>
  createHash('sha256')
    .update(JSON.stringify([key, finding]))
    .digest('hex')
    .slice(0, 16);

/** Without its damaged lines, so that they are told of once. What others append meanwhile is found out again. */
function mend(file: string, sound: readonly string[]): void {
  try {
    writeFileAtomic(file, sound.map((line) => `${line}\n`).join(''), { durable: false });
  } catch {
    // It is a memory, and can be read as it is.
  }
}

/** Undefined where the line is damaged; of another version it is whole, and says nothing to this one. */
function parse(line: string): { key: string; finding: Finding; isOurs: boolean } | undefined {
  try {
    const entry = JSON.parse(line);
    const { finding } = entry;
    const measured = Number.isSafeInteger(finding?.samples) && typeof finding?.hash === 'string';
    if (entry.sum === undefined && entry.version < version) return { ...entry, isOurs: false };
    const isWhole = entry.sum === sumOf(entry.key, finding) && (measured || typeof finding?.reasonCode === 'string');
    return isWhole ? { ...entry, isOurs: entry.version === version } : undefined;
  } catch {
    return undefined;
  }
}
