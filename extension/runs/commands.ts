/** @file What a person does to a run: name it, tag it, pin it, look into it, compare it, export it, throw it away. */
import * as vscode from 'vscode';
import { writeLabel } from '../../sidecar/runs/label.ts';
import { runFiles } from '../../sidecar/runs/run.ts';
import { choose } from '../choose.ts';
import { command } from '../command.ts';
import type { SidecarService } from '../sidecar/service.ts';
import { pickable, unlinked } from '../text.ts';
import { chooseRun, runOf } from '../train.ts';
import { discard } from './discard.ts';
import { exportSeveral } from './export.ts';
import { meant } from './meant.ts';
import { compareSettings, registerSettingsPages, showSettings } from './settings-pages.ts';
import { type RunStore, runFile, type StoredRun } from './store.ts';
import { type Relabel, tag } from './tags.ts';

interface Parts {
  store: RunStore;
  sidecar: SidecarService;
  /** The bundled `milore.js`. */
  script: string;
  context: Pick<vscode.ExtensionContext, 'secrets' | 'workspaceState'>;
}

export function registerRunCommands({ store, sidecar, script, context }: Parts): vscode.Disposable {
  const any = () => true;
  /** A command on one run: the one given, or one that is chosen. */
  const one = (id: string, title: string, act: (run: StoredRun) => unknown, fits: (run: StoredRun) => boolean = any) =>
    command(`run.${id}`, async (target?: unknown) => {
      const run = await chooseRun(store, target, title, fits);
      if (run) await act(run);
    });
  /** A command on several: the tree's selection, or those that are chosen. */
  const several = (id: string, title: string, act: (runs: StoredRun[]) => unknown, least = 1) =>
    command(`run.${id}`, async (target?: unknown, all?: unknown) => {
      const runs = await chooseSeveral(store, target, all, { title, least });
      if (runs.length > 0) await act(runs);
    });
  const label: Relabel = (runs, change) => {
    for (const run of runs) writeLabel(run, change(run));
    store.refresh(runs.map(({ id }) => id));
  };

  return vscode.Disposable.from(
    registerSettingsPages(store),
    command('runs.refresh', () => store.refresh()),
    one('rename', vscode.l10n.t('Rename which run?'), async (run) => {
      const name = await vscode.window.showInputBox({
        title: vscode.l10n.t('Name of the run'),
        value: run.label,
        prompt: unlinked(vscode.l10n.t('Empty: the experiment’s name, “{0}”.', run.experiment)),
      });
      if (name !== undefined) label([run], () => ({ name: name.trim() || undefined }));
    }),
    several('tag', vscode.l10n.t('Tag which runs?'), (runs) => tag(runs, label)),
    one('note', vscode.l10n.t('Note on which run?'), async (run) => {
      const note = await vscode.window.showInputBox({
        title: vscode.l10n.t('Note on {0}', run.name),
        value: run.note,
        prompt: vscode.l10n.t('Shown when the pointer rests on the run, and kept in its folder.'),
      });
      if (note !== undefined) label([run], () => ({ note }));
    }),
    several('pin', vscode.l10n.t('Pin which runs?'), (runs) => label(runs, () => ({ pinned: true }))),
    several('unpin', vscode.l10n.t('Unpin which runs?'), (runs) => label(runs, () => ({ pinned: false }))),
    several('delete', vscode.l10n.t('Move which runs to the trash?'), (runs) => discard(runs, store)),
    one('openConfig', vscode.l10n.t('Open the experiment of which run?'), showSettings),
    one('openLog', vscode.l10n.t('Open the log of which run?'), (run) => show(run, runFiles.log)),
    one('openFolder', vscode.l10n.t('Reveal which run?'), (run) =>
      vscode.commands.executeCommand('revealInExplorer', runFile(run, runFiles.info)),
    ),
    several('export', vscode.l10n.t('Export which runs?'), async (runs) => exportSeveral(runs, sidecar)),
    one('report', vscode.l10n.t('Report on which run?'), async (run) =>
      (await import('./report.ts')).reportRun(run, sidecar),
    ),
    one('copyCommand', vscode.l10n.t('Copy the command of which run?'), async (run) =>
      (await import('./copy-command.ts')).copyCommand(run, script),
    ),
    several('tensorBoard', vscode.l10n.t('Open which runs in TensorBoard?'), async (runs) =>
      (await import('./tensorboard.ts')).openInTensorBoard(runs, store.workspace ?? ''),
    ),
    one(
      'publish',
      vscode.l10n.t('Publish which run?'),
      async (run) => (await import('./publish.ts')).publishRun(run, sidecar, context),
      ({ state }) => state === 'done',
    ),
    one('fork', vscode.l10n.t('Fork from which run?'), async (run) =>
      (await import('./fork.ts')).forkRun(run, sidecar, store),
    ),
    several('compareConfigs', vscode.l10n.t('Compare the settings of which runs?'), compareSettings, 2),
    several(
      'compareMetrics',
      vscode.l10n.t('Compare which runs?'),
      (runs) =>
        vscode.commands.executeCommand(
          'milore.openDashboard',
          runs.map(({ id }) => id),
        ),
      2,
    ),
  );
}

/** The tree's selection where the run that was clicked is part of it, ids, or those that are chosen now. */
async function chooseSeveral(
  store: RunStore,
  target: unknown,
  all: unknown,
  { title, least }: { title: string; least: number },
): Promise<StoredRun[]> {
  const given = meant(
    runsOf(store, target),
    (Array.isArray(all) ? all : []).flatMap((one) => runsOf(store, one)),
  );
  if (given.length >= least) return given;
  const chosen = await choose(
    store.runs.map((run) => ({
      label: pickable(run.name),
      description: run.state,
      detail: run.id,
      picked: given.some(({ id }) => id === run.id),
      run,
    })),
    { title, canPickMany: true, matchOnDetail: true },
  );
  return chosen?.map(({ run }) => run) ?? [];
}

/** Of a run, its id, or an experiment of the tree with all of its runs. */
function runsOf(store: RunStore, one: unknown): StoredRun[] {
  const { runs } = (one ?? {}) as { runs?: { id?: string }[] };
  if (Array.isArray(runs)) return runs.flatMap(({ id }) => (id && store.find(id)) || []);
  const run = runOf(store, one);
  return run ? [run] : [];
}

const show = (run: StoredRun, file: string) => vscode.commands.executeCommand('vscode.open', runFile(run, file));
