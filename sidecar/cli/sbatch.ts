/** @file `milore sbatch`: a job script that a person can read, written, and given to Slurm. Every value in it is data. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { type ClusterPlace, clustersFileName, parseClusters, slurmWord } from '../config/clusters.ts';
import { loadExperiment, readExperimentFile } from '../config/resolve.ts';
import { sweepIn } from '../config/sweep.ts';
import { UserError } from '../errors.ts';
import { submitJob } from '../jobs/jobs.ts';
import { type JobOptions, jobScript } from '../jobs/script.ts';
import { loadStudy } from '../studies/study.ts';
import { setOption } from './options.ts';
import { tell, tellJson } from './output.ts';
import { tooFewShards } from './too-few-shards.ts';

interface Options extends Partial<JobOptions> {
  set: string[];
  place?: string;
  workspace?: string;
  dryRun: boolean;
  json: boolean;
}

export const sbatch = () =>
  new Command('sbatch')
    .description('Write a Slurm job script that trains an experiment and goes on after each preemption, and submit it.')
    .argument('<experiment>', 'an experiment file, *.milore.yaml; of a sweep every point is a job of one array')
    .option('--place <name>', 'of milore.clusters.yaml; what is told beside it counts more')
    .option('--time <limit>', 'the longest that one start may run, as Slurm writes it (24:00:00)', word)
    .option('--cpus <n>', 'processors', word)
    .option('--gpus <n>', 'graphics cards, or type:n', word)
    .option('--ranks <n>', 'processes that train together by MPI; training.shards must be as many at least', word)
    .option('--mpi <kind>', 'how srun starts them, as "srun --mpi=list" says (pmix)', word)
    .option('--memory <size>', 'as Slurm writes it: 16G', word)
    .option('--partition <name>', 'where to queue', word)
    .option('--account <name>', 'who pays', word)
    .option('--requeue <times>', 'how often it may be put back into the queue (50)', times)
    .option('--at-once <n>', 'of a sweep, how many of its points may run at the same time', word)
    .addOption(setOption())
    .option('--workspace <folder>', 'where .milore/ and milore.clusters.yaml lie; the file’s folder unless told')
    .option('--dry-run', 'print the script, and neither write nor submit it', false)
    .option('--json', 'one JSON object a line on standard output', false)
    .action(async (file: string, { dryRun, json, place, workspace, ...told }: Options) => {
      const path = resolve(file);
      const root = workspace === undefined ? dirname(path) : resolve(workspace);
      const known = place === undefined ? {} : ofPlace(placeNamed(root, place));
      const options = { ...usual, ...known, ...told } as JobOptions;
      // Whatever is wrong with it is better said now than in a queue.
      const { name, points, shards = 1 } = await whatIsIn(path, root, options);
      if (Number(options.ranks ?? 1) > shards) throw tooFewShards(Number(options.ranks), shards);
      if (dryRun) {
        tell(jobScript(path, name, options, { points, root }));
        return;
      }
      const { record, script } = await submitJob({ root, file: path, name, options, points, place });
      if (json) tellJson({ type: 'job', ...record });
      else tell(`Wrote ${script}\nSubmitted as job ${record.job}. What it says: .milore/slurm/`);
    });

/** Where neither a place nor the command says otherwise. */
const usual = { time: '24:00:00', requeue: '50' };

function placeNamed(root: string, name: string): ClusterPlace {
  const file = join(root, clustersFileName);
  const { clusters, problems } = existsSync(file)
    ? parseClusters(readFileSync(file, 'utf8'), file)
    : { clusters: {} as Record<string, ClusterPlace>, problems: [] };
  if (problems.length > 0) throw new UserError(problems);
  const place = Object.hasOwn(clusters, name) ? clusters[name] : undefined;
  if (place?.kind === 'slurm') return place;
  throw new UserError({
    code: 'sbatch.no-place',
    tried: `submit to ${name}`,
    why: place ? 'it is this machine, which has no queue.' : `${file} has no place of that name.`,
    cure: `It has: ${Object.keys(clusters).join(', ') || 'none'}.`,
  });
}

/** A place's keys as the options that they stand for. */
function ofPlace({ ranks, ...place }: ClusterPlace): Partial<JobOptions> {
  const { time, cpus, gpus, memory, partition, account, mpi, requeue, atOnce } = place;
  const all = {
    time,
    cpus,
    gpus,
    memory,
    partition,
    account,
    mpi,
    requeue,
    atOnce,
    ranks: ranks === 1 ? undefined : ranks,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, one]) => (one === undefined ? [] : [[key, String(one)]])),
  );
}

async function whatIsIn(
  path: string,
  root: string,
  { set, ranks }: JobOptions,
): Promise<{ name: string; points?: number; shards?: number }> {
  if (!sweepIn(await readExperimentFile(path), path)) {
    const { name, training } = (await loadExperiment(path, set)).experiment;
    return { name, shards: training.shards };
  }
  const wrong = set.length > 0 ? '--set' : Number(ranks ?? 1) > 1 ? '--ranks' : undefined;
  if (wrong)
    throw new UserError({
      code: 'sbatch.sweep',
      tried: `write a job script for ${path}`,
      why: `${wrong} does not go with a sweep, whose points are a job each, with settings of their own.`,
      cure: 'Leave it out; a key for all points stands under sweep.keys, with a list of one value.',
    });
  const { name, points } = await loadStudy(path, root);
  return { name, points: points.length };
}

/** It is read by the job itself, which would fail of it. */
function times(text: string): string {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return text;
}

/** A value of a #SBATCH line, where nothing could be quoted. */
function word(text: string): string {
  if (!slurmWord.test(text)) throw new InvalidArgumentError('Write letters, digits and . , : + - only.');
  return text;
}
