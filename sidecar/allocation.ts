/**
 * @file What a scheduler has given this process: which job it is, how many processors, and when its time ends. Slurm
 * says so in the environment. A leaf: it asks nobody else.
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Allocation {
  /** As the scheduler's own commands name it: `1234`, or `1234_5` of an array. */
  job: string;
  /** How often it was requeued before. */
  restarts: number;
}

const natural = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** Undefined outside a Slurm job. */
export function allocation(env: Environment = process.env): Allocation | undefined {
  const [array, task] = [natural(env.SLURM_ARRAY_JOB_ID), natural(env.SLURM_ARRAY_TASK_ID)];
  const id = natural(env.SLURM_JOB_ID);
  if (id === undefined) return undefined;
  const job = array !== undefined && task !== undefined ? `${array}_${task}` : String(id);
  return { job, restarts: natural(env.SLURM_RESTART_COUNT) ?? 0 };
}

/**
 * Processors to compute with, where a job has fewer than its node. A task's own count first; the node's is shared by
 * its tasks. Never more than this process may run on.
 */
export function allocatedCpus(env: Environment = process.env): number | undefined {
  if (!allocation(env)) {
    // Ranks that mpirun put on one machine share it, where it did not bind them to processors of their own.
    const ranks = natural(env.OMPI_COMM_WORLD_LOCAL_SIZE ?? env.MPI_LOCALNRANKS) ?? 1;
    return ranks > 1 ? Math.max(1, Math.floor(availableParallelism() / ranks)) : undefined;
  }
  const node = natural(env.SLURM_CPUS_ON_NODE);
  // "2(x3)": of nodes that differ, "2(x3),1"; here that is the first node's, which is near enough.
  const tasks = natural(/^\d+/.exec(env.SLURM_TASKS_PER_NODE ?? '')?.[0]) ?? 1;
  const own = natural(env.SLURM_CPUS_PER_TASK) ?? (node && Math.floor(node / Math.max(1, tasks)));
  return own === undefined ? undefined : Math.max(1, Math.min(own, availableParallelism()));
}

/**
 * When the allocation ends, in milliseconds since 1970: as the environment says, or as Slurm's controller does, where
 * the environment of an older version is silent. Undefined where neither knows, or time is unlimited.
 */
export function endOfAllocation(env: Environment = process.env): number | undefined {
  const given = allocation(env);
  if (!given) return undefined;
  const seconds = natural(env.SLURM_JOB_END_TIME);
  if (seconds !== undefined) return seconds * 1000;
  try {
    const left = execFileSync('squeue', ['--noheader', '--format=%L', `--jobs=${given.job}`], {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const s = durationSeconds(left.trim());
    return s === undefined ? undefined : Date.now() + s * 1000;
  } catch {
    return undefined;
  }
}

/** Slurm's `[days-][hours:]minutes:seconds`. */
export function durationSeconds(text: string): number | undefined {
  const [, days = '0', hours = '0', minutes, seconds] = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)$/.exec(text) ?? [];
  if (minutes === undefined) return undefined;
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
}
