/** @file A job that comes back: the run that it began is found again, and waits where another node may still have it. */

import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { allocation } from '../allocation.ts';
import { UserError } from '../errors.ts';
import { listRuns, type RunDir } from '../runs/run.ts';
import { warn } from './output.ts';

/**
 * What a run is found by: the name that was given, or that of the Slurm job and its index in an array.
 * @param asked `true` where no name was given
 */
export function jobName(asked: string | true): string {
  if (asked !== true) return asked;
  const given = allocation();
  if (given) return `slurm-${given.job}`;
  throw new UserError({
    code: 'job.no-name',
    tried: 'find the run of this job',
    why: 'there is no Slurm job here that could name it (SLURM_JOB_ID).',
    cure: 'Name it: --auto-resume NAME.',
  });
}

/** The newest run that the job began. */
export const runOfJob = (root: string, job: string): RunDir | undefined =>
  listRuns(root)
    .runs.filter((run) => run.job === job)
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0];

/** A node that died was writing until a moment ago; whether it still does is known after two minutes of silence. */
const waitMs = 150_000;
const pauseMs = 5000;

/** Tries again while another process has the run, as the last incarnation of a requeued job may. */
export async function whenFree<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
  let told = false;
  for (const end = Date.now() + waitMs; ; await sleep(pauseMs)) {
    try {
      return await act();
    } catch (error) {
      const busy = error instanceof UserError && error.problems.some(({ code }) => code === 'runs.busy');
      if (!busy || Date.now() > end || signal.aborted) throw error;
      if (!told) warn(`${(error as Error).message} Waiting until it is silent.`);
      told = true;
    }
  }
}

/**
 * Puts the job back into its queue, at most `most` times.
 * @returns what happened, in words
 */
export function requeue(most: number): string {
  const given = allocation();
  if (!given) return 'There is no Slurm job here to requeue.';
  if (given.restarts >= most) return `Not requeued: this job has been requeued ${given.restarts} times already.`;
  try {
    execFileSync('scontrol', ['requeue', given.job], { timeout: 30_000, stdio: ['ignore', 'ignore', 'pipe'] });
    return `Requeued (${given.restarts + 1} of at most ${most}).`;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: unknown };
    const said = String(stderr ?? '').trim() || message;
    // Who preempted it has done so already.
    if (said.includes('pending')) return 'The job is in its queue again.';
    return `Could not requeue job ${given.job}: ${said}`;
  }
}
