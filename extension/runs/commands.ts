/** @file What a person does to a run: name it, tag it, pin it, look into it, compare it, export it, throw it away. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { type RunLabel, writeLabel } from '../../sidecar/runs/label.ts';
import { runFiles } from '../../sidecar/runs/run.ts';
import { command } from '../command.ts';
import { agreed, inform } from '../say.ts';
import type { SidecarService } from '../sidecar/service.ts';
import { oneLine, pickable, unlinked } from '../text.ts';
import { chooseRun } from '../train.ts';
import { type RunStore, runFile, type StoredRun } from './store.ts';

interface Parts {
  store: RunStore;
  sidecar: SidecarService;
}

export function registerRunCommands({ store, sidecar }: Parts): vscode.Disposable {
  const any = () => true;
  /** A command on one run: the one given, or one that is chosen. */
  const one = (id: string, title: string, act: (run: StoredRun) => unknown, fits: (run: StoredRun) => boolean = any) =>
    command(`run.${id}`, async (target?: unknown) => {
      const run = await chooseRun(store, target, title, fits);
      if (run) await act(run);
    });
  /** A command on several: the tree's selection, or those that are chosen. */
  const several = (id: string, title: string, act: (runs: StoredRun[]) => unknown) =>
    command(`run.${id}`, async (target?: unknown, all?: unknown) => {
      const runs = await chooseSeveral(store, target, all, title);
      if (runs.length > 0) await act(runs);
    });
  const label = (run: StoredRun, change: Partial<RunLabel>) => {
    writeLabel(run, change);
    store.refresh();
  };

  return vscode.Disposable.from(
    command('runs.refresh', () => store.refresh()),
    one('rename', vscode.l10n.t('Rename which run?'), async (run) => {
      const name = await vscode.window.showInputBox({
        title: vscode.l10n.t('Name of the run'),
        value: run.name,
        prompt: unlinked(vscode.l10n.t('Empty: the experiment’s name, “{0}”.', run.experiment)),
      });
      if (name !== undefined) label(run, { name: name.trim() || undefined });
    }),
    one('tag', vscode.l10n.t('Tag which run?'), async (run) => {
      const text = await vscode.window.showInputBox({
        title: vscode.l10n.t('Tags, separated by commas'),
        value: run.tags.join(', '),
      });
      if (text === undefined) return;
      label(run, {
        tags: [
          ...new Set(
            text
              .split(',')
              .map((tag) => tag.trim())
              .filter(Boolean),
          ),
        ],
      });
    }),
    one('note', vscode.l10n.t('Note on which run?'), async (run) => {
      const note = await vscode.window.showInputBox({
        title: vscode.l10n.t('Note on {0}', run.name),
        value: run.note,
        prompt: vscode.l10n.t('Shown when the pointer rests on the run, and kept in its folder.'),
      });
      if (note !== undefined) label(run, { note });
    }),
    one('pin', vscode.l10n.t('Pin which run?'), (run) => label(run, { pinned: true })),
    one('unpin', vscode.l10n.t('Unpin which run?'), (run) => label(run, { pinned: false })),
    one(
      'delete',
      vscode.l10n.t('Move which run to the trash?'),
      (run) => discard(run, store),
      ({ state }) => state !== 'running',
    ),
    one('openConfig', vscode.l10n.t('Open the experiment of which run?'), (run) => show(run, runFiles.config)),
    one('openLog', vscode.l10n.t('Open the log of which run?'), (run) => show(run, runFiles.log)),
    one('openFolder', vscode.l10n.t('Reveal which run?'), (run) =>
      vscode.commands.executeCommand('revealInExplorer', runFile(run, runFiles.info)),
    ),
    one(
      'export',
      vscode.l10n.t('Export which run?'),
      async (run) => (await import('./export.ts')).exportRun(run, sidecar),
      ({ state }) => state === 'done',
    ),
    one('report', vscode.l10n.t('Report on which run?'), async (run) =>
      (await import('./report.ts')).reportRun(run, sidecar),
    ),
    one('fork', vscode.l10n.t('Fork from which run?'), async (run) =>
      (await import('./fork.ts')).forkRun(run, sidecar, store),
    ),
    several('compareConfigs', vscode.l10n.t('Compare the settings of which runs?'), compareConfigs),
    several('compareMetrics', vscode.l10n.t('Compare which runs?'), (runs) =>
      vscode.commands.executeCommand(
        'milore.openDashboard',
        runs.map(({ id }) => id),
      ),
    ),
  );
}

async function chooseSeveral(store: RunStore, target: unknown, all: unknown, title: string): Promise<StoredRun[]> {
  const given = (Array.isArray(all) ? all : [target]).flatMap((one) => {
    const id = (one as { run?: { id?: string } } | undefined)?.run?.id;
    return (id && store.find(id)) || [];
  });
  if (given.length > 1) return given;
  const chosen = await vscode.window.showQuickPick(
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

const show = (run: StoredRun, file: string) => vscode.commands.executeCommand('vscode.open', runFile(run, file));

/** The first with each of the others. Every default is written out: nothing that differs is hidden by being left out. */
async function compareConfigs([first, ...others]: StoredRun[]): Promise<void> {
  if (others.length === 0) throw new Error(vscode.l10n.t('One run alone has nothing to differ from: choose two.'));
  for (const other of others)
    await vscode.commands.executeCommand(
      'vscode.diff',
      runFile(first, runFiles.resolved),
      runFile(other, runFiles.resolved),
      vscode.l10n.t('Settings: {0} and {1}', oneLine(first.name), oneLine(other.name)),
      { preview: others.length === 1 },
    );
}

async function discard(run: StoredRun, store: RunStore): Promise<void> {
  if (run.state === 'running') {
    void inform(vscode.l10n.t('“{0}” is training. Stop it first.', run.name));
    return;
  }
  const question = vscode.l10n.t('Move “{0}” with its log, checkpoints and adapter to the trash?', run.name);
  if (!(await agreed(question, vscode.l10n.t('Move to Trash'), basename(run.path)))) return;
  const folder = vscode.Uri.file(run.path);
  try {
    await vscode.workspace.fs.delete(folder, { recursive: true, useTrash: true });
  } catch {
    // A server without a trash: say so before anything is gone for good.
    const question = vscode.l10n.t('This machine has no trash. Delete “{0}” for good?', run.name);
    if (await agreed(question, vscode.l10n.t('Delete for Good')))
      await vscode.workspace.fs.delete(folder, { recursive: true });
  }
  store.refresh();
}
