/**
 * @file Writing a folder so that a reader never sees half of it: temporary name, sync, rename.
 */
import fs from 'node:fs';
import path from 'node:path';
import {
  fsyncFolder,
  makeFolder,
  removeIfPossible,
  sweepTemporary,
  temporaryName,
  writeFileSynced,
} from '../../disk.ts';
import { UserError } from '../../errors.ts';
import { diskFault } from '../../machine.ts';

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
  const fresh = temporaryName(path.resolve(folder));
  try {
    makeFolder(fresh);
    for (const [name, content] of Object.entries(files)) writeFileSynced(path.join(fresh, name), content);
    putInPlace(fresh, folder);
  } catch (error) {
    removeIfPossible(fresh);
    const bytes = Object.values(files).reduce((sum, content) => sum + Buffer.byteLength(content), 0);
    throw diskFault(`write ${folder}`, error, { path: folder, bytes });
  }
  sweepLeftovers(folder);
}

/**
 * Lets `make` fill a folder beside `folder`, which takes its place once that has come to its end; where it throws,
 * nothing is left. What lies at `folder` must be empty.
 */
export async function buildFolder<T>(folder: string, make: (fresh: string) => Promise<T>): Promise<T> {
  refuseStrangers(folder, new Set());
  const fresh = temporaryName(path.resolve(folder));
  try {
    makeFolder(fresh);
    const made = await make(fresh);
    putInPlace(fresh, folder);
    sweepLeftovers(folder);
    return made;
  } catch (error) {
    removeIfPossible(fresh);
    // Only the machine's refusals have a system call; our own faults stay what they are.
    throw (error as NodeJS.ErrnoException).syscall ? diskFault(`write ${folder}`, error, { path: folder }) : error;
  }
}

/** Renames `fresh`, which is whole, to `folder`; what lay there goes with it, or stays where that fails. */
function putInPlace(fresh: string, folder: string): void {
  const target = path.resolve(folder);
  const old = temporaryName(target);
  fsyncFolder(fresh);
  const replaces = fs.existsSync(target);
  if (replaces) fs.renameSync(target, old);
  try {
    fs.renameSync(fresh, target);
  } catch (error) {
    if (replaces) fs.renameSync(old, target);
    throw error;
  }
  fsyncFolder(path.dirname(target));
  removeIfPossible(old);
}

/** What a kill left of an earlier attempt; whatever else lies there is not ours. */
function sweepLeftovers(folder: string): void {
  const target = path.resolve(folder);
  sweepTemporary(path.dirname(target), { below: false, of: path.basename(target) });
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
