/**
 * @file Writing files so that a crash leaves the old content or the new, never a mixture.
 * It must not know what is written.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../errors.ts';

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
export function writeFileSynced(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, 'wx');
  try {
    writeAll(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Replaces a file in one stroke: a reader sees the old content or the new. `durable: false` spares the waits. */
export function writeFileAtomic(path: string, content: string | Uint8Array, { durable = true } = {}): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    const fd = openSync(temporary, 'wx');
    try {
      writeAll(fd, bytes);
      if (durable) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
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
    EACCES: 'Give yourself the right to write there, or choose another workspace.',
    EROFS: 'Choose a workspace on a disk that can be written.',
    ENOENT: 'Check that the folder still exists.',
  };
  const cure = cures[code] ?? 'Check the disk and its permissions.';
  return new UserError({ code: `runs.${code.toLowerCase()}`, tried, why: `${message}.`, cure });
}

/** A small JSON file that someone else may have written; undefined where it is absent, too large or not JSON. */
export function readJson(path: string, maxBytes = 8_000_000): unknown {
  try {
    const info = statSync(path);
    if (!info.isFile() || info.size > maxBytes) return undefined;
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
