/**
 * @file What `.milore` takes on the disk, by run and by cache, and removing a run. Nothing that is in use is removed. It
 * knows names and sizes, not contents.
 */
import type { Dirent } from 'node:fs';
import { renameSync, rmSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryName } from '../disk.ts';
import { UserError } from '../errors.ts';
import { diskFault } from '../machine.ts';
import { type CacheItem, listCache } from './cache.ts';
import { hasCheckpoints } from './checkpoints.ts';
import { claimRun } from './claim.ts';
import { readLabel } from './label.ts';
import { readQueue } from './queue.ts';
import { listRuns, openRun, type RunDir } from './run.ts';
import { deriveStatus, type Status } from './status.ts';

/** Why something stays: it is at work, waits to go on, is what another still begins with, or is read by one. */
export type InUse = 'training' | 'queued' | 'job' | 'parent' | 'read';

interface Use {
  /** As it is named to remove it: a run's id, or folder and key of a cache. */
  name: string;
  bytes: number;
  /** Milliseconds since 1970. Of a run when it was last written: listing runs reads them. */
  lastUsedMs: number;
  inUse?: InUse;
}
export interface RunUse extends Use {
  kind: 'run';
  run: RunDir;
  /** As a person named it, else the experiment's name. */
  title: string;
  state: Status['state'];
}
export interface CacheUse extends Use {
  kind: 'cache';
  cache: CacheItem;
}
export type DiskItem = RunUse | CacheUse;

export interface DiskUse {
  /** Largest first. */
  items: DiskItem[];
  /** Everything else in `.milore`: the queue, jobs, their output. */
  otherBytes: number;
}

/** @param waiting runs that a scheduler may go on with: nobody here can see that in their files */
export async function diskUse(root: string, waiting: ReadonlySet<string> = new Set()): Promise<DiskUse> {
  const runs = listRuns(root).runs.map((run) => ({ run, state: deriveStatus(run).state }));
  const atWork = runs.filter(({ state }) => state === 'running');
  // One that was forked and has no checkpoint of its own goes on from its parent's.
  const begins = runs.filter(({ run, state }) => state === 'running' || (state !== 'done' && !hasCheckpoints(run)));
  const parents = new Set(begins.flatMap(({ run }) => run.parent?.run ?? []));
  const queued = new Set(readQueue(root).items.flatMap(({ kind, what }) => (kind === 'resume' ? what : [])));
  const items: DiskItem[] = [];
  for (const { run, state } of runs) {
    const { bytes, writtenMs } = await filesUnder(run.path);
    const inUse =
      state === 'running'
        ? 'training'
        : waiting.has(run.id)
          ? 'job'
          : queued.has(run.id)
            ? 'queued'
            : parents.has(run.id)
              ? 'parent'
              : undefined;
    const title = readLabel(run).name ?? run.name;
    items.push({ kind: 'run', name: run.id, run, title, state, bytes, lastUsedMs: writtenMs, ...(inUse && { inUse }) });
  }
  for (const cache of listCache(root)) {
    const { name, bytes, lastUsedMs } = cache;
    items.push({ kind: 'cache', name, cache, bytes, lastUsedMs, ...(atWork.length > 0 ? { inUse: 'read' } : {}) });
  }
  items.sort((a, b) => b.bytes - a.bytes);
  const milore = join(root, '.milore');
  let otherBytes = 0;
  for (const entry of await entriesOf(milore))
    if (entry.name !== 'runs' && entry.name !== 'cache')
      otherBytes += (await sizeOf(join(milore, entry.name), entry)).bytes;
  return { items, otherBytes };
}

/** Bytes of a run's folder; links are not followed. */
export const bytesOfRun = async ({ path }: { path: string }): Promise<number> => (await filesUnder(path)).bytes;

/**
 * Removes a run for good, whole or not at all: what a kill leaves of it is no run any more, and is swept.
 * @throws UserError where it is at work, or its folder cannot be moved
 */
export function removeRun(path: string): void {
  const run = openRun(path, { write: true });
  if (deriveStatus(run).state === 'running')
    throw new UserError({
      code: 'runs.busy',
      tried: `remove the run ${run.id}`,
      why: 'it is at work.',
      cure: 'Stop it first.',
    });
  // Whoever goes on with it at this moment has it, or finds it gone.
  const claim = claimRun(run);
  const aside = temporaryName(join(dirname(run.path), `.${run.id}`));
  try {
    renameSync(run.path, aside);
  } catch (error) {
    claim.release();
    throw diskFault(`remove the run ${run.id}`, error);
  }
  try {
    rmSync(aside, { recursive: true, force: true });
  } catch (error) {
    throw diskFault(`remove all of the run ${run.id}`, error);
  }
}

interface Size {
  bytes: number;
  writtenMs: number;
}

async function filesUnder(folder: string): Promise<Size> {
  let bytes = 0;
  let writtenMs = 0;
  for (const entry of await entriesOf(folder)) {
    const one = await sizeOf(join(folder, entry.name), entry);
    bytes += one.bytes;
    writtenMs = Math.max(writtenMs, one.writtenMs);
  }
  return { bytes, writtenMs };
}

async function sizeOf(path: string, entry: Dirent): Promise<Size> {
  if (entry.isDirectory()) return filesUnder(path);
  if (!entry.isFile()) return { bytes: 0, writtenMs: 0 };
  // A run at work moves its files.
  const info = await stat(path).catch(() => undefined);
  return { bytes: info?.size ?? 0, writtenMs: info?.mtimeMs ?? 0 };
}

const entriesOf = (folder: string): Promise<Dirent[]> => readdir(folder, { withFileTypes: true }).catch(() => []);
