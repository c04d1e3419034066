/**
 * @file What a workspace's cache holds, by base and kind, and removing it. All of it can be made anew from recordings
 * and base models; only time is lost. It knows names and sizes, not contents.
 */
import { type Dirent, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../disk.ts';
import { UserError } from '../errors.ts';
import { inWords } from '../machine.ts';
import { isRecord, readJson } from './files.ts';
import { listRuns } from './run.ts';
import { deriveStatus } from './status.ts';

/** Folders of the cache, and what each holds. */
export const cacheKinds = {
  graphs: 'weights and graphs of a base',
  features: 'features of speech',
  audio: 'sound in 16 bits',
  units: 'units and labels',
  states: 'hidden states',
  superb: 'trainings of recognisers',
  corpus: 'what recordings hold',
} as const;
export type CacheKind = keyof typeof cacheKinds;

export interface CacheItem {
  /** Folder and key, as a person names it: `features/9788012be433`. */
  name: string;
  kind: CacheKind;
  /** Folder of the base model that it belongs to, where that is known. */
  base?: string;
  bytes: number;
  /** Milliseconds since 1970, as the file system tells: some note that a file was read once a day, some never. */
  lastUsedMs: number;
  paths: string[];
}

const BASE_FILE = 'base.json';
/** Letters of a key that are shown: enough to tell keys of one workspace apart. */
const shown = 12;

export const cacheOf = (root: string): string => join(root, '.milore', 'cache');

/** So that a person is told a folder, not a hash. */
export function rememberBase(cache: string, hash: string, model: string): void {
  const path = join(cache, 'graphs', hash.slice(0, 32), BASE_FILE);
  const known = readJson(path, 10_000);
  if (isRecord(known) && known.model === model) return;
  writeFileAtomic(path, `${JSON.stringify({ model })}\n`, { durable: false });
}

/** Largest first. A folder that is not there holds nothing. */
export function listCache(root: string): CacheItem[] {
  const cache = cacheOf(root);
  const items = new Map<string, CacheItem>();
  for (const kind of Object.keys(cacheKinds) as CacheKind[]) {
    for (const entry of entriesOf(join(cache, kind))) {
      const key = kind === 'corpus' ? '' : keyOf(entry.name);
      const name = kind === 'corpus' ? kind : `${kind}/${nameOf(key)}`;
      let item = items.get(`${kind}/${key}`);
      if (!item) {
        const base = baseOf(cache, key);
        item = { name, kind, ...(base === undefined ? {} : { base }), bytes: 0, lastUsedMs: 0, paths: [] };
        items.set(`${kind}/${key}`, item);
      }
      const path = join(cache, kind, entry.name);
      item.paths.push(path);
      for (const { bytes, usedMs } of filesOf(path, entry)) {
        item.bytes += bytes;
        item.lastUsedMs = Math.max(item.lastUsedMs, usedMs);
      }
    }
  }
  return [...items.values()].sort((a, b) => b.bytes - a.bytes);
}

/**
 * Removes items of the cache; a process that has one open may read on, where the system lets it.
 * @returns bytes that were freed
 * @throws UserError where a run of the workspace is at work, or a file cannot be removed; the rest is removed then
 */
export function removeFromCache(root: string, items: readonly CacheItem[]): number {
  const busy = listRuns(root).runs.find((run) => deriveStatus(run).state === 'running');
  if (busy)
    throw new UserError({
      code: 'cache.in-use',
      tried: `remove from the cache of ${root}`,
      why: `the run ${busy.id} is at work and reads it.`,
      cure: 'Wait until it is done, or stop it: it goes on later.',
    });
  let freed = 0;
  let fault: unknown;
  for (const { paths, bytes } of items) {
    try {
      for (const path of paths) rmSync(path, { recursive: true, force: true });
      freed += bytes;
    } catch (error) {
      fault ??= error;
    }
  }
  if (fault) throw inWords(fault);
  return freed;
}

/** Of `9788…-half.4242-a1b2.blocks`, `9788….safetensors` and the folder `9788…` what stands before the first dot. */
const keyOf = (name: string) => name.split('.')[0];

/** `-half` stays: features of one base may lie there in both precisions. */
function nameOf(key: string): string {
  const [hash, ...rest] = key.split('-');
  return [hash.slice(0, shown), ...rest].join('-');
}

function baseOf(cache: string, key: string): string | undefined {
  const about = readJson(join(cache, 'graphs', key.split('-')[0], BASE_FILE), 10_000);
  return isRecord(about) && typeof about.model === 'string' ? about.model : undefined;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile() || entry.isDirectory());
  } catch {
    return [];
  }
}

function filesOf(path: string, entry: Dirent): { bytes: number; usedMs: number }[] {
  if (entry.isDirectory()) return entriesOf(path).flatMap((inner) => filesOf(join(path, inner.name), inner));
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? [{ bytes: stat.size, usedMs: Math.max(stat.atimeMs, stat.mtimeMs) }] : [];
}
