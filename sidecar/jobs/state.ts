/**
 * @file What became of a job: what Slurm says of it and what its run's files say, in one word. The files know more of the
 * end, and know it for ever; Slurm alone knows of the queue.
 */
import type { SlurmRow } from './slurm.ts';

export type JobState =
  | 'pending'
  /** Back in the queue after it was at work. */
  | 'requeued'
  | 'running'
  | 'done'
  /** It left a checkpoint and can go on. */
  | 'stopped'
  | 'failed'
  /** Neither Slurm nor a run knows it any more. */
  | 'unknown';

/** Of the newest run that a job has made, as its files tell. */
export interface RunSeen {
  id: string;
  state: 'running' | 'done' | 'failed' | 'interrupted';
  step: number;
  steps: number;
}

export interface JobSeen {
  job: string;
  state: JobState;
  /** Why it waits, in Slurm's word: `Resources`. */
  reason: string;
  restarts: number;
  nodes: string;
  exitCode?: number;
  run?: RunSeen;
}

const live: readonly JobState[] = ['pending', 'requeued', 'running'];
export const isLive = ({ state }: Pick<JobSeen, 'state'>): boolean => live.includes(state);

const waiting = new Set([
  ...['PENDING', 'REQUEUED', 'REQUEUE_HOLD', 'REQUEUE_FED'],
  ...['RESV_DEL_HOLD', 'SPECIAL_EXIT', 'CONFIGURING'],
]);
const working = new Set(['RUNNING', 'SUSPENDED', 'STOPPED', 'RESIZING', 'SIGNALING', 'STAGE_OUT', 'COMPLETING']);
/** Nobody took it away: it would end so again. */
const byItself = new Set(['FAILED', 'OUT_OF_MEMORY']);
/** sysexits.h's EX_TEMPFAIL: MiLorE's own word for "stopped, can go on". */
const stoppedExit = 75;

export function seen(job: string, row: SlurmRow | undefined, run: RunSeen | undefined): JobSeen {
  const about = {
    job,
    reason: row && waiting.has(row.state) && row.reason !== 'None' ? row.reason : '',
    restarts: row?.restarts ?? 0,
    nodes: row && working.has(row.state) ? row.nodes : '',
    ...(row?.exitCode === undefined || waiting.has(row.state) || working.has(row.state)
      ? {}
      : { exitCode: row.exitCode }),
    ...(run ? { run } : {}),
  };
  return { ...about, state: stateOf(row, run) };
}

function stateOf(row: SlurmRow | undefined, run: RunSeen | undefined): JobState {
  if (row && waiting.has(row.state)) return row.restarts > 0 ? 'requeued' : 'pending';
  if (row && working.has(row.state)) return 'running';
  // It has ended, or is forgotten.
  if (run?.state === 'done') return 'done';
  if (row?.state === 'COMPLETED') return 'done';
  if (row?.exitCode === stoppedExit) return 'stopped';
  if (run?.state === 'failed') return 'failed';
  if (!row) return run?.state === 'running' ? 'running' : run ? 'stopped' : 'unknown';
  // Taken away, out of time, or its node gone, perhaps while it beats for some seconds more: its checkpoints are there.
  if (run) return byItself.has(row.state) ? 'failed' : 'stopped';
  return row.state === 'CANCELLED' || row.state === 'PREEMPTED' ? 'stopped' : 'failed';
}
