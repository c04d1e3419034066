/**
 * @file Follows a log that may still be written: from a number on, in order, each event once.
 * It keeps an offset, not events: whoever falls behind finds them on the disk. It must not know who asks.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { diskFault } from '../machine.ts';
import { readOnly } from './files.ts';
import { parseLine } from './log.ts';

const chunkBytes = 1 << 18;
/** Of lines given at once: a follower's memory, whatever a line holds. */
const batchBytes = 1 << 20;
const maxLineBytes = 16 << 20;
const newline = 0x0a;

/** An event that is passed on as it stands. */
export interface NumberedLine {
  seq: number;
  line: string;
}

/** Reads the number alone where the line begins as our writer begins it; whoever is told the line reads the rest. */
export function numberLine(line: string): NumberedLine | undefined {
  const seq = Number(/^\{"seq":(\d{1,15}),/.exec(line)?.[1]) || parseLine(line)?.seq;
  return seq === undefined ? undefined : { seq, line };
}

/** `T`: what becomes of a line; `parse` gives undefined for one that is no event. */
export class LogFollower<T extends { seq: number }> {
  readonly path: string;
  readonly #parse: (line: string) => T | undefined;
  #next: number;
  /** Behind the last whole line that was read, or within one that is too long to be believed. */
  #offset = 0;
  #overlong = false;
  /** Tells the file from another that took its name. */
  #inode: number | undefined;
  #waiting: T[] = [];
  #stoppedEarly = false;

  constructor(path: string, fromSeq: number, parse: (line: string) => T | undefined) {
    this.path = path;
    this.#next = fromSeq;
    this.#parse = parse;
  }

  /** Number of the next event that `read` gives. */
  get next(): number {
    return this.#next;
  }

  /** Whether whole lines were left for the next `read`. */
  get behind(): boolean {
    return this.#waiting.length > 0 || this.#stoppedEarly;
  }

  /**
   * The events that are there and were not given yet, at most `limit` and about a mebibyte of lines, or one longer
   * line; none where there is nothing new.
   */
  async read(limit: number): Promise<T[]> {
    if (this.#waiting.length === 0) await this.#fill(limit);
    const events = this.#waiting.splice(0, limit);
    if (events.length > 0) this.#next = events[events.length - 1].seq + 1;
    return events;
  }

  async #fill(limit: number): Promise<void> {
    let file: FileHandle;
    try {
      file = await open(this.path, readOnly);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw diskFault(`follow the log ${this.path}`, error);
    }
    try {
      const info = await file.stat();
      if (!info.isFile()) throw notAFile(this.path);
      const { size, ino } = info;
      // A restored copy, or one whose damaged end was cut off: what is new in it is told by its numbers.
      if (ino !== this.#inode || !(await this.#isWhereItWas(file, size))) {
        this.#offset = await seek(file, size, this.#next);
        this.#overlong = false;
        this.#inode = ino;
      }
      await this.#readOn(file, size, limit);
    } finally {
      await file.close();
    }
  }

  async #isWhereItWas(file: FileHandle, size: number): Promise<boolean> {
    if (size < this.#offset) return false;
    if (this.#offset === 0 || this.#overlong) return true;
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, this.#offset - 1);
    return buffer[0] === newline;
  }

  async #readOn(file: FileHandle, size: number, limit: number): Promise<void> {
    const begin = this.#offset;
    this.#stoppedEarly = false;
    let expected = this.#next;
    let buffer = Buffer.alloc(Math.min(chunkBytes, size - begin));
    while (this.#offset < size && this.#waiting.length < limit) {
      if (this.#waiting.length > 0 && this.#offset - begin >= batchBytes) break;
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(newline);
      if (end < 0) {
        // An unfinished line is left for later; one longer than the buffer needs a larger buffer.
        if (bytesRead === 0) return;
        if (this.#overlong || bytesRead >= maxLineBytes) {
          this.#overlong = true;
          this.#offset += bytesRead;
        } else if (bytesRead < buffer.length || this.#offset + bytesRead >= size) return;
        else buffer = Buffer.alloc(buffer.length * 4);
        continue;
      }
      this.#offset += end + 1;
      const lines = buffer.toString('utf8', 0, end).split('\n');
      if (this.#overlong) lines.shift();
      this.#overlong = false;
      for (const line of lines) {
        const event = this.#parse(line);
        if (!event || event.seq < expected) continue;
        this.#waiting.push(event);
        expected = event.seq + 1;
      }
    }
    this.#stoppedEarly = this.#offset < size;
  }
}

const notAFile = (path: string) =>
  new UserError({
    code: 'runs.not-a-file',
    tried: `follow the log ${path}`,
    why: 'it is no ordinary file.',
    cure: 'Put the log back in its place.',
  });

/** An offset at a line's start, at or before event `seq`: numbers grow, so bisection finds it in a few reads. */
async function seek(file: FileHandle, size: number, seq: number): Promise<number> {
  let low = 0;
  let high = size;
  const buffer = Buffer.alloc(1 << 16);
  while (seq > 1 && high - low > chunkBytes) {
    const middle = (low + high) >>> 1;
    const { bytesRead } = await file.read(buffer, 0, buffer.length, middle);
    const begin = buffer.subarray(0, bytesRead).indexOf(newline) + 1;
    const found = begin > 0 ? /^\{"seq":(\d{1,15}),/.exec(buffer.toString('latin1', begin, begin + 32)) : null;
    if (found && Number(found[1]) <= seq) low = middle + begin;
    else high = middle;
  }
  return low;
}
