/** @file `milore disk`: what a workspace's `.milore` takes, by run and cache, and removing what is named. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { UserError } from '../errors.ts';
import { lookAtJobs } from '../jobs/jobs.ts';
import { readRecords } from '../jobs/record.ts';
import { isLive } from '../jobs/state.ts';
import { sizeInWords } from '../machine.ts';
import { cacheKinds, removeFromCache } from '../runs/cache.ts';
import { type DiskItem, type DiskUse, diskUse, type InUse, removeRun } from '../runs/disk-use.ts';
import { printable, table, tell, tellJson } from './output.ts';

interface Options {
  remove: string[];
  json: boolean;
}

export const disk = () =>
  new Command('disk')
    .description('Show what runs and caches of a workspace take on the disk, largest first; or remove some of them.')
    .argument('[workspace]', 'the folder in which .milore lies', '.')
    .option('--remove <name>', 'remove the run or cache of this name, for good; again for more', collect, [])
    .option('--json', 'JSON on standard output', false)
    .action(async (workspace: string, { remove, json }: Options) => {
      const root = resolve(workspace);
      const use = await diskUse(root, await runsOfLiveJobs(root));
      if (remove.length > 0) removeNamed(root, use, remove, json);
      else if (json) tellJson({ items: use.items.map(told), otherBytes: use.otherBytes });
      else tell(listed(use));
    });

/** All or none: what is in use, or is not there, is told before anything is gone. */
function removeNamed(root: string, { items }: DiskUse, names: readonly string[], json: boolean): void {
  const chosen = [...new Set(names)].map((name) => {
    const item = items.find((one) => one.name === name);
    if (!item) throw noSuch(name);
    if (item.inUse) throw isUsed(item, item.inUse);
    return item;
  });
  for (const item of chosen) if (item.kind === 'run') removeRun(item.run.path);
  const caches = chosen.flatMap((item) => (item.kind === 'cache' ? item.cache : []));
  if (caches.length > 0) removeFromCache(root, caches);
  const bytes = chosen.reduce((sum, item) => sum + item.bytes, 0);
  if (json) tellJson({ removed: chosen.map(({ name }) => name), bytes });
  else tell(`Removed ${chosen.map(({ name }) => printable(name)).join(', ')}: ${sizeInWords(bytes)}.`);
}

/** Runs whose Slurm job waits, or may: where Slurm is silent, a job that is still listed may come back. */
async function runsOfLiveJobs(root: string): Promise<ReadonlySet<string>> {
  if (readRecords(root).length === 0) return new Set();
  const { jobs, silent } = await lookAtJobs(root);
  const live = jobs.flatMap(({ tasks }) => tasks).filter((task) => isLive(task) || silent !== undefined);
  return new Set(live.flatMap(({ run }) => (run && run.state !== 'done' ? run.id : [])));
}

const why: Record<InUse, string> = {
  training: 'it is at work.',
  queued: 'it waits in the queue to go on.',
  job: 'its job may go on with it.',
  parent: 'a run that was forked from it still begins with it.',
  read: 'a run is at work and reads it.',
};
const cure: Record<InUse, string> = {
  training: 'Stop it first.',
  queued: 'Take it out of the queue first: milore queue.',
  job: 'Stop the job, or take it off the list: milore jobs.',
  parent: 'Wait until that one is done, or stop it after its first checkpoint, or remove it.',
  read: 'Wait until it is done, or stop it: it goes on later.',
};

const isUsed = ({ name }: DiskItem, use: InUse) =>
  new UserError({ code: 'disk.in-use', tried: `remove ${name}`, why: why[use], cure: cure[use] });

const noSuch = (name: string) =>
  new UserError({
    code: 'disk.no-such',
    tried: `remove ${name}`,
    why: 'no run and no cache of this workspace has this name.',
    cure: 'Run "milore disk" to see what there is.',
  });

function listed({ items, otherBytes }: DiskUse): string {
  const total = items.reduce((sum, { bytes }) => sum + bytes, otherBytes);
  if (total === 0) return 'There are no runs and no caches.';
  const rows = items.map((item) => [
    printable(item.name),
    item.kind === 'run' ? printable(item.title) : cacheKinds[item.cache.kind],
    item.inUse ? 'in use' : item.kind === 'run' ? item.state : '',
    sizeInWords(item.bytes),
    new Date(item.lastUsedMs).toISOString().slice(0, 10),
  ]);
  const other = otherBytes > 0 ? [['(everything else)', '', '', sizeInWords(otherBytes), '']] : [];
  return `${table([['name', 'what', '', 'size', 'last used'], ...rows, ...other], 3)}\n\n${sizeInWords(total)} in all. A cache can be made anew, a run cannot.`;
}

const told = (item: DiskItem) => {
  const { kind, name, bytes, lastUsedMs, inUse } = item;
  const about = item.kind === 'run' ? { title: item.title, state: item.state } : { holds: item.cache.kind };
  return { kind, name, ...about, bytes, lastUsedMs, ...(inUse ? { inUse } : {}) };
};

const collect = (name: string, before: string[]) => [...before, name];
