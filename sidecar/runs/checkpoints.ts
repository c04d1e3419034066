/**
 * @file Checkpoints: written beside, synced, renamed, and believed only if every hash in the manifest holds.
 * It must not know what the files contain.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { fsyncFolder, makeFolder, removeIfPossible, writeFileSynced } from '../disk.ts';
import { type Problem, UserError } from '../errors.ts';
import { diskFault } from '../machine.ts';
import { isRecord, readJson } from './files.ts';

export interface Checkpoint {
  step: number;
  /** Absolute folder. */
  dir: string;
  names: string[];
  /** The bytes of one file, hashed once more on the way. */
  read(name: string): Uint8Array;
}

interface Entry {
  sha256: string;
  bytes: number;
}

const manifestName = 'manifest.json';
const safeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const folderName = /^step-(\d{6,15})$/;

const folderOf = (step: number) => `step-${String(step).padStart(6, '0')}`;
const checkpointsOf = (run: { path: string }) => join(run.path, 'checkpoints');

/** The steps that have a folder, ascending; whether each is sound is not asked. */
function stepsIn(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => (folderName.test(name) ? [Number(name.slice(5))] : []))
    .sort((a, b) => a - b);
}

export interface Keeping {
  /** So many of the newest. */
  keep: number;
  /** And of these steps always. */
  pinned?: readonly number[];
}

/**
 * Writes the checkpoint of a step and removes the oldest beyond `keep`. A kill at any moment leaves the ones before it
 * whole. Checkpoints of later steps belong to a past that was given up when the run went on from an older one: they go.
 */
export function writeCheckpoint(
  run: { path: string },
  step: number,
  files: Record<string, Uint8Array>,
  { keep, pinned = [] }: Keeping = { keep: 2 },
): string {
  const parent = checkpointsOf(run);
  const final = join(parent, folderOf(step));
  const temporary = `${final}.${process.pid}.tmp`;
  try {
    makeFolder(parent, run.path);
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary);
    const entries: Record<string, Entry> = {};
    for (const [name, bytes] of Object.entries(files)) {
      if (!safeName.test(name) || name === manifestName)
        throw new Error(`internal: not a checkpoint file name: ${name}`);
      writeFileSynced(join(temporary, name), bytes);
      entries[name] = { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
    }
    fsyncFolder(temporary);
    const manifest = JSON.stringify({ version: 1, step, files: entries }, null, 2);
    writeFileSynced(join(temporary, manifestName), Buffer.from(`${manifest}\n`));
    fsyncFolder(temporary);
    if (existsSync(final)) renameSync(final, `${final}.old.tmp`);
    renameSync(temporary, final);
    fsyncFolder(parent);
  } catch (error) {
    removeIfPossible(temporary);
    const bytes = Object.values(files).reduce((sum, { length }) => sum + length, 0);
    throw diskFault(`write the checkpoint of step ${step} to ${parent}`, error, { path: parent, bytes });
  }
  rmSync(`${final}.old.tmp`, { recursive: true, force: true });
  const steps = stepsIn(parent);
  const past = steps.filter((other) => other <= step);
  const kept = [...past.slice(-Math.max(1, keep)), ...past.filter((other) => pinned.includes(other))];
  for (const other of steps) if (!kept.includes(other)) remove(parent, other);
  return final;
}

/** Puts back a checkpoint whose replacement never came, and removes what a kill left half-written. */
export function recoverCheckpoints(run: { path: string }): void {
  const parent = checkpointsOf(run);
  if (!existsSync(parent)) return;
  for (const name of readdirSync(parent).filter((candidate) => candidate.endsWith('.tmp'))) {
    const former = name.endsWith('.old.tmp') ? join(parent, name.slice(0, -'.old.tmp'.length)) : undefined;
    if (former && !existsSync(former)) renameSync(join(parent, name), former);
    else rmSync(join(parent, name), { recursive: true, force: true });
  }
}

/** Renamed first, so that a kill in the middle does not leave a checkpoint with some files gone under a good name. */
function remove(parent: string, step: number): void {
  const gone = join(parent, `${folderOf(step)}.gone.tmp`);
  rmSync(gone, { recursive: true, force: true });
  renameSync(join(parent, folderOf(step)), gone);
  rmSync(gone, { recursive: true, force: true });
}

function hashFile(path: string): string {
  const hash = createHash('sha256');
  const fd = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(1 << 20);
    for (let length = 0; (length = readSync(fd, chunk)) > 0; ) hash.update(chunk.subarray(0, length));
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}

/** The manifest's files, or why it cannot be believed. */
function verify(dir: string, step: number): { files: Map<string, Entry> } | { why: string } {
  const manifest = readJson(join(dir, manifestName));
  if (!isRecord(manifest) || !isRecord(manifest.files)) return { why: `it has no readable ${manifestName}.` };
  if (manifest.step !== step) return { why: `its manifest is of step ${String(manifest.step)}.` };
  const files = new Map<string, Entry>();
  for (const [name, entry] of Object.entries(manifest.files)) {
    if (!safeName.test(name) || !isRecord(entry))
      return { why: `its manifest lists ${JSON.stringify(name.slice(0, 100))}.` };
    const path = join(dir, name);
    try {
      const info = statSync(path);
      if (!info.isFile()) return { why: `${name} is not a file.` };
      if (info.size !== entry.bytes)
        return { why: `${name} has ${info.size} bytes instead of ${String(entry.bytes)}.` };
      if (hashFile(path) !== entry.sha256) return { why: `the content of ${name} has changed since it was written.` };
    } catch (error) {
      return {
        why:
          (error as NodeJS.ErrnoException).code === 'ENOENT' ? `${name} is missing.` : `${(error as Error).message}.`,
      };
    }
    files.set(name, entry as unknown as Entry);
  }
  return { files };
}

/** Whether any checkpoint is there, sound or not. */
export const hasCheckpoints = (run: { path: string }): boolean => stepsIn(checkpointsOf(run)).length > 0;

/** The steps that a run can be forked from, ascending. */
export const checkpointSteps = (run: { path: string }): number[] => stepsIn(checkpointsOf(run));

/**
 * The newest checkpoint that verifies, or that of step `only`. Those passed over are reported; undefined where none is
 * left.
 */
export function latestCheckpoint(
  run: { path: string },
  report?: (problem: Problem) => void,
  only?: number,
): Checkpoint | undefined {
  const parent = checkpointsOf(run);
  for (const step of stepsIn(parent).reverse()) {
    if (only !== undefined && step !== only) continue;
    const dir = join(parent, folderOf(step));
    const result = verify(dir, step);
    if ('why' in result) {
      report?.({
        code: 'runs.checkpoint-corrupt',
        tried: `read the checkpoint ${dir}`,
        why: result.why,
        cure: 'The one before it is taken instead, if there is one.',
      });
      continue;
    }
    const { files } = result;
    const read = (name: string): Uint8Array => {
      const entry = files.get(name);
      const fail = (why: string) =>
        new UserError({
          code: 'runs.checkpoint-file',
          tried: `read ${name} of ${dir}`,
          why,
          cure: 'Resume from another checkpoint.',
        });
      if (!entry) throw fail(`the checkpoint holds only ${[...files.keys()].join(', ')}.`);
      const bytes = readFileSync(join(dir, name));
      if (createHash('sha256').update(bytes).digest('hex') !== entry.sha256)
        throw fail('it changed while it was in use.');
      return bytes;
    };
    return { step, dir, names: [...files.keys()], read };
  }
  return undefined;
}
