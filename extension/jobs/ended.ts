/** @file A word when a job has ended: at once where a window is open, else at the next opening. Once each. */
import * as vscode from 'vscode';
import type { Job } from '../../sidecar/jobs/jobs.ts';
import { isLive } from '../../sidecar/jobs/state.ts';
import { complain, inform, warn } from '../say.ts';
import type { JobStore } from './store.ts';
import { stateOf } from './words.ts';

const key = 'milore.jobs.live';

/** @param memory what this workspace remembers from one window to the next */
export function tellWhatEnded(store: Pick<JobStore, 'jobs' | 'onChange'>, memory: vscode.Memento): vscode.Disposable {
  let live = memory.get<string[]>(key, []);
  return store.onChange(() => {
    const now = store.jobs.filter(({ tasks }) => tasks.some(isLive)).map(({ job }) => job);
    for (const job of store.jobs) if (live.includes(job.job) && !now.includes(job.job)) void tell(job);
    if (now.join() === live.join()) return;
    live = now;
    void memory.update(key, live);
  });
}

async function tell(job: Job): Promise<void> {
  const open = vscode.l10n.t('Open Dashboard');
  const output = vscode.l10n.t('Show Output');
  const resume = vscode.l10n.t('Resume');
  const state = stateOf(job);
  const about = [job.name, job.job] as const;
  if (state === 'done') {
    if (!vscode.workspace.getConfiguration('milore').get('notifyWhenFinished', true)) return;
    const answer = await inform(vscode.l10n.t('“{0}” (job {1}) is finished.', ...about), open);
    if (answer === open) await vscode.commands.executeCommand('milore.job.openRun', job.job);
    return;
  }
  const answer =
    state === 'stopped'
      ? await warn(vscode.l10n.t('“{0}” (job {1}) was stopped, and can go on.', ...about), resume, output)
      : await complain(vscode.l10n.t('“{0}” (job {1}) failed. Its output says why.', ...about), output, resume);
  if (answer === resume) await vscode.commands.executeCommand('milore.job.resume', job.job);
  if (answer === output) await vscode.commands.executeCommand('milore.job.output', job.job);
}
