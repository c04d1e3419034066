/**
 * @file Writing so that a reader never sees half a file or half a folder: temporary name, sync, rename.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { UserError } from '../../errors.ts';

const temporaryName = (target: string) => `${target}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;

/**
 * Writes `files` (name → content) as the whole of `folder`. An existing folder is replaced only if it holds nothing but
 * names of `files` and `mayReplace`: whatever else lies there is somebody's.
 */
export function writeFolder(
  folder: string,
  files: Record<string, Uint8Array | string>,
  mayReplace: readonly string[] = [],
): void {
  refuseStrangers(folder, new Set([...Object.keys(files), ...mayReplace]));
  const target = path.resolve(folder);
  const fresh = temporaryName(target);
  const old = temporaryName(target);
  try {
    fs.mkdirSync(fresh, { recursive: true });
    for (const [name, content] of Object.entries(files)) writeSynced(path.join(fresh, name), content);
    syncFolder(fresh);
    const replaces = fs.existsSync(target);
    if (replaces) fs.renameSync(target, old);
    try {
      fs.renameSync(fresh, target);
    } catch (error) {
      if (replaces) fs.renameSync(old, target);
      throw error;
    }
    syncFolder(path.dirname(target));
    fs.rmSync(old, { recursive: true, force: true });
  } catch (error) {
    fs.rmSync(fresh, { recursive: true, force: true });
    throw cannotWrite(folder, error);
  }
}

/** Writes one file in place of what was there. */
export function writeFileAtomic(file: string, content: Uint8Array | string): void {
  const fresh = temporaryName(file);
  try {
    writeSynced(fresh, content);
    fs.renameSync(fresh, file);
  } catch (error) {
    fs.rmSync(fresh, { force: true });
    throw cannotWrite(file, error);
  }
}

function refuseStrangers(folder: string, ours: ReadonlySet<string>): void {
  if (!fs.existsSync(folder)) return;
  const strangers = fs.statSync(folder).isDirectory()
    ? fs.readdirSync(folder).filter((name) => !ours.has(name))
    : ['a file'];
  if (strangers.length === 0) return;
  throw new UserError({
    code: 'checkpoint.folder-in-use',
    tried: `write ${folder}`,
    why: `${strangers.length} other things lie there, among them ${strangers.slice(0, 3).join(', ')}.`,
    cure: 'Name a new or empty folder.',
  });
}

function writeSynced(file: string, content: Uint8Array | string): void {
  const fd = fs.openSync(file, 'wx');
  try {
    // fs.writeFileSync goes on after a short write, which fs.writeSync does not.
    fs.writeFileSync(fd, content);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function syncFolder(folder: string): void {
  // Windows cannot open a folder; there the rename alone has to do.
  if (process.platform === 'win32') return;
  const fd = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function cannotWrite(target: string, error: unknown): UserError {
  return new UserError({
    code: 'checkpoint.unwritable',
    tried: `write ${target}`,
    why: `${error instanceof Error ? error.message : String(error)}.`,
    cure: 'Check that the folder may be written to and the disk has room.',
  });
}
