/** @file What was submitted, in the editor: its view, its commands, and a word when one has ended. */

import * as vscode from 'vscode';
import { stopJob } from '../../sidecar/jobs/jobs.ts';
import { forgetRecord } from '../../sidecar/jobs/record.ts';
import { isLive } from '../../sidecar/jobs/state.ts';
import { slug } from '../../sidecar/runs/run.ts';
import { choose } from '../choose.ts';
import { command } from '../command.ts';
import { inform } from '../say.ts';
import { oneLine, pickable } from '../text.ts';
import { tellWhatEnded } from './ended.ts';
import { OutputFollower } from './output.ts';
import { milore } from './program.ts';
import type { JobStore } from './store.ts';
import { type JobNode, JobTree } from './tree.ts';
import { jobWords } from './words.ts';

export function registerJobs(store: JobStore, script: string, memory: vscode.Memento): vscode.Disposable {
  const outputs = new OutputFollower();
  const tree = new JobTree(store);
  const view = vscode.window.createTreeView('milore.jobs', { treeDataProvider: tree });
  const draw = () => void vscode.commands.executeCommand('setContext', 'milore.jobs', store.jobs.length > 0);
  draw();
  /** A line of the view, a job's number, or one that is chosen. */
  const chosen = async (target: unknown): Promise<JobNode & { kind: 'job' | 'task' }> => {
    const node = target as JobNode | undefined;
    if (node?.kind === 'job' || node?.kind === 'task') return node;
    const named = store.jobs.find(({ job }) => job === target);
    if (named) return { kind: 'job', job: named };
    const picked = await choose(
      store.jobs.map((job) => ({
        label: pickable(job.name),
        description: `${job.job} · ${pickable(jobWords(job))}`,
        job,
      })),
      { title: vscode.l10n.t('Which job?') },
    );
    if (!picked) throw new vscode.CancellationError();
    return { kind: 'job', job: picked.job };
  };
  const program = (args: readonly string[]) => milore(script, args, store.workspace!);
  return vscode.Disposable.from(
    store,
    outputs,
    view,
    store.onChange(draw),
    tellWhatEnded(store, memory),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void store.refresh()),
    command('job.submit', async (file: vscode.Uri, place: string) => {
      const title = vscode.l10n.t('Submitting {0}', oneLine(vscode.workspace.asRelativePath(file)));
      const args = ['sbatch', file.fsPath, '--workspace', store.workspace!, '--place', place];
      const said = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
        program(args),
      );
      await store.refresh();
      const job = /\bjob (\d+)/.exec(said)?.[1] ?? '';
      await vscode.commands.executeCommand('milore.jobs.focus');
      void inform(vscode.l10n.t('Submitted to {0} as job {1}.', oneLine(place), job));
    }),
    command('job.stop', async (target?: unknown) => {
      const node = await chosen(target);
      const tasks = node.kind === 'task' ? [node.task] : node.job.tasks;
      await stopJob({ ...node.job, tasks });
      await store.refresh();
    }),
    command('job.resume', async (target?: unknown) => {
      await program(['jobs', 'resume', (await chosen(target)).job.job, '--workspace', store.workspace!]);
      await store.refresh();
    }),
    command('job.output', async (target?: unknown) => {
      const { job, ...node } = await chosen(target);
      const one = 'task' in node ? node.task : job.points === undefined ? job.tasks[0] : await whichPoint(job.tasks);
      if (one) outputs.show(`${oneLine(job.name)} (${one.job})`, store.outputOf(`${slug(job.name)}-${one.job}.out`));
    }),
    command('job.openRun', async (target?: unknown) => {
      const node = await chosen(target);
      const run = (node.kind === 'task' ? node.task : node.job.tasks.find((task) => task.run))?.run;
      if (!run) return inform(vscode.l10n.t('It has no run yet.'));
      await vscode.commands.executeCommand('milore.openDashboard', run.id);
    }),
    command('job.forget', async (target?: unknown) => {
      const { job } = await chosen(target);
      if (job.tasks.some(isLive)) return inform(vscode.l10n.t('It is in the queue or at work: stop it first.'));
      forgetRecord(store.workspace!, job.job);
      await store.refresh();
    }),
    command('job.refresh', () => store.refresh()),
  );
}

async function whichPoint<Task extends { job: string; state: string }>(
  tasks: readonly Task[],
): Promise<Task | undefined> {
  const picked = await choose(
    tasks.map((task) => ({ label: task.job, description: task.state, task })),
    { title: vscode.l10n.t('Which point?') },
  );
  return picked?.task;
}
