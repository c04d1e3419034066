/** How a scheduler asks a run to stop, and how its job goes on. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { finished, milore, start } from '../../support/cli.ts';
import { tinyWorkspace } from '../../support/tiny.ts';

const { root, experiment } = tinyWorkspace();
afterAll(() => rmSync(root, { recursive: true }));
const runs = () => readdirSync(join(root, '.milore', 'runs')).sort();
const log = (run: string) =>
  readFileSync(join(root, '.milore', 'runs', run, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const adapter = (run: string) =>
  readFileSync(join(root, '.milore', 'runs', run, 'adapter', 'adapter_model.safetensors'));

describe.skipIf(process.platform === 'win32')('a job', () => {
  it.each(['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)(
    'that gets %s writes a checkpoint and leaves with 75, however often it is said, with no debugger',
    async (signal) => {
      const child = start(['train', experiment, '--json', '--auto-resume', signal]);
      child.stdout!.on('data', (text) => {
        // A second one comes with the checkpoint that the first brought.
        if (String(text).includes('"type":"checkpoint"')) {
          child.kill(signal);
          child.kill('SIGTERM');
        }
      });
      const { code, stderr } = await finished(child);
      expect(code).toBe(75);
      expect(stderr.match(/writing a checkpoint/g)).toHaveLength(1);
      expect(stderr).not.toContain('Debugger');
      const last = log(runs().at(-1)!).at(-1);
      expect(last).toMatchObject({ type: 'stopped', reason: { code: 'signal' } });
      expect(last.step).toBeGreaterThan(4);
    },
    60_000,
  );

  it('that is told to leave before it has begun leaves nothing wrong, and begins at its next start', async () => {
    const child = start(['train', experiment, '--json', '--auto-resume', 'early', '--set', 'training.steps=12']);
    child.stdout!.once('data', () => child.kill('SIGUSR2'));
    expect((await finished(child)).code).toBe(75);
    const before = runs().length;
    const args = ['train', experiment, '--auto-resume', 'early', '--set', 'training.steps=12'];
    const second = await milore(args);
    expect([second.code, second.stderr]).toEqual([0, '']);
    expect(runs()).toHaveLength(before);
    // At the fifth start as at the first.
    const again = await milore(args);
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(runs()).toHaveLength(before);
  }, 60_000);

  it('goes on by its own number in Slurm, each point of an array with its own run, to the adapter of a run without a stop', async () => {
    const env = { SLURM_JOB_ID: '9', SLURM_ARRAY_JOB_ID: '8', SLURM_CPUS_PER_TASK: '1' };
    const args = ['train', experiment, '--json', '--auto-resume', '--set', 'training.steps=40'];
    const point = (task: string) => ({ ...env, SLURM_ARRAY_TASK_ID: task });
    const before = runs();
    const child = start(args, undefined, point('1'));
    child.stdout!.on('data', (text) => String(text).includes('"type":"checkpoint"') && child.kill('SIGUSR1'));
    expect((await finished(child)).code).toBe(75);
    const [stopped] = runs().filter((run) => !before.includes(run));
    expect((await milore(args, undefined, point('2'))).code).toBe(0);
    const [whole] = runs().filter((run) => !before.includes(run) && run !== stopped);
    expect((await milore(args, undefined, point('1'))).code).toBe(0);
    expect(adapter(stopped).equals(adapter(whole))).toBe(true);
    expect(JSON.parse(readFileSync(join(root, '.milore', 'runs', stopped, 'run.json'), 'utf8')).job).toBe('slurm-8_1');
  }, 120_000);

  it('stops before its allocation ends', async () => {
    const env = { SLURM_JOB_ID: '77', SLURM_JOB_END_TIME: String(Math.ceil(Date.now() / 1000) + 8) };
    const args = ['train', experiment, '--auto-resume', '--set', 'training.steps=1000000'];
    const { code, stderr } = await milore(args, undefined, env);
    expect(code).toBe(75);
    expect(stderr).toContain('The allocation ends soon: writing a checkpoint');
    const last = log(runs().at(-1)!).at(-1);
    // On a busy machine it may still be preparing.
    expect([last.type, ['allocation', 'preparing'].includes(last.reason.code)]).toEqual(['stopped', true]);
  }, 60_000);

  it('without a number or a name says what is missing', async () => {
    const { code, stderr } = await milore(['train', experiment, '--auto-resume']);
    expect(code).toBe(1);
    expect(stderr).toContain('Name it: --auto-resume NAME.');
  });
});
