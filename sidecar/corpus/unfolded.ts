/** @file Recordings as the models take them, kept for the next clip: short ones in memory, long ones in a file that is
 * nobody's as soon as it is open. Knows no clip. */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stream16k } from '../audio/index.ts';
import { UserError } from '../errors.ts';
import { isAlive } from '../processes.ts';

/** 64 MB: of one recording, and of all that are kept in memory. */
const inMemory = 16_000_000;
/** Long recordings whose files are kept open. */
const onDisk = 4;
const prefix = 'milore-audio-';

/** 16 kHz, not normalised. */
export interface Unfolded {
  readonly samples: number;
  readonly long: boolean;
  /** A view or a copy, not to be written to; `undefined` once it was closed. */
  read(from: number, to: number): Float32Array | undefined;
  close(): void;
}

const known = new Map<string, Promise<Unfolded>>();
const settled = new Map<string, Unfolded>();

/** Samples `from` to `to` of one channel of the file, or of the mean of all. @throws UserError `audio.*`. */
export async function readUnfolded(
  path: string,
  channel: number | undefined,
  from: number,
  to: number,
): Promise<{ samples: Float32Array; all: number }> {
  for (;;) {
    const unfolded = await recall(path, channel);
    const samples = unfolded.read(from, Math.min(to, unfolded.samples));
    if (samples) return { samples, all: unfolded.samples }; // Else another one took its place meanwhile.
  }
}

function recall(path: string, channel: number | undefined): Promise<Unfolded> {
  const key = JSON.stringify([path, channel ?? null]);
  const before = known.get(key);
  known.delete(key); // Put back at the end: the least recently used goes first.
  const now = before ?? unfold(path, channel);
  known.set(key, now);
  if (!before)
    now.then(
      (unfolded) => {
        settled.set(key, unfolded);
        makeRoom(key);
      },
      () => known.delete(key),
    );
  return now;
}

function makeRoom(newest: string): void {
  for (const long of [false, true]) {
    const all = [...known.keys()].filter((key) => settled.get(key)?.long === long);
    let used = all.reduce((sum, key) => sum + (long ? 1 : settled.get(key)!.samples), 0);
    for (const key of all) {
      if (used <= (long ? onDisk : inMemory) || key === newest) break;
      const oldest = settled.get(key)!;
      used -= long ? 1 : oldest.samples;
      known.delete(key);
      settled.delete(key);
      oldest.close();
    }
  }
}

async function unfold(path: string, channel: number | undefined): Promise<Unfolded> {
  let pieces: Float32Array[] = [];
  let samples = 0;
  let spill: Spill | undefined;
  try {
    await stream16k(
      path,
      (piece) => {
        samples += piece.length;
        pieces.push(piece);
        if (samples <= inMemory) return;
        spill ??= new Spill(path);
        for (const waiting of pieces) spill.write(waiting);
        pieces = [];
      },
      channel,
    );
  } catch (fault) {
    spill?.close();
    throw fault;
  }
  if (spill) return spill;
  const whole = new Float32Array(samples);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return { samples, long: false, read: (from, to) => whole.subarray(from, to), close: () => {} };
}

/** A file of float32 in the system's folder for such, without a name where the system allows that. */
class Spill implements Unfolded {
  readonly long = true;
  samples = 0;
  readonly #of: string;
  readonly #path: string;
  #handle: number | undefined;

  constructor(of: string) {
    sweep();
    this.#of = of;
    this.#path = join(tmpdir(), `${prefix}${process.pid}-${randomUUID()}`);
    this.#attempt(() => {
      this.#handle = openSync(this.#path, 'wx+', 0o600);
    });
    // Whatever becomes of this process, nothing is left; Windows keeps it until it is closed.
    if (process.platform !== 'win32') rmSync(this.#path, { force: true });
  }

  write(piece: Float32Array): void {
    const bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    this.#attempt(() => {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#handle!, bytes, done);
    });
    this.samples += piece.length;
  }

  read(from: number, to: number): Float32Array | undefined {
    if (this.#handle === undefined) return undefined;
    const out = new Float32Array(Math.max(0, to - from));
    const bytes = new Uint8Array(out.buffer);
    for (let done = 0; done < bytes.length; ) {
      const count = readSync(this.#handle, bytes, done, bytes.length - done, 4 * from + done);
      if (count === 0) throw new Error(`internal: the unfolded audio of ${this.#of} is shorter than it was`);
      done += count;
    }
    return out;
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
    rmSync(this.#path, { force: true });
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (fault) {
      this.close();
      throw new UserError({
        code: 'corpus.no-room',
        tried: `unfold the long recording ${this.#of} into ${tmpdir()}`,
        why: `the system says ${(fault as NodeJS.ErrnoException).code ?? fault}; an hour takes 230 MB there.`,
        cure: 'Free space there, or name another folder in the environment variable TMPDIR (TEMP on Windows).',
      });
    }
  }
}

let swept = false;

/** What processes left that were killed where files keep their names. */
function sweep(): void {
  if (swept) return;
  swept = true;
  if (process.platform !== 'win32') return; // Elsewhere they have no names.
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('-')[0]) : Number.NaN;
    if (Number.isInteger(owner) && !isAlive(owner)) rmSync(join(tmpdir(), name), { force: true });
  }
}
