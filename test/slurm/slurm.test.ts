/** A private Slurm of four nodes: whatever happens to a job, it ends in the adapter of an undisturbed run without a hand. */
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listRuns } from '../../sidecar/runs/run.ts';
import { milore } from '../support/cli.ts';
import { fixtures } from '../support/reference.ts';
import { isStopped, noSlurm, processesOf, type Slurm, slurmUp } from '../support/slurm.ts';
import { tinyWorkspace } from '../support/tiny.ts';

const reason = noSlurm();
const koffi = (() => {
  try {
    return Boolean(createRequire(import.meta.url).resolve('koffi'));
  } catch {
    return false;
  }
})();
const mpi = spawnSync('mpirun.openmpi', ['--version']).status === 0;

const settings = ['training.shards=4', 'training.batchSeconds=4', 'training.steps=300', 'head.warmupSteps=2'].flatMap(
  (one) => ['--set', one],
);

describe.skipIf(reason)(`a private Slurm${reason ? ` (not run: ${reason})` : ''}`, () => {
  let slurm: Slurm;
  let alone: string;
  const { root, experiment } = tinyWorkspace();
  const adapter = (path: string) => readFileSync(join(path, 'adapter', 'adapter_model.safetensors')).toString('hex');

  beforeAll(async () => {
    slurm = slurmUp(4);
    // It also fills the cache that the jobs share.
    const { code, stderr } = await milore(['train', experiment, ...settings]);
    expect(code, stderr).toBe(0);
    alone = adapter(listRuns(root).runs[0].path);
  }, 120_000);
  afterAll(() => {
    slurm?.down();
    rmSync(root, { recursive: true });
  });

  const submit = async (file: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await milore(['sbatch', file, ...args], root, slurm.env);
    expect(code, stderr).toBe(0);
    return /Submitted as job (\d+)\./.exec(stdout)![1];
  };
  const runsOf = (job: string) => listRuns(root).runs.filter((run) => run.job === `slurm-${job}`);
  const log = (job: string) =>
    runsOf(job)
      .map(({ path }) => readFileSync(join(path, 'log.jsonl'), 'utf8'))
      .join('');
  const said = (job: string) =>
    readdirSync(join(root, '.milore', 'slurm'))
      .filter((name) => name.endsWith(`-${job}.out`))
      .map((name) => readFileSync(join(root, '.milore', 'slurm', name), 'utf8'))
      .join('');
  const until = async (what: string, is: () => boolean | Promise<boolean>, seconds = 150) => {
    for (const end = Date.now() + 1000 * seconds; !(await is()); await sleep(20))
      if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
  };
  const checkpointed = (job: string) =>
    until(`a checkpoint of job ${job}\n${said(job)}`, () => log(job).includes('"type":"checkpoint"'));
  /** It has ended well, as one run, in the undisturbed adapter. */
  const isWhole = async (job: string, restarts: number) => {
    const ended = await slurm.until(job, ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMEOUT']);
    expect([ended.JobState, ended.ExitCode], said(job)).toEqual(['COMPLETED', '0:0']);
    // A busy machine's nodes may be taken for dead, which costs a start more.
    expect(Number(ended.Restarts), said(job)).toBeGreaterThanOrEqual(restarts);
    expect(runsOf(job)).toHaveLength(1);
    expect(adapter(runsOf(job)[0].path)).toBe(alone);
  };

  it.concurrent('one that is requeued', async () => {
    const job = await submit(experiment, '--time', '10', ...settings);
    await checkpointed(job);
    await slurm.say('scontrol', 'requeue', job);
    await isWhole(job, 1);
  }, 300_000);

  it.concurrent('one whose node dies', async () => {
    const job = await submit(experiment, '--time', '10', ...settings);
    await checkpointed(job);
    const node = (await slurm.job(job)).NodeList;
    slurm.killNode(node);
    await isWhole(job, 1);
    await slurm.startNode(node);
    expect((await slurm.job(job)).NodeList).not.toBe(node);
  }, 300_000);

  it.concurrent('one whose time runs out', async () => {
    const job = await submit(experiment, '--time', '1', ...settings);
    await checkpointed(job);
    // Slurm's shortest limit is a minute: until Slurm says that it is nearly over, which wakes a process, none computes.
    const [pid] = processesOf(slurm.folder, `SLURM_JOB_ID=${job}`).filter((one) =>
      readFileSync(`/proc/${one}/cmdline`, 'utf8').includes('--auto-resume'),
    );
    process.kill(pid, 'SIGSTOP');
    await until('a signal of Slurm', () => !isStopped(pid));
    await isWhole(job, 1);
    expect(log(job)).toMatch(/"type":"stopped".*"(allocation|SIGUSR2)"/);
    expect(said(job)).toContain('Requeued (1 of at most 50).');
  }, 300_000);

  (koffi && mpi ? it.concurrent : it.skip)(
    `two ranks that srun started${koffi && mpi ? '' : ' (not run: koffi or Open MPI is missing)'}, requeued`,
    async () => {
      const job = await submit(experiment, '--time', '10', '--ranks', '2', ...settings);
      await checkpointed(job);
      await slurm.say('scontrol', 'requeue', job);
      await isWhole(job, 1);
      const ended = readFileSync(join(slurm.folder, 'log', 'jobs.txt'), 'utf8').split('\n');
      expect(ended.filter((line) => line.startsWith(`JobId=${job} `)).at(-1)).toContain(' NodeCnt=2 ');
    },
    300_000,
  );

  it.concurrent('one that a person stops is not put back, and a further job goes on to the end', async () => {
    const job = await submit(experiment, '--time', '10', ...settings);
    const seen = async (one: string) => {
      const { stdout } = await milore(['jobs', '--json', '--workspace', root], root, slurm.env);
      const jobs = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      return jobs.find((found) => found.job === one);
    };
    await checkpointed(job);
    expect(await seen(job)).toMatchObject({ state: 'running', restarts: 0, run: { steps: 300 } });
    await milore(['jobs', 'stop', job, '--workspace', root], root, slurm.env);
    expect(await slurm.until(job, ['FAILED'])).toMatchObject({ ExitCode: '75:0', Restarts: '0' });
    expect(await seen(job)).toMatchObject({ state: 'stopped', exitCode: 75 });
    const { stdout } = await milore(['jobs', 'resume', job, '--workspace', root], root, slurm.env);
    const next = /Submitted as job (\d+)\./.exec(stdout)![1];
    expect((await slurm.until(next, ['COMPLETED', 'FAILED'])).JobState, said(next)).toBe('COMPLETED');
    expect(adapter(runsOf(job)[0].path)).toBe(alone);
    expect(await seen(next)).toMatchObject({ state: 'done', run: { id: runsOf(job)[0].id } });
    // The one that it went on from is told no more.
    expect(await seen(job)).toBeUndefined();
  }, 300_000);

  it.concurrent('its exit code says that it was stopped, where it may not come back, or that it failed', async () => {
    const job = await submit(experiment, '--time', '10', '--requeue', '0', ...settings);
    await checkpointed(job);
    await slurm.say('scancel', '--signal=TERM', '--batch', job);
    expect(await slurm.until(job, ['FAILED'])).toMatchObject({ ExitCode: '75:0', Restarts: '0' });
    // What is found out only where it runs: its base goes while it waits.
    const base = join(root, 'base');
    cpSync(fixtures('hubert_tiny_base'), base, { recursive: true });
    const failing = await submit(experiment, '--time', '10', '--partition', 'later', '--set', 'base.model=base');
    rmSync(base, { recursive: true });
    await slurm.say('scontrol', 'update', 'PartitionName=later', 'State=UP');
    expect(await slurm.until(failing, ['FAILED'])).toMatchObject({ ExitCode: '1:0' });
    expect(said(failing)).toContain('Could not find base.model');
  }, 300_000);

  it('an array of four points over two nodes, one of them requeued twice: the table is complete', async () => {
    const file = join(root, 'tiny.sweep.milore.yaml');
    writeFileSync(
      file,
      `sweep:\n  experiment: tiny.milore.yaml\n  keys: { training.steps: [60], evaluation.every: [60], head.warmupSteps: [2], training.shards: [1] }
  points: { small: { adapter.rank: 1 }, large: { adapter.rank: 2 } }\n  seeds: 2\n`,
    );
    const job = await submit(file, '--time', '10', '--at-once', '2');
    const nodes = new Set<string>();
    for (let times = 1; times <= 2; times++) {
      await until('the second point at work', async () => {
        const { JobState, Restarts, NodeList } = await slurm.job(`${job}_1`);
        // One that waits has none.
        if (JobState === 'RUNNING') nodes.add(NodeList);
        return (
          JobState === 'RUNNING' &&
          Restarts === String(times - 1) &&
          log(`${job}_1`).split('"type":"checkpoint"').length > times
        );
      });
      await slurm.say('scontrol', 'requeue', `${job}_1`);
    }
    for (const index of [0, 1, 2, 3]) {
      const ended = await slurm.until(`${job}_${index}`, ['COMPLETED', 'FAILED']);
      nodes.add(ended.NodeList);
      expect([ended.JobState, ended.Restarts], said(`${job}_${index}`)).toEqual(['COMPLETED', index === 1 ? '2' : '0']);
      expect(runsOf(`${job}_${index}`)).toHaveLength(1);
    }
    expect(nodes.size).toBeGreaterThan(1);
    const { stdout } = await milore(['sweep', file, '--list']);
    expect(stdout).toContain('4 of 4 done');
    expect((await milore(['sweep', file, '--table', 'csv'])).stdout).toMatch(/small[\s\S]*large/);
  }, 300_000);
});
