/**
 * @file Writing files so that a crash leaves the old content or the new, never a mixture.
 * A leaf: it knows errors alone, and not what is written.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { diskFault } from './machine.ts';
import { isAlive } from './processes.ts';

/** Writes all of it: a single write may stop short. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) offset += writeSync(fd, bytes, offset, bytes.length - offset);
}

/** Makes a rename or a new name in the folder durable; Windows has no such call and needs none. */
export function fsyncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes a new file and waits until it is on the disk. */
export function writeFileSynced(path: string, content: string | Uint8Array, { durable = true } = {}): void {
  const fd = openSync(path, 'wx');
  try {
    writeAll(fd, typeof content === 'string' ? Buffer.from(content) : content);
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * With those above it, where they are not there; `within` is never made: a folder that somebody removes must not rise
 * again. On a disk that can only be read the system's own recursion says ENOENT.
 */
export function makeFolder(path: string, within?: string): void {
  if (existsSync(path) || path === within) return;
  if (dirname(path) !== path) makeFolder(dirname(path), within);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Beside the target, so that a rename takes it there. */
export const temporaryName = (target: string) => `${target}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;

/** Replaces a file in one stroke: a reader sees the old content or the new. `durable: false` spares the waits. */
export function writeFileAtomic(path: string, content: string | Uint8Array, { durable = true } = {}): void {
  const temporary = temporaryName(path);
  try {
    writeFileSynced(temporary, content, { durable });
    renameSync(temporary, path);
    if (durable) fsyncFolder(dirname(path));
  } catch (error) {
    removeIfPossible(temporary);
    throw diskFault(`write ${path}`, error, { path, bytes: Buffer.byteLength(content) });
  }
}

/** After a fault the first error counts: what cannot be removed is swept later. */
export function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The disk is read-only, or no longer ours.
  }
}

/** Of another machine on shared storage a process cannot be asked: what is so old nobody is writing any more. */
const ABANDONED_MS = 24 * 3_600_000;
const SETTLED_MS = 5 * 60_000;

/**
 * Removes what a kill left half-written in a folder, and below it unless told: names of `temporaryName` (for the target
 * `of`, or any) whose process is gone. What cannot be removed stays: nobody reads it.
 */
export function sweepTemporary(folder: string, { below = true, of = '', nowMs = Date.now() } = {}): void {
  try {
    for (const name of readdirSync(folder, { recursive: below }) as string[]) {
      const [, pid] = /\.(\d+)-[0-9a-f]{8}\.tmp$/.exec(name) ?? [];
      if (pid === undefined || (of && !basename(name).startsWith(`${of}.`))) continue;
      const path = join(folder, name);
      const age = nowMs - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs);
      if (age > ABANDONED_MS || (age > SETTLED_MS && !isAlive(Number(pid))))
        rmSync(path, { recursive: true, force: true });
    }
  } catch {
    // Not there, not ours to change, or changed by another at this moment.
  }
}
