/** @file Commands that make a run go: train, resume, stop, checkpoint. Each says what is missing, never a stack. */
import { relative } from 'node:path';
import * as vscode from 'vscode';
import { isLive } from '../sidecar/jobs/state.ts';
import { choose } from './choose.ts';
import { command } from './command.ts';
import { choosePlace } from './jobs/places.ts';
import type { JobStore } from './jobs/store.ts';
import type { RunStore, StoredRun } from './runs/store.ts';
import { inform } from './say.ts';
import type { SidecarService } from './sidecar/service.ts';
import { pickable, usableFirst } from './text.ts';

interface Parts {
  sidecar: SidecarService;
  store: RunStore;
  jobs: JobStore;
}

export function registerTraining({ sidecar, store, jobs }: Parts): vscode.Disposable {
  const begin = async (start: () => Promise<{ run: string }>, title: string) => {
    const { run } = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, start);
    store.refresh();
    await vscode.commands.executeCommand('milore.openDashboard', run);
    return run;
  };

  const train = async (uri: vscode.Uri | string | undefined, device?: string) => {
    const file = await experimentFile(uri);
    if (!file) return;
    const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === file.toString());
    if (open?.isDirty) await open.save();
    if (await isSweep(file)) {
      await vscode.commands.executeCommand('milore.queue.add', file);
      return;
    }
    if (await ratherLater(sidecar, store, file)) return;
    const chosen = device ?? (await preferredDevice(file));
    return begin(
      () => sidecar.request('run/start', { experiment: file.fsPath, ...(chosen ? { device: chosen } : {}) }),
      vscode.l10n.t('Starting {0}', relative(sidecar.workspace ?? '', file.fsPath)),
    );
  };

  const submit = async (uri: vscode.Uri | string | undefined, place: string) => {
    const file = await experimentFile(uri);
    if (!file) return;
    const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === file.toString());
    if (open?.isDirty) await open.save();
    await vscode.commands.executeCommand('milore.job.submit', file, place);
  };

  return vscode.Disposable.from(
    command('train', (uri?: vscode.Uri | string) => train(uri)),
    command('trainOn', async (uri?: vscode.Uri | string) => {
      const place = await choosePlace(sidecar.workspace);
      if (place?.kind === 'slurm') return submit(uri, place.name);
      const device = place && (place.device ?? (await chooseDevice(sidecar)));
      if (device) return train(uri, device);
    }),
    command('resumeRun', async (target?: unknown) => {
      const run = await chooseRun(
        store,
        target,
        vscode.l10n.t('Resume which run?'),
        ({ state }) => state === 'interrupted' || state === 'failed',
      );
      // Another window may have been quicker.
      if (run?.state === 'running') return vscode.commands.executeCommand('milore.openDashboard', run.id);
      if (run && jobs.ofRun(run.id))
        return vscode.commands.executeCommand('milore.job.resume', jobs.ofRun(run.id)!.job);
      if (run)
        return begin(() => sidecar.request('run/resume', { run: run.id }), vscode.l10n.t('Resuming {0}', run.name));
    }),
    command('run.rerun', async (target?: unknown) => {
      const run = await chooseRun(store, target, vscode.l10n.t('Run which one again?'), () => true);
      if (run)
        return begin(() => sidecar.request('run/start', { like: run.id }), vscode.l10n.t('Starting {0}', run.name));
    }),
    command('stopRun', async (target?: unknown) => {
      const run = runOf(store, target) ?? (sidecar.active && store.find(sidecar.active.id));
      if (!run) return inform(vscode.l10n.t('No run is training.'));
      const job = jobs.ofRun(run.id);
      if (job?.tasks.some(isLive)) return vscode.commands.executeCommand('milore.job.stop', job.job);
      await sidecar.request('run/stop', { run: run.id });
    }),
    command('checkpointRun', async (target?: unknown) => {
      const run = runOf(store, target) ?? (sidecar.active && store.find(sidecar.active.id));
      if (!run) return inform(vscode.l10n.t('No run is training.'));
      await sidecar.request('run/checkpoint', { run: run.id });
    }),
  );
}

/** Its points are trained one after the other, which the queue does. */
async function isSweep(file: vscode.Uri): Promise<boolean> {
  const text = (await vscode.workspace.openTextDocument(file)).getText();
  if (!/^\s*["']?sweep["']?\s*:/m.test(text)) return false;
  return (await import('../sidecar/config/sweep.ts')).sweepIn(text, file.fsPath) !== undefined;
}

/** While another is at work a second would share its machine: queued instead, or left alone. */
async function ratherLater({ active }: SidecarService, store: RunStore, file: vscode.Uri): Promise<boolean> {
  const busy = active ?? store.runs.find(({ state }) => state === 'running');
  if (!busy) return false;
  const after = vscode.l10n.t('After This One');
  const answer = await inform(
    vscode.l10n.t('“{0}” is training. Train {1} after it?', busy.name, vscode.workspace.asRelativePath(file)),
    after,
  );
  if (answer === after) await vscode.commands.executeCommand('milore.queue.add', file);
  return true;
}

/** The setting's device, where the experiment leaves it open. */
async function preferredDevice(file: vscode.Uri): Promise<string | undefined> {
  const device = vscode.workspace.getConfiguration('milore').get('device', 'auto');
  if (device === 'auto') return undefined;
  const text = (await vscode.workspace.openTextDocument(file)).getText();
  const { parseExperiment } = await import('../sidecar/config/parse.ts');
  return parseExperiment(text, file.fsPath).experiment?.device === 'auto' ? device : undefined;
}

/** The file that was meant: given, open, or chosen. */
export async function experimentFile(uri: vscode.Uri | string | undefined): Promise<vscode.Uri | undefined> {
  if (uri instanceof vscode.Uri) return uri;
  if (typeof uri === 'string') return vscode.Uri.parse(uri);
  const open = vscode.window.activeTextEditor?.document.uri;
  if (open && isExperiment(open)) return open;
  const files = await vscode.workspace.findFiles('**/*.milore.{yaml,yml}', '**/{node_modules,.milore}/**', 200);
  if (files.length === 0) {
    const make = vscode.l10n.t('New Experiment');
    const answer = await inform(vscode.l10n.t('There is no experiment here yet (*.milore.yaml).'), make);
    if (answer === make) await vscode.commands.executeCommand('milore.newExperiment');
    return undefined;
  }
  if (files.length === 1) return files[0];
  const chosen = await choose(
    files.map((file) => ({ label: vscode.workspace.asRelativePath(file), file })),
    { title: vscode.l10n.t('Which experiment?') },
  );
  return chosen?.file;
}

const isExperiment = (uri: vscode.Uri) => uri.scheme === 'file' && /\.milore\.ya?ml$/.test(uri.path);

async function chooseDevice(sidecar: SidecarService): Promise<string | undefined> {
  const { devices } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Trying devices') },
    () => sidecar.request('devices', {}),
  );
  const chosen = await choose(
    usableFirst(devices).map(({ device, usable, reason }) => ({
      label: `${usable ? '$(pass)' : '$(circle-slash)'} ${device}`,
      detail: reason,
      device,
      usable,
    })),
    { title: vscode.l10n.t('Train on which device?') },
  );
  return chosen?.usable ? chosen.device : undefined;
}

/** A run named by a tree item, an id, or nothing. */
export function runOf(store: RunStore, target: unknown): StoredRun | undefined {
  if (typeof target === 'string') return store.find(target);
  // Of the tree a node with its run; of the dashboard's context menu its id.
  const { run } = (target ?? {}) as { run?: string | { id?: string } };
  const id = typeof run === 'string' ? run : run?.id;
  return id ? store.find(id) : undefined;
}

export async function chooseRun(
  store: RunStore,
  target: unknown,
  title: string,
  fits: (run: StoredRun) => boolean,
): Promise<StoredRun | undefined> {
  const given = runOf(store, target);
  if (given) return given;
  const runs = store.runs.filter(fits);
  if (runs.length === 0) {
    void inform(vscode.l10n.t('There is no such run in this workspace.'));
    return undefined;
  }
  const chosen = await choose(
    runs.map((run) => ({ label: pickable(run.name), description: run.state, detail: run.id, run })),
    { title, matchOnDetail: true },
  );
  return chosen?.run;
}
