/** @file `milore sbatch`: a job script that a person can read, written, and given to Slurm. Every value in it is data. */
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { loadExperiment } from '../config/resolve.ts';
import { makeFolder, writeFileAtomic } from '../disk.ts';
import { UserError } from '../errors.ts';
import { slug } from '../runs/run.ts';
import { setOption } from './options.ts';
import { tell } from './output.ts';
import { tooFewShards } from './too-few-shards.ts';

export interface JobOptions {
  time: string;
  cpus?: string;
  gpus?: string;
  /** Processes that train together. */
  ranks?: string;
  mpi?: string;
  memory?: string;
  partition?: string;
  account?: string;
  requeue: string;
  set: string[];
}

interface Options extends JobOptions {
  dryRun: boolean;
}

export const sbatch = () =>
  new Command('sbatch')
    .description('Write a Slurm job script that trains an experiment and goes on after each preemption, and submit it.')
    .argument('<experiment>', 'an experiment file, *.milore.yaml')
    .option('--time <limit>', 'the longest that one start may run, as Slurm writes it', word, '24:00:00')
    .option('--cpus <n>', 'processors', word)
    .option('--gpus <n>', 'graphics cards, or type:n', word)
    .option('--ranks <n>', 'processes that train together by MPI; training.shards must be as many at least', word)
    .option('--mpi <kind>', 'how srun starts them, as "srun --mpi=list" says', word, 'pmix')
    .option('--memory <size>', 'as Slurm writes it: 16G', word)
    .option('--partition <name>', 'where to queue', word)
    .option('--account <name>', 'who pays', word)
    .option('--requeue <times>', 'how often it may be put back into the queue', word, '50')
    .addOption(setOption())
    .option('--dry-run', 'print the script, and neither write nor submit it', false)
    .action(async (file: string, { dryRun, ...options }: Options) => {
      const path = resolve(file);
      // Whatever is wrong with it is better said now than in a queue.
      const { experiment } = await loadExperiment(path, options.set);
      const { shards = 1 } = experiment.training;
      if (Number(options.ranks ?? 1) > shards) throw tooFewShards(Number(options.ranks), experiment.training.shards);
      const script = jobScript(path, experiment.name, options);
      if (dryRun) {
        tell(script);
        return;
      }
      const root = dirname(path);
      const target = join(root, '.milore', 'slurm', `${slug(experiment.name)}.sh`);
      makeFolder(dirname(target));
      writeFileAtomic(target, script);
      chmodSync(target, 0o755);
      tell(`Wrote ${target}\n${submitted(target, root)}`);
    });

/** @param file absolute path of the experiment */
export function jobScript(file: string, name: string, options: JobOptions): string {
  const asked: [string, string | undefined][] = [
    ['job-name', slug(name)],
    ['time', options.time],
    ['ntasks', options.ranks],
    ['cpus-per-task', options.cpus],
    [options.ranks ? 'gpus-per-task' : 'gpus', options.gpus],
    ['mem', options.memory],
    ['partition', options.partition],
    ['account', options.account],
    // Beside the script's own folder; a job that comes back goes on writing where it stopped.
    ['output', '.milore/slurm/%x-%j.out'],
    ['open-mode', 'append'],
  ];
  const directives = asked.flatMap(([key, value]) => (value === undefined ? [] : [`#SBATCH --${key}=${value}`]));
  const sets = options.set.map((one) => ` \\\n  --set ${quoted(one)}`).join('');
  const told = options.ranks
    ? `# 90 s before its time is over every rank is told to write a checkpoint.
#SBATCH --signal=USR2@90`
    : `# 90 s before its time is over the job is told to write a checkpoint. "B:" tells this very process, which is MiLorE.
#SBATCH --signal=B:USR2@90`;
  const start = options.ranks ? `srun --mpi=${options.mpi ?? 'pmix'} --kill-on-bad-exit=1 ` : '';
  return `#!/bin/bash
${directives.join('\n')}
#SBATCH --requeue
${told}

cd ${quoted(dirname(file))} || exit 1
exec ${start}${quoted(process.execPath)} ${quoted(resolve(process.argv[1]))} train ${quoted(`./${basename(file)}`)} \\
  --auto-resume --requeue ${options.requeue}${sets}
`;
}

/** As one word of a shell, whatever is in it. */
export function quoted(text: string): string {
  if (text.includes('\0'))
    throw new UserError({
      code: 'sbatch.nul',
      tried: 'write a job script',
      why: 'a value holds a NUL, which no shell can pass on.',
      cure: 'Rename what holds it.',
    });
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function submitted(script: string, root: string): string {
  try {
    const said = execFileSync('sbatch', ['--parsable', script], {
      cwd: root,
      encoding: 'utf8',
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return `Submitted as job ${said.trim().split(';')[0]}. What it says: .milore/slurm/`;
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    throw new UserError({
      code: 'sbatch.refused',
      tried: `submit ${script}`,
      why: code === 'ENOENT' ? 'there is no sbatch on this machine.' : `Slurm said: ${(stderr || message).trim()}`,
      cure:
        code === 'ENOENT' ? 'Submit it where Slurm is: sbatch FILE.' : 'Mend what Slurm names, and submit it again.',
    });
  }
}

/** A value of a #SBATCH line, where nothing could be quoted. */
function word(text: string): string {
  if (!/^[\w.,:+-]{1,200}$/.test(text)) throw new InvalidArgumentError('Write letters, digits and . , : + - only.');
  return text;
}
