/**
 * @file Slurm's own commands: submit, ask, stop. Arguments are lists, never a line for a shell, and only numbers of jobs
 * that are numbers go into them. What comes back is hostile data: cut into fields of known width, each checked.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { UserError } from '../errors.ts';
import { isJobId } from './record.ts';

/** One job, or one of an array, as Slurm tells it. */
export interface SlurmRow {
  job: string;
  /** `PENDING`, `RUNNING`, … */
  state: string;
  /** `Resources`, `PartitionDown`, … */
  reason: string;
  restarts: number;
  nodes: string;
  /** Of one that has ended. */
  exitCode?: number;
}

const run = promisify(execFile);
const commandMs = 60_000;
const mostBytes = 64 << 20;

const tried = 'submit the job script';

/**
 * By its text: the file of that name may be another's by the time that it is read.
 * @param root where it works
 * @throws UserError with Slurm's own words
 */
export async function submit(script: string, root: string): Promise<string> {
  const said = (await slurm('sbatch', ['--parsable'], tried, { cwd: root, input: script })).trim().split(';')[0];
  if (isJobId(said)) return said;
  throw new UserError({
    code: 'sbatch.no-number',
    tried,
    why: `sbatch answered ${JSON.stringify(said.slice(0, 100))}, which is no number of a job.`,
    cure: 'Look with squeue whether it was taken.',
  });
}

const columns = [
  ['JobArrayID', 48],
  ['State', 24],
  ['Reason', 80],
  ['RestartCnt', 12],
  ['NodeList', 80],
  ['exit_code', 12],
] as const;

/**
 * What the controller knows of these jobs; those that it has forgotten are absent. An array that waits is one row a job.
 * @throws UserError where it does not answer
 */
export async function askQueue(jobs: readonly string[]): Promise<SlurmRow[]> {
  const known = jobs.filter(isJobId);
  if (known.length === 0) return [];
  const format = columns.map(([name, width]) => `${name}:${width}`).join(',');
  try {
    const list = `--jobs=${known.join(',')}`;
    return rowsIn(
      await slurm(
        'squeue',
        ['--noheader', '--array', '--states=all', list, `--Format=${format}`],
        'ask Slurm for its queue',
      ),
    );
  } catch (error) {
    // Said where it has forgotten all of them.
    if (error instanceof UserError && /Invalid job id/i.test(error.message)) return [];
    throw error;
  }
}

/** Lines that are not of the form are left out. */
export function rowsIn(text: string): SlurmRow[] {
  return text.split('\n').flatMap((line) => {
    let at = 0;
    const [job = '', state = '', reason = '', restarts = '', nodes = '', exit = ''] = columns.map(([, width]) => {
      at += width;
      return line.slice(at - width, at).trim();
    });
    if (!isJobId(job) || !/^[A-Z_]{1,24}$/.test(state)) return [];
    const status = /^\d{1,9}$/.test(exit) ? Number(exit) : undefined;
    return [
      {
        job,
        state,
        reason: harmless(reason),
        restarts: /^\d{1,9}$/.test(restarts) ? Number(restarts) : 0,
        nodes: harmless(nodes),
        // As wait(2) has it: the code above, a signal below.
        ...(status === undefined ? {} : { exitCode: status & 0x7f ? 128 + (status & 0x7f) : status >> 8 }),
      },
    ];
  });
}

/** Of jobs that the controller has forgotten, where the cluster keeps accounts; nothing where it does not. */
export async function askAccounts(jobs: readonly string[]): Promise<SlurmRow[]> {
  const known = jobs.filter(isJobId);
  if (known.length === 0) return [];
  const format = '--format=JobID,State,ExitCode,NodeList';
  const said = await slurm(
    'sacct',
    ['--noheader', '--parsable2', '--allocations', `--jobs=${known.join(',')}`, format],
    'ask Slurm for its accounts',
  ).catch(() => '');
  return accountsIn(said);
}

export function accountsIn(text: string): SlurmRow[] {
  return text.split('\n').flatMap((line) => {
    const [job, state = '', exit = '', nodes = ''] = line.split('|');
    // "CANCELLED by 1000".
    const word = state.split(' ')[0];
    if (!isJobId(job) || !/^[A-Z_]{1,24}$/.test(word)) return [];
    const [, code, signal] = /^(\d{1,3}):(\d{1,3})$/.exec(exit) ?? [];
    const exitCode = code === undefined ? {} : { exitCode: Number(signal) > 0 ? 128 + Number(signal) : Number(code) };
    return [{ job, state: word, reason: '', restarts: 0, nodes: harmless(nodes), ...exitCode }];
  });
}

/** One that waits or is at work is taken away at once, checkpoint or not. */
export const cancel = (job: string): Promise<unknown> => slurm('scancel', [mustBeId(job)], `cancel job ${job}`);

/**
 * Asks for a checkpoint and the end, as Ctrl-C would: SIGINT is a person's, so the job is not put back into its queue.
 * @param ranks whether srun started it: its tasks are asked, not srun, which would ask back
 */
export const interrupt = (job: string, ranks: boolean): Promise<unknown> =>
  slurm('scancel', ['--signal=INT', ...(ranks ? [] : ['--batch']), mustBeId(job)], `stop job ${job}`);

function mustBeId(job: string): string {
  if (isJobId(job)) return job;
  throw new Error(`${JSON.stringify(job)} is no job`);
}

const harmless = (text: string) => text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 200);

async function slurm(
  command: string,
  args: readonly string[],
  tried: string,
  { cwd, input }: { cwd?: string; input?: string } = {},
): Promise<string> {
  try {
    const running = run(command, [...args], { cwd, timeout: commandMs, maxBuffer: mostBytes });
    // One that ends before it has read all says why itself.
    running.child.stdin?.on('error', () => {}).end(input);
    return (await running).stdout;
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    const said = harmless((stderr || message).trim());
    throw new UserError({
      code: code === 'ENOENT' ? 'slurm.absent' : 'slurm.refused',
      tried,
      why: code === 'ENOENT' ? `there is no ${command} on this machine.` : `Slurm said: ${said}`,
      cure: code === 'ENOENT' ? 'Do it where Slurm is: on the login node.' : 'Mend what Slurm names, and try again.',
    });
  }
}
