/**
 * @file Errors of the machine (disk, rights, file handles, memory) in the words of whoever can cure them.
 * A leaf: it knows errors alone, and not what was being done.
 */
import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { UserError } from './errors.ts';

interface Words {
  why: string;
  cure: string;
}

const kept = 'nothing already written is lost.';
const rights = 'Give yourself the right to do so, or choose another folder.';

const words: Record<string, Words> = {
  ENOSPC: { why: 'the disk is full', cure: `Free space there and go on: ${kept}` },
  EDQUOT: { why: 'your quota on that disk is used up', cure: `Free some of it and go on: ${kept}` },
  EFBIG: { why: 'files there may not become so large', cure: 'Choose a folder on another disk.' },
  EACCES: { why: 'you have no right to do so', cure: rights },
  EPERM: { why: 'you have no right to do so', cure: rights },
  EROFS: { why: 'the disk can only be read', cure: 'Choose a folder on a disk that can be written.' },
  ENOENT: { why: 'it is not there', cure: 'Check that the folder still exists.' },
  ENOTDIR: { why: 'a part of the path is no folder', cure: 'Check the path.' },
  ENAMETOOLONG: { why: 'the path is too long', cure: 'Choose a folder with a shorter name.' },
  EBUSY: { why: 'another program has it open', cure: 'Close that program and try again.' },
  ESTALE: { why: 'the network folder has changed', cure: 'Connect it again and go on.' },
  EMFILE: {
    why: 'too many files are open',
    cure: 'Raise the limit (ulimit -n 4096), or run less at once.',
  },
  ENFILE: { why: 'the machine has too many files open', cure: 'Close other programs.' },
  ENOMEM: { why: 'memory has run out', cure: 'Close other programs, or lower training.batchSeconds.' },
  EIO: { why: 'the disk reports a fault', cure: 'Check the disk, and choose another one meanwhile.' },
};

/** The runtime's own words for what the system told it. */
const told: [RegExp, string][] = [
  [/No space left on device/i, 'ENOSPC'],
  [/Too many open files/i, 'EMFILE'],
  [/Read-only file system/i, 'EROFS'],
  [/bad_alloc|failed to allocate memory|allocation failed|out of memory|Cannot allocate memory/i, 'ENOMEM'],
];

export function sizeInWords(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** The error of a system call. Where `bytes` were to be written at `path`, it says how much that is and what is free. */
export function diskFault(tried: string, error: unknown, wanted: { path?: string; bytes?: number } = {}): UserError {
  if (error instanceof UserError) return error;
  const { code = 'unknown', message, path = wanted.path } = error as NodeJS.ErrnoException;
  const { why, cure } = words[code] ?? { why: undefined, cure: 'Check the disk and its permissions.' };
  const full = code === 'ENOSPC' ? room(path ?? wanted.path, wanted.bytes) : '';
  const text = `${why === undefined ? message : `${why} (${code})`}${full}.`;
  return new UserError({ code: `disk.${code.toLowerCase()}`, tried, why: text, cure });
}

function room(path: string | undefined, bytes: number | undefined): string {
  const free = path === undefined ? undefined : freeAt(path);
  const parts = [
    ...(bytes === undefined ? [] : [`it takes ${sizeInWords(bytes)}`]),
    ...(free === undefined ? [] : [`${sizeInWords(free)} are free there`]),
  ];
  return parts.length > 0 ? `: ${parts.join(', ')}` : '';
}

/** Bytes that may still be written where the path or the nearest folder above it lies. */
export function freeAt(path: string): number | undefined {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = statfsSync(at);
      return bavail * bsize;
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}

/** Of the moment and the machine, not of the file that was to be opened: it may be as sound as any. */
const passing = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

/** @throws UserError where the machine is in trouble, so that no file is judged by that */
export function blameNoFile(tried: string, error: unknown): void {
  if (passing.has((error as NodeJS.ErrnoException)?.code ?? '')) throw diskFault(tried, error);
}

/** What was being done, by the name of the system call. */
const doing: Record<string, string> = {
  open: 'open',
  scandir: 'list',
  mkdir: 'make the folder',
  write: 'write',
  read: 'read',
  rename: 'put in place',
  unlink: 'remove',
  rmdir: 'remove',
  fsync: 'write',
};

/** Whatever the machine refused, as a UserError; any other error as it is. */
export function inWords(error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const { code = '', syscall, path, message } = error as NodeJS.ErrnoException;
  if (syscall !== undefined && code in words)
    return diskFault(`${doing[syscall] ?? syscall} ${path ?? 'a file'}`, error);
  const known = code === 'ERR_MEMORY_ALLOCATION_FAILED' ? 'ENOMEM' : told.find(([text]) => text.test(message))?.[1];
  if (known === undefined) return error;
  if (known !== 'ENOMEM') return diskFault('go on', Object.assign(new Error(firstLine(message)), { code: known }));
  return outOfMemory(firstLine(message));
}

const firstLine = (text: string) => text.split('\n')[0].slice(0, 300);

/** @param message what the system or the runtime said */
export const outOfMemory = (message: string): UserError =>
  new UserError({
    code: 'memory.full',
    tried: 'go on',
    why: `memory has run out (${message}); of the machine's ${sizeInWords(totalmem())}, ${sizeInWords(freemem())} are free.`,
    cure: 'Close other programs, or lower training.batchSeconds or audio.maxSeconds: a run goes on from its last checkpoint.',
  });

/**
 * What tells this machine from another of the same workspace. How many of its threads a run was given shows in how fast
 * it was.
 */
export const machineName = (): string => `${cpus()[0]?.model.trim() ?? 'unknown'} × ${availableParallelism()}`;
