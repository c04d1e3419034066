/** @file A job script that a person can read. Every value in it is data, whatever it holds. */
import { dirname, relative, resolve, sep } from 'node:path';
import { UserError } from '../errors.ts';
import { slug } from '../runs/run.ts';
import { reserveMs } from './reserve.ts';

/** As Slurm writes them; each is one word. */
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
  atOnce?: string;
  set: string[];
  /** What the run is found by, where an earlier job began it. */
  goOn?: string;
}

const thisProgram = () => [process.execPath, resolve(process.argv[1])];

export interface ScriptPlace {
  /** Of a sweep: an array with one job each. */
  points?: number;
  /** Where `.milore/` lies; the file's own folder unless told. */
  root?: string;
  /** What runs MiLorE, as words of a command. */
  program?: string[];
}

/** @param file absolute path of the experiment */
export function jobScript(file: string, name: string, options: JobOptions, place: ScriptPlace = {}): string {
  const { points, root = dirname(file), program = thisProgram() } = place;
  const path = relative(root, file).split(sep).join('/');
  const asked: [string, string | undefined][] = [
    ['job-name', slug(name)],
    ['time', options.time],
    ['ntasks', options.ranks],
    ['cpus-per-task', options.cpus],
    [options.ranks ? 'gpus-per-task' : 'gpus', options.gpus],
    ['mem', options.memory],
    ['partition', options.partition],
    ['account', options.account],
    ['array', points === undefined ? undefined : `0-${points - 1}${options.atOnce ? `%${options.atOnce}` : ''}`],
    // Beside the script's own folder; a job that comes back goes on writing where it stopped.
    ['output', `.milore/slurm/%x-${points === undefined ? '%j' : '%A_%a'}.out`],
    ['open-mode', 'append'],
  ];
  const directives = asked.flatMap(([key, value]) => (value === undefined ? [] : [`#SBATCH --${key}=${value}`]));
  const sets = options.set.map((one) => ` \\\n  --set ${quoted(one)}`).join('');
  // To Slurm no minutes are no limit.
  const early = Math.floor(reserveMs(1000 * (limitSeconds(options.time) || Number.POSITIVE_INFINITY)) / 1000);
  const told = options.ranks
    ? `# ${early} s before its time is over every rank is told to write a checkpoint.
#SBATCH --signal=USR2@${early}`
    : `# ${early} s before its time is over the job is told to write a checkpoint. "B:" tells this very process, which is MiLorE.
#SBATCH --signal=B:USR2@${early}`;
  const start = options.ranks ? `srun --mpi=${options.mpi ?? 'pmix'} --kill-on-bad-exit=1 ` : '';
  const byName = `--auto-resume${options.goOn ? ` ${quoted(options.goOn)}` : ''}`;
  const found = points === undefined ? byName : '--index "$SLURM_ARRAY_TASK_ID"';
  return `#!/bin/bash
${directives.join('\n')}
#SBATCH --requeue
${told}

cd ${quoted(root)} || exit 1
exec ${start}${program.map(quoted).join(' ')} ${points === undefined ? 'train' : 'sweep'} ${quoted(`./${path}`)} \\
  ${found}${root === dirname(file) ? '' : ' --workspace .'} --requeue ${options.requeue}${sets}
`;
}

/** Slurm's limit: minutes, minutes:seconds, hours:minutes:seconds, days-hours[:minutes[:seconds]]. Undefined for words. */
export function limitSeconds(text: string): number | undefined {
  const [, days, rest] = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(text) ?? [];
  if (rest === undefined) return undefined;
  const parts = rest.split(':').map(Number);
  // Alone it is minutes, after days hours.
  const [hours, minutes = 0, seconds = 0] =
    days !== undefined || parts.length === 3 ? parts : parts.length === 2 ? [0, ...parts] : [0, parts[0]];
  return ((Number(days ?? 0) * 24 + hours) * 60 + minutes) * 60 + seconds;
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
