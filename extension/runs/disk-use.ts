/** @file What `.milore` takes, by run and cache, as a list from which a person removes. */
import * as vscode from 'vscode';
import { isLive } from '../../sidecar/jobs/state.ts';
import { sizeInWords } from '../../sidecar/machine.ts';
import { type DiskItem, diskUse, type InUse } from '../../sidecar/runs/disk-use.ts';
import { choose } from '../choose.ts';
import { command } from '../command.ts';
import type { JobStore } from '../jobs/store.ts';
import { inform } from '../say.ts';
import { pickable } from '../text.ts';
import { cacheWords, removeCaches } from './cache.ts';
import { discard } from './discard.ts';
import type { RunStore } from './store.ts';
import { stateText } from './tree.ts';

export const registerDiskUse = (store: RunStore, jobs: JobStore): vscode.Disposable =>
  command('diskUse', () => showDiskUse(store, jobs));

const usedWords = (): Record<InUse, string> => ({
  training: vscode.l10n.t('in use: it is at work'),
  queued: vscode.l10n.t('in use: it waits in the queue to go on'),
  job: vscode.l10n.t('in use: its job may go on with it'),
  parent: vscode.l10n.t('in use: a run that was forked from it still begins with it'),
  read: vscode.l10n.t('in use: a run is at work and reads it'),
});

async function showDiskUse(store: RunStore, jobs: JobStore): Promise<void> {
  const root = store.workspace;
  if (root === undefined) return void inform(vscode.l10n.t('There are no runs and no caches here yet.'));
  const { items, otherBytes } = await diskUse(root, await waitingIn(store, jobs));
  if (items.length === 0) return void inform(vscode.l10n.t('There are no runs and no caches here yet.'));
  const total = items.reduce((sum, { bytes }) => sum + bytes, otherBytes);
  const chosen = await choose(
    items.map((item) => choiceOf(item, store)),
    {
      canPickMany: true,
      matchOnDescription: true,
      matchOnDetail: true,
      title: vscode.l10n.t('Disk Use: {0} in all', sizeInWords(total)),
      placeHolder: vscode.l10n.t('Largest first. What shall be removed?'),
    },
  );
  if (!chosen || chosen.length === 0) return;
  // What began meanwhile is in use now.
  const now = new Map((await diskUse(root, await waitingIn(store, jobs))).items.map((item) => [item.name, item]));
  const there = chosen.flatMap(({ name }) => now.get(name) ?? []);
  const used = there.filter(({ inUse }) => inUse);
  if (used.length > 0)
    void inform(
      vscode.l10n.t(
        'What is in use stays: {0}.',
        used.map(({ name, inUse }) => `${name} (${usedWords()[inUse!]})`).join(', '),
      ),
    );
  const free = there.filter(({ inUse }) => !inUse);
  const runs = free.flatMap((item) => (item.kind === 'run' ? (store.find(item.name) ?? []) : []));
  if (runs.length > 0) await discard(runs, store);
  const caches = free.flatMap((item) => (item.kind === 'cache' ? item.cache : []));
  if (caches.length > 0) await removeCaches(root, caches);
}

/** Runs that a job may go on with; where Slurm is silent, those of every job that is listed. */
async function waitingIn(store: RunStore, jobs: JobStore): Promise<ReadonlySet<string>> {
  if (!store.runs.some(({ job }) => job)) return new Set();
  await jobs.refresh();
  const tasks = jobs.jobs.flatMap((job) => job.tasks);
  return new Set(
    tasks.flatMap((task) =>
      task.run && task.run.state !== 'done' && (isLive(task) || jobs.silent !== undefined) ? task.run.id : [],
    ),
  );
}

function choiceOf(item: DiskItem, store: RunStore): vscode.QuickPickItem & { name: string } {
  const run = item.kind === 'run' ? store.find(item.name) : undefined;
  const icon = item.kind === 'run' ? 'graph-line' : 'database';
  const label = item.kind === 'run' ? pickable(run?.name ?? item.title) : cacheWords()[item.cache.kind];
  const what = item.kind === 'run' ? (run ? stateText(run) : '') : (item.cache.base ?? '');
  const used = vscode.l10n.t('last used {0}', new Date(item.lastUsedMs).toLocaleDateString(vscode.env.language));
  return {
    name: item.name,
    label: `$(${icon}) ${label}`,
    description: `${sizeInWords(item.bytes)} · ${pickable(item.name)}`,
    detail: [...(item.inUse ? [usedWords()[item.inUse]] : [pickable(what)]), used].filter(Boolean).join(' · '),
  };
}
