/**
 * @file Append-only logs of JSON lines: single appends, consecutive numbers, a torn last line cut off.
 * It must not know what the events mean, but for `resumed`, which takes back the steps that a crash lost.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { writeAll } from '../disk.ts';
import { type Problem, UserError } from '../errors.ts';
import { diskFault } from '../machine.ts';
import { isRecord, readOnly } from './files.ts';

/** What a caller logs; `seq` and `time` are put on by the writer. */
export interface Event {
  type: string;
  step?: number;
  [key: string]: unknown;
}

export type LoggedEvent = Event & { seq: number; time: string };

const chunkBytes = 1 << 16;
const maxLineBytes = 16 << 20;
const newline = 0x0a;

/** One line as an event, or undefined where it is none. */
export function parseLine(line: string): LoggedEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (isRecord(value) && Number.isSafeInteger(value.seq) && typeof value.type === 'string')
      return value as LoggedEvent;
  } catch {
    // Told by the caller, who knows the line's number.
  }
  return undefined;
}

/** Finds line starts from the end of a file backwards, reading each part of it once. */
function backwards(fd: number): (end: number) => number {
  const buffer = Buffer.alloc(chunkBytes);
  let low = 0;
  let high = 0;
  /** Offset just behind the last newline before `end`, or 0. */
  return (end) => {
    for (let from = end; from > 0; from = low) {
      if (from > high || from <= low) {
        low = Math.max(0, from - chunkBytes);
        high = low + readSync(fd, buffer, 0, from - low, low);
      }
      const found = buffer.subarray(0, from - low).lastIndexOf(newline);
      if (found >= 0) return low + found + 1;
    }
    return 0;
  };
}

/** The end of the last whole, valid line, and its number. A line without its newline was never finished. */
function soundEnd(fd: number, path: string): { end: number; seq: number } {
  const { size } = fstatSync(fd);
  const lineStart = backwards(fd);
  const last = lineStart(size);
  // What a crash leaves behind is short; beyond two lines of the longest there is no use in looking on.
  for (let end = last; end > Math.max(0, last - 2 * maxLineBytes); ) {
    const begin = lineStart(end - 1);
    if (end - begin > 2 && end - begin <= maxLineBytes) {
      const line = Buffer.alloc(end - begin);
      readSync(fd, line, 0, line.length, begin);
      const event = parseLine(line.toString('utf8'));
      if (event) return { end, seq: event.seq };
    }
    end = begin;
  }
  if (size > maxLineBytes || last > 0) {
    throw new UserError({
      code: 'runs.not-a-log',
      tried: `go on with the log ${path}`,
      why: 'none of its lines is an event of a run.',
      cure: 'Move the file away; it is left as it is.',
    });
  }
  return { end: 0, seq: 0 };
}

/** Appends events to one file. One writer a file at a time; readers need no lock. */
export class LogWriter {
  readonly path: string;
  #fd: number;
  #seq: number;
  #size: number;

  /** Opens or makes the file; what a crash left half-written at its end is cut off. */
  constructor(path: string) {
    this.path = path;
    try {
      // Not 'a': an append must land where the sound part ends.
      try {
        this.#fd = openSync(path, 'r+');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        this.#fd = openSync(path, 'wx+');
      }
      const { end, seq } = soundEnd(this.#fd, path);
      ftruncateSync(this.#fd, end);
      this.#size = end;
      this.#seq = seq;
      closeSync(this.#fd);
      this.#fd = openSync(path, 'a');
    } catch (error) {
      throw diskFault(`open the log ${path}`, error);
    }
  }

  /** Number of the last event written. */
  get seq(): number {
    return this.#seq;
  }

  append(event: Event): LoggedEvent {
    const logged = { ...event, seq: this.#seq + 1, time: new Date().toISOString() };
    const { seq, time, ...rest } = logged;
    const bytes = Buffer.from(`${JSON.stringify({ seq, time, ...rest }, finite)}\n`);
    try {
      writeAll(this.#fd, bytes);
    } catch (error) {
      try {
        ftruncateSync(this.#fd, this.#size);
      } catch {
        // The next opening cuts the torn tail off.
      }
      throw diskFault(`append to the log ${this.path}`, error, { path: this.path, bytes: bytes.length });
    }
    this.#size += bytes.length;
    this.#seq = seq;
    return logged as LoggedEvent;
  }

  /** Waits until everything appended is on the disk. */
  sync(): void {
    try {
      fsyncSync(this.#fd);
    } catch (error) {
      throw diskFault(`write the log ${this.path}`, error);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** JSON has no NaN or infinity; null would hide which it was. */
function finite(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

interface ReadOptions {
  /** Told of lines that are not events; without it such a line throws. */
  onProblem?: (problem: Problem) => void;
  /** Reads no further than this offset. */
  end?: number;
}

/**
 * The events numbered `fromSeq` and up, in order, a chunk at a time. An unfinished last line is left out; a log that
 * does not exist yet is empty.
 */
export async function* readLog(
  path: string,
  fromSeq = 1,
  { onProblem, end }: ReadOptions = {},
): AsyncGenerator<LoggedEvent> {
  let file: FileHandle;
  try {
    file = await open(path, readOnly);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw diskFault(`read the log ${path}`, error);
  }
  const bad = (line: number, why: string) => {
    const problem: Problem = {
      code: 'runs.log-line',
      tried: `read the log ${path}`,
      why,
      cure: 'Every other line is still readable; remove this one to silence the message.',
      place: { file: path, line, column: 1 },
    };
    if (!onProblem) throw new UserError(problem);
    onProblem(problem);
  };
  try {
    const stop = end ?? Number.POSITIVE_INFINITY;
    const chunk = Buffer.alloc(chunkBytes);
    let rest: Buffer[] = [];
    let restBytes = 0;
    let position = 0;
    let number = 0;
    while (position < stop) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(chunkBytes, stop - position), position);
      if (bytesRead === 0) break;
      position += bytesRead;
      let begin = 0;
      for (;;) {
        const found = chunk.subarray(0, bytesRead).indexOf(newline, begin);
        if (found < 0) break;
        const line = Buffer.concat([...rest, chunk.subarray(begin, found)]);
        const tooLong = restBytes > maxLineBytes;
        rest = [];
        restBytes = 0;
        begin = found + 1;
        number++;
        if (tooLong) {
          bad(number, `the line is longer than ${maxLineBytes} bytes.`);
          continue;
        }
        // Cheap skip: the writer puts seq first.
        const early = /^\{"seq":(\d{1,15}),/.exec(line.toString('latin1', 0, 32));
        if (early && Number(early[1]) < fromSeq) continue;
        const event = parseLine(line.toString('utf8'));
        if (!event) bad(number, 'the line is not an event of a run.');
        else if (event.seq >= fromSeq) yield event;
      }
      restBytes += bytesRead - begin;
      if (restBytes <= maxLineBytes) rest.push(Buffer.from(chunk.subarray(begin, bytesRead)));
      else rest = [];
    }
  } finally {
    await file.close();
  }
}

/** Bytes of a log now, 0 where there is none. */
async function sizeOf(path: string): Promise<number> {
  try {
    const file = await open(path, readOnly);
    try {
      return (await file.stat()).size;
    } finally {
      await file.close();
    }
  } catch {
    return 0;
  }
}

/**
 * The events that carry a step and still count: a later `{type: 'resumed', fromStep}` takes back every earlier event
 * with `step > fromStep`. Reads the log twice, as it stands at the call, in bounded memory.
 */
export async function* readPoints(
  path: string,
  options: Omit<ReadOptions, 'end'> = {},
): AsyncGenerator<LoggedEvent & { step: number }> {
  const end = await sizeOf(path);
  const resumes: { seq: number; fromStep: number }[] = [];
  for await (const event of readLog(path, 1, { end, onProblem: () => {} })) {
    if (event.type === 'resumed' && typeof event.fromStep === 'number')
      resumes.push({ seq: event.seq, fromStep: event.fromStep });
  }
  for (let i = resumes.length - 2; i >= 0; i--)
    resumes[i].fromStep = Math.min(resumes[i].fromStep, resumes[i + 1].fromStep);
  let next = 0;
  for await (const event of readLog(path, 1, { ...options, end })) {
    while (next < resumes.length && resumes[next].seq <= event.seq) next++;
    if (typeof event.step !== 'number') continue;
    if (next < resumes.length && event.step > resumes[next].fromStep) continue;
    yield event as LoggedEvent & { step: number };
  }
}

/** The last events of a log, newest last, from about `bytes` of its tail. */
export function readTail(path: string, bytes = 1 << 16): LoggedEvent[] {
  let fd: number;
  try {
    fd = openSync(path, readOnly);
  } catch {
    return [];
  }
  try {
    const info = fstatSync(fd);
    if (!info.isFile()) return [];
    const { size } = info;
    for (let window = bytes; ; window *= 4) {
      const begin = Math.max(0, size - Math.min(window, maxLineBytes));
      const buffer = Buffer.alloc(size - begin);
      const length = readSync(fd, buffer, 0, buffer.length, begin);
      const lines = buffer.subarray(0, length).toString('utf8').split('\n');
      lines.pop();
      if (begin > 0) lines.shift();
      const events = lines.flatMap((line) => parseLine(line) ?? []);
      if (events.length > 0 || begin === 0 || window >= maxLineBytes) return events;
    }
  } finally {
    closeSync(fd);
  }
}
