/** @file The jobs of a workspace: submitted, looked at, stopped, gone on with. The terminal and the editor use this alone. */
import { chmodSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { makeFolder, writeFileAtomic } from '../disk.ts';
import { UserError } from '../errors.ts';
import { isReallyInside } from '../inside.ts';
import { listRuns, slug } from '../runs/run.ts';
import { deriveStatus } from '../runs/status.ts';
import { isJobId, type JobRecord, jobsFolder, readRecords, writeRecord } from './record.ts';
import { type JobOptions, jobScript } from './script.ts';
import { askAccounts, askQueue, cancel, interrupt, type SlurmRow, submit } from './slurm.ts';
import { isLive, type JobSeen, type RunSeen, seen } from './state.ts';

export interface Job extends JobRecord {
  /** One, or one for each point of a sweep. */
  tasks: JobSeen[];
}

export interface Jobs {
  jobs: Job[];
  /** Why Slurm could not be asked: what is told then is told by files alone. */
  silent?: string;
}

export interface Submission {
  root: string;
  /** Absolute. */
  file: string;
  name: string;
  options: JobOptions;
  points?: number;
  place?: string;
  /** The job that it goes on from. */
  first?: string;
  /** What runs MiLorE; this very program unless told. */
  program?: string[];
}

/** Writes the script, submits it and writes down that it was. */
export async function submitJob(given: Submission): Promise<{ record: JobRecord; script: string }> {
  const { root, file, name, options, points, place, first, program } = given;
  const path = join(jobsFolder(root), `${slug(name)}.sh`);
  const script = jobScript(file, name, options, { points, root, program });
  makeFolder(jobsFolder(root));
  writeFileAtomic(path, script);
  chmodSync(path, 0o755);
  const job = await submit(script, root);
  const record: JobRecord = {
    version: 1,
    job,
    first: first ?? job,
    name,
    experiment: relative(root, file).split(sep).join('/'),
    ...(points === undefined ? {} : { points }),
    ...(place === undefined ? {} : { place }),
    options,
    submitted: new Date().toISOString(),
  };
  writeRecord(root, record);
  return { record, script: path };
}

/**
 * All that were submitted from this workspace, newest first, as Slurm and the runs' files tell of them now.
 * @param runsOf who has read the workspace's runs already
 */
export async function lookAtJobs(
  root: string,
  runsOf: () => readonly RunOfJob[] = () => readRuns(root),
): Promise<Jobs> {
  // Of jobs that went on one from another the last one counts; any of them may have begun the run.
  const chains = new Map<string, JobRecord[]>();
  for (const record of readRecords(root)) chains.set(record.first, [...(chains.get(record.first) ?? []), record]);
  const last = [...chains.values()].map(([record]) => record);
  let rows: SlurmRow[] = [];
  let silent: string | undefined;
  try {
    rows = await askQueue(last.map(({ job }) => job));
    const told = new Set(rows.map(({ job }) => job));
    // Of an array the controller forgets one job after the other.
    const forgotten = last.filter((record) => tasksOf(record).some((task) => !told.has(record.job + task)));
    rows.unshift(...(await askAccounts(forgotten.map(({ job }) => job))));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    silent = error.problems[0].why;
  }
  const byJob = new Map(rows.map((row) => [row.job, row]));
  const runs = runsByJob(runsOf());
  const jobs = last.map((record) => {
    const begun = [record.first, ...chains.get(record.first)!.map(({ job }) => job)];
    const tasks = tasksOf(record).map((task) => {
      const job = record.job + task;
      const run = newest(begun.flatMap((one) => runs.get(`slurm-${one}${task}`) ?? []));
      return seen(job, byJob.get(job), run);
    });
    return { ...record, tasks };
  });
  return { jobs, ...(silent === undefined ? {} : { silent }) };
}

/** What follows the number of a record's job in the names of its tasks: nothing, or the index of each in its array. */
const tasksOf = ({ points }: JobRecord): string[] =>
  points === undefined ? [''] : Array.from({ length: points }, (_, index) => `_${index}`);

/** A run that may be a job's: as its files tell, whoever has read them. */
export interface RunOfJob extends RunSeen {
  job?: string;
  createdAt: string;
}

const readRuns = (root: string): RunOfJob[] =>
  listRuns(root)
    .runs.filter(({ job }) => job?.startsWith('slurm-'))
    .map((run) => ({ ...run, ...deriveStatus(run) }));

function runsByJob(runs: readonly RunOfJob[]): Map<string, RunOfJob[]> {
  const byJob = new Map<string, RunOfJob[]>();
  for (const run of runs) if (run.job?.startsWith('slurm-')) byJob.set(run.job, [...(byJob.get(run.job) ?? []), run]);
  return byJob;
}

function newest(runs: readonly RunOfJob[]): RunSeen | undefined {
  if (runs.length === 0) return undefined;
  const { id, state, step, steps } = runs.reduce((a, b) => (b.createdAt > a.createdAt ? b : a));
  return { id, state, step, steps };
}

/**
 * What waits is taken out of the queue; what is at work writes a checkpoint and leaves, and is not put back.
 * @throws UserError with what Slurm refused first, after all were asked
 */
export async function stopJob({ options, tasks }: Job): Promise<void> {
  const refused: unknown[] = [];
  for (const { job, state } of tasks.filter(isLive))
    await (state === 'running' ? interrupt(job, options.ranks !== undefined) : cancel(job)).catch((error) =>
      refused.push(error),
    );
  if (refused.length > 0) throw refused[0];
}

/**
 * A further job, of the same settings, that goes on where the run of this one stopped.
 * @throws UserError while it is in the queue or at work, or where its record names a file outside the workspace
 */
export async function resumeJob(root: string, job: Job, program?: string[]): Promise<JobRecord> {
  if (job.tasks.some(isLive))
    throw new UserError({
      code: 'jobs.live',
      tried: `go on with job ${job.job}`,
      why: 'it is still in the queue or at work.',
      cure: 'Wait until it has ended, or stop it.',
    });
  const { first, name, experiment, points, place, options } = job;
  const file = resolve(root, experiment);
  // Whoever made the workspace may have written the record too.
  if (!isReallyInside(file, root))
    throw new UserError({
      code: 'jobs.outside',
      tried: `go on with job ${job.job}`,
      why: `its experiment, ${file}, lies outside the workspace.`,
      cure: 'If you trust it, submit it again: milore sbatch with the file and --workspace.',
    });
  const goOn = points === undefined ? { goOn: `slurm-${first}` } : {};
  const given = {
    root,
    file,
    name,
    options: { ...options, ...goOn },
    points,
    place,
    first,
    program,
  };
  return (await submitJob(given)).record;
}

/** @throws UserError where none was submitted from this workspace */
export async function findJob(root: string, job: string): Promise<Job> {
  const found = isJobId(job) && (await lookAtJobs(root)).jobs.find((one) => one.job === job);
  if (found) return found;
  throw new UserError({
    code: 'jobs.unknown',
    tried: `find job ${job}`,
    why: 'it was not submitted from this workspace.',
    cure: 'milore jobs lists those that were.',
  });
}
