/**
 * @file Writing files so that a crash leaves the old content or the new, never a mixture.
 * A leaf: it knows errors alone, and not what is written.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from './errors.ts';

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

/** Beside the target, so that a rename takes it there. */
export const temporaryName = (target: string) => `${target}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;

/** Replaces a file in one stroke: a reader sees the old content or the new. `durable: false` spares the waits. */
export function writeFileAtomic(path: string, content: string | Uint8Array, { durable = true } = {}): void {
  const temporary = temporaryName(path);
  try {
    writeFileSynced(temporary, content, { durable });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw diskFault(`write ${path}`, error);
  }
  if (durable) fsyncFolder(dirname(path));
}

/** The error of a system call as a person can act on it. */
export function diskFault(tried: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  const { code = 'unknown', message } = error as NodeJS.ErrnoException;
  const cures: Record<string, string> = {
    ENOSPC: 'Free space on that disk; nothing already written is lost.',
    EDQUOT: 'Free some of your quota on that disk; nothing already written is lost.',
    EACCES: 'Give yourself the right to write there, or choose another folder.',
    EROFS: 'Choose a folder on a disk that can be written.',
    ENOENT: 'Check that the folder still exists.',
    EMFILE: 'Too many files are open: raise the limit (ulimit -n 4096), or run less at once.',
    ENFILE: 'The machine has too many files open: close other programs.',
    ENOMEM: 'Free memory: close other programs, or lower training.batchSeconds.',
    EPERM: 'Give yourself the right to write there, or choose another folder.',
    EIO: 'The disk reports an error: check it, and choose another one meanwhile.',
  };
  const cure = cures[code] ?? 'Check the disk and its permissions.';
  return new UserError({ code: `disk.${code.toLowerCase()}`, tried, why: `${message}.`, cure });
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Of another machine on shared storage a process cannot be asked: what is so old nobody is writing any more. */
const ABANDONED_MS = 24 * 3_600_000;
const SETTLED_MS = 5 * 60_000;

/** Removes what a kill left half-written below a folder: names of `temporaryName` whose process is gone. */
export function sweepTemporary(folder: string, nowMs = Date.now()): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const [, pid] = /\.(\d+)-[0-9a-f]{8}\.tmp$/.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = join(folder, name);
    const age = nowMs - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs);
    if (age > ABANDONED_MS || (age > SETTLED_MS && !isAlive(Number(pid)))) rmSync(path, { force: true });
  }
}
