/** Slurm's answers are hostile data, and a state is one word of what Slurm and the run's files say. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { type Job, lookAtJobs, type RunOfJob, resumeJob, stopJob, submitJob } from '../../../sidecar/jobs/jobs.ts';
import {
  forgetRecord,
  isJobId,
  type JobRecord,
  jobsFolder,
  readRecords,
  writeRecord,
} from '../../../sidecar/jobs/record.ts';
import { accountsIn, cancel, interrupt, rowsIn, type SlurmRow } from '../../../sidecar/jobs/slurm.ts';
import { isLive, type RunSeen, seen } from '../../../sidecar/jobs/state.ts';
import { scratch } from '../../support/scratch.ts';

const there = scratch();
const widths = [48, 24, 80, 12, 80, 12];
const line = (...fields: string[]) => fields.map((field, i) => field.padEnd(widths[i]).slice(0, widths[i])).join('');

it('rows of the queue are cut by their widths; what is no row is left out', () => {
  const text = [
    line('7', 'FAILED', 'NonZeroExitCode', '0', 'n1', '19200'),
    line('8_3', 'PENDING', 'Reserved, by [admin](command:x)', '2', '', '0'),
    line('9', 'CANCELLED', 'None', 'x', 'n[1-2]', '15'),
    line('10; rm -rf /', 'RUNNING', 'None', '0', '', '0'),
    line('11', '\u001b[31mRUN', 'None', '0', '', '0'),
    'slurm_load_jobs error: no',
    '',
  ].join('\n');
  expect(rowsIn(text)).toEqual([
    { job: '7', state: 'FAILED', reason: 'NonZeroExitCode', restarts: 0, nodes: 'n1', exitCode: 75 },
    { job: '8_3', state: 'PENDING', reason: 'Reserved, by [admin](command:x)', restarts: 2, nodes: '', exitCode: 0 },
    { job: '9', state: 'CANCELLED', reason: 'None', restarts: 0, nodes: 'n[1-2]', exitCode: 143 },
  ]);
  const accounts = accountsIn(
    '12|CANCELLED by 0|0:15|n1\n12_4|COMPLETED|0:0|n\u0007x\n$(id)|COMPLETED|0:0|\n13|x y|1:0|',
  );
  expect(accounts.map(({ job, state, exitCode, nodes }) => [job, state, exitCode, nodes])).toEqual([
    ['12', 'CANCELLED', 143, 'n1'],
    ['12_4', 'COMPLETED', 0, 'n x'],
  ]);
});

const run = (state: RunSeen['state']): RunSeen => ({ id: 'r', state, step: 5, steps: 10 });
const row = (state: string, more: Partial<SlurmRow> = {}): SlurmRow => ({
  job: '7',
  state,
  reason: 'None',
  restarts: 0,
  nodes: 'n1',
  ...more,
});

it.each<[string, SlurmRow | undefined, RunSeen | undefined, string]>([
  ['waits', row('PENDING', { reason: 'Resources' }), undefined, 'pending'],
  ['waits again', row('PENDING', { restarts: 2 }), run('interrupted'), 'requeued'],
  ['is at work', row('RUNNING'), run('running'), 'running'],
  ['is at work, its old run not yet found', row('RUNNING'), run('interrupted'), 'running'],
  ['is writing its last checkpoint', row('COMPLETING'), run('interrupted'), 'running'],
  ['has ended', row('COMPLETED', { exitCode: 0 }), run('done'), 'done'],
  ['was stopped', row('FAILED', { exitCode: 75 }), run('interrupted'), 'stopped'],
  ['was stopped before there was a run', row('FAILED', { exitCode: 75 }), undefined, 'stopped'],
  ['was out of time', row('TIMEOUT', { exitCode: 0 }), run('interrupted'), 'stopped'],
  ['was cancelled while it waited', row('CANCELLED'), undefined, 'stopped'],
  ['lost its node for good, its run still beating for some seconds', row('NODE_FAIL'), run('running'), 'stopped'],
  ['failed', row('FAILED', { exitCode: 1 }), run('failed'), 'failed'],
  [
    'was killed by a fault of its own, its run still beating',
    row('FAILED', { exitCode: 139 }),
    run('running'),
    'failed',
  ],
  ['took more memory than it had', row('OUT_OF_MEMORY', { exitCode: 137 }), run('interrupted'), 'failed'],
  ['is held back', row('SPECIAL_EXIT', { restarts: 1 }), run('interrupted'), 'requeued'],
  ['is forgotten, and can go on', undefined, run('interrupted'), 'stopped'],
  ['failed before there was a run', row('FAILED', { exitCode: 1 }), undefined, 'failed'],
  ['is forgotten, and done', undefined, run('done'), 'done'],
  ['is forgotten, and went on to the end', row('FAILED', { exitCode: 1 }), run('done'), 'done'],
  ['cannot be asked about, and beats', undefined, run('running'), 'running'],
  ['is forgotten, and left no run', undefined, undefined, 'unknown'],
])('a job that %s', (_, slurm, files, state) => {
  const found = seen('7', slurm, files);
  expect(found.state).toBe(state);
  expect(isLive(found)).toBe(['pending', 'requeued', 'running'].includes(state));
  if (state === 'pending') expect(found.reason).toBe('Resources');
});

it('only a number of a job is handed to a command', async () => {
  for (const id of ['7', '7_12']) expect(isJobId(id)).toBe(true);
  for (const id of ['', '-u root', '7;8', '7,8', '7 8', '7_', '7\n8', '--all']) {
    expect(isJobId(id)).toBe(false);
    await expect(async () => cancel(id)).rejects.toThrow('is no job');
    await expect(async () => interrupt(id, true)).rejects.toThrow('is no job');
  }
});

it('records are read newest first, whoever else wrote there', () => {
  const root = there('w');
  const record = {
    version: 1 as const,
    job: '9',
    first: '9',
    name: 'x',
    experiment: 'x.milore.yaml',
    options: { time: '1:00:00', requeue: '3', set: ["name='$(id)'"] },
    submitted: '2026-11-26T00:00:00Z',
  };
  mkdirSync(root);
  expect(readRecords(root)).toEqual([]);
  writeRecord(root, record);
  writeRecord(root, { ...record, job: '10', points: 4 });
  const evil = (name: string, change: object) =>
    writeFileSync(`${jobsFolder(root)}/${name}`, JSON.stringify({ ...record, job: name.split('.')[0], ...change }));
  evil('11.json', { first: '11; id' });
  evil('12.json', { options: { ...record.options, partition: 'gpu\n#SBATCH --uid=0' } });
  evil('13.json', { job: '14' });
  evil('15.json', { points: 1e12 });
  evil('evil.json', {});
  writeFileSync(`${jobsFolder(root)}/16.json`, '{');
  expect(readRecords(root).map(({ job }) => job)).toEqual(['10', '9']);
  expect(readRecords(root)[1]).toEqual(record);
  expect(readFileSync(`${jobsFolder(root)}/9.json`, 'utf8')).toContain('"submitted"');
});

const submitted = (job: string, first: string, more: Partial<JobRecord> = {}): JobRecord => ({
  version: 1,
  job,
  first,
  name: 'x',
  experiment: 'x.milore.yaml',
  options: { time: '1:00:00', requeue: '3', set: [] },
  submitted: '',
  ...more,
});
const began = (job: string, id: string, createdAt: string): RunOfJob => ({ ...run('interrupted'), id, job, createdAt });

/** Commands of that name that say so much: what keeps accounts is not to be had here, and what refuses not at will. */
function commands(folder: string, scripts: Record<string, string>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, script] of Object.entries(scripts))
    writeFileSync(`${folder}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', folder);
}
afterEach(() => vi.unstubAllEnvs());

it('of jobs that went on from one another the last is told, with the newest run that any of them began', async () => {
  const root = there('chain');
  for (const job of ['7', '8', '9']) writeRecord(root, submitted(job, '7', { points: 2 }));
  writeRecord(root, submitted('6', '6'));
  vi.stubEnv('PATH', '');
  const { jobs, silent } = await lookAtJobs(root, () => [
    began('slurm-7_0', 'old', '2026-11-26T00:00:00Z'),
    began('slurm-8_0', 'new', '2026-11-26T02:00:00Z'),
    began('slurm-8_0', 'between', '2026-11-26T01:00:00Z'),
    began('slurm-6', 'other', '2026-11-26T03:00:00Z'),
    began('8_1', 'by a name', '2026-11-26T04:00:00Z'),
  ]);
  expect(silent).toMatch(/no squeue/);
  expect(jobs.map(({ job, tasks }) => [job, tasks.map((task) => [task.job, task.run?.id, task.state])])).toEqual([
    [
      '9',
      [
        ['9_0', 'new', 'stopped'],
        ['9_1', undefined, 'unknown'],
      ],
    ],
    ['6', [['6', 'other', 'stopped']]],
  ]);
  // One that is forgotten brings none of its forebears back.
  forgetRecord(root, '9');
  expect(readRecords(root).map(({ job }) => job)).toEqual(['6']);
});

it.skipIf(process.platform === 'win32')('what the controller has forgotten of an array its accounts tell', async () => {
  const root = there('accounts');
  writeRecord(root, submitted('9', '9', { points: 3 }));
  writeRecord(root, submitted('8', '8'));
  const queue = [line('9_1', 'RUNNING', 'None', '0', 'n1', '0'), line('8', 'PENDING', 'Priority', '0', '', '0')];
  commands(there('bin'), {
    squeue: `echo '${queue.join('\n')}'`,
    sacct: `echo "$*" >'${there('asked')}'; echo '9_0|COMPLETED|0:0|n1\n9_1|NODE_FAIL|0:0|n1\n9_2|FAILED|1:0|n2'`,
  });
  const { jobs } = await lookAtJobs(root, () => []);
  expect(jobs.map(({ tasks }) => tasks.map(({ state }) => state))).toEqual([
    ['done', 'running', 'failed'],
    ['pending'],
  ]);
  // Nobody asks them for what the queue has told.
  expect(readFileSync(there('asked'), 'utf8')).toContain('--jobs=9 ');
});

it.skipIf(process.platform === 'win32')(
  'a point that Slurm does not let be stopped keeps none of the others',
  async () => {
    const tasks = ['9_0', '9_1', '9_2'].map((job, i) => seen(job, row(i < 2 ? 'RUNNING' : 'PENDING'), undefined));
    const asked = there('cancelled');
    commands(there('refusing'), {
      scancel: `echo "$*" >>'${asked}'; case $* in *9_0) echo 'already completing' >&2; exit 1;; esac`,
    });
    await expect(stopJob({ ...submitted('9', '9'), tasks })).rejects.toThrow(/already completing/);
    expect(readFileSync(asked, 'utf8')).toBe('--signal=INT --batch 9_0\n--signal=INT --batch 9_1\n9_2\n');
  },
);

it.skipIf(process.platform === 'win32')(
  'two of one name at the same moment: each is submitted as it was told',
  async () => {
    const root = there('at-once');
    // Slow to read, as on a busy login node: a file, or what it is handed.
    commands(there('slow'), { sbatch: `/bin/sleep 0.3; /bin/cat \${2:--} >>'${there('got')}'; echo 12` });
    await Promise.all(
      ['first', 'second'].map((one) =>
        submitJob({
          ...{ root, file: `${root}/x.milore.yaml`, name: 'x' },
          options: { time: '10', requeue: '0', set: [`name=${one}`] },
        }),
      ),
    );
    expect(
      readFileSync(there('got'), 'utf8')
        .match(/(?<='name=)\w+/g)
        ?.sort(),
    ).toEqual(['first', 'second']);
  },
);

it('a record that leads out of the workspace submits nothing', async () => {
  const root = there('workspace');
  mkdirSync(root, { recursive: true });
  mkdirSync(there('elsewhere'), { recursive: true });
  symlinkSync(there('elsewhere'), `${root}/link`);
  const job: Job = {
    version: 1,
    job: '9',
    first: '9',
    name: 'x',
    experiment: '',
    options: { time: '1:00:00', requeue: '3', set: [] },
    submitted: '',
    tasks: [],
  };
  for (const experiment of ['../elsewhere/x.milore.yaml', '/etc/passwd', 'link/x.milore.yaml'])
    await expect(resumeJob(root, { ...job, experiment })).rejects.toThrow(/lies outside the workspace/);
});
