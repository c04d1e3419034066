/** @file A job's state in a person's words. What Slurm says in its own word and we do not know is told as it is. */
import * as vscode from 'vscode';
import type { Job } from '../../sidecar/jobs/jobs.ts';
import type { JobSeen, JobState } from '../../sidecar/jobs/state.ts';
import { oneLine } from '../text.ts';

function why(reason: string): string {
  switch (reason) {
    case 'Resources':
      return vscode.l10n.t('until there is room');
    case 'Priority':
      return vscode.l10n.t('others come first');
    case 'BeginTime':
      return vscode.l10n.t('it begins in a moment');
    case 'PartitionDown':
    case 'PartitionInactive':
      return vscode.l10n.t('its partition is closed');
    case 'JobHeldUser':
    case 'JobHeldAdmin':
      return vscode.l10n.t('it is held back');
    case 'JobArrayTaskLimit':
      return vscode.l10n.t('as many as may are at work');
    case '':
      return '';
    default:
      return oneLine(reason, 80);
  }
}

export function stateWord({ state, reason, run }: JobSeen): string {
  const because = why(reason);
  switch (state) {
    case 'pending':
      return because ? vscode.l10n.t('waits: {0}', because) : vscode.l10n.t('waits');
    case 'requeued':
      return because ? vscode.l10n.t('back in the queue: {0}', because) : vscode.l10n.t('back in the queue');
    case 'running':
      return run && run.steps > 0
        ? vscode.l10n.t('running {0}', `${Math.floor((100 * run.step) / run.steps)} %`)
        : vscode.l10n.t('begins');
    case 'done':
      return vscode.l10n.t('done');
    case 'stopped':
      return vscode.l10n.t('stopped, can go on');
    case 'failed':
      return vscode.l10n.t('failed');
    case 'unknown':
      return vscode.l10n.t('Slurm knows nothing of it any more');
  }
}

export function taskWords(task: JobSeen): string {
  const { restarts, nodes } = task;
  return [
    stateWord(task),
    nodes ? vscode.l10n.t('on {0}', oneLine(nodes, 60)) : '',
    restarts > 0 ? vscode.l10n.t('requeued {0}×', restarts) : '',
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Of an array how many are in which state; of one alone its own words. */
export function jobWords({ tasks, points }: Job): string {
  if (points === undefined) return taskWords(tasks[0]);
  const count = (...states: JobState[]) => tasks.filter(({ state }) => states.includes(state)).length;
  const [done, running, waiting, failed, stopped] = [
    count('done'),
    count('running'),
    count('pending', 'requeued'),
    count('failed', 'unknown'),
    count('stopped'),
  ];
  return [
    vscode.l10n.t('{0} of {1} done', done, tasks.length),
    running > 0 ? vscode.l10n.t('{0} running', running) : '',
    waiting > 0 ? vscode.l10n.t('{0} waiting', waiting) : '',
    stopped > 0 ? vscode.l10n.t('{0} stopped', stopped) : '',
    failed > 0 ? vscode.l10n.t('{0} failed', failed) : '',
  ]
    .filter(Boolean)
    .join(' · ');
}

/** The one state of all of them that an icon shows. */
export function stateOf({ tasks }: Job): JobState {
  const order: JobState[] = ['running', 'requeued', 'pending', 'failed', 'unknown', 'stopped', 'done'];
  return order.find((state) => tasks.some((task) => task.state === state)) ?? 'unknown';
}
