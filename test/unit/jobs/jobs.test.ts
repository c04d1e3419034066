/** Slurm's answers are hostile data, and a state is one word of what Slurm and the run's files say. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Job, resumeJob } from '../../../sidecar/jobs/jobs.ts';
import { isJobId, jobsFolder, readRecords, writeRecord } from '../../../sidecar/jobs/record.ts';
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
