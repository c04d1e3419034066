import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type CommandRun, commandOf } from '../../../sidecar/jobs/command.ts';
import { openRun } from '../../../sidecar/runs/run.ts';
import { deriveStatus } from '../../../sidecar/runs/status.ts';
import { finished, milore, start } from '../../support/cli.ts';
import { scratch } from '../../support/reference.ts';
import { tinyWorkspace } from '../../support/tiny.ts';

const parent = scratch();
const { root: made, experiment: file } = tinyWorkspace();
afterAll(() => {
  for (const folder of [parent, made]) rmSync(folder, { recursive: true });
});

const script = resolve(import.meta.dirname, '../../../dist/milore.js');
const program = { words: [process.execPath, script], asNode: false, shell: 'sh' } as const;

it('the copied command goes on with a run, and then trains the same again whatever became of its file', async () => {
  const root = join(parent, `it's "my" $(touch touched)\nwork`);
  cpSync(made, root, { recursive: true });
  const experiment = join(root, 'tiny.milore.yaml');
  const set = ['--set', 'training.steps=6', '--set', 'training.learningRate=0.002', '--set', 'evaluation.every=6'];
  const child = start(['train', experiment, '--json', ...set]);
  let asked = false;
  child.stdout!.on('data', (text) => {
    if (!asked && String(text).includes('"type":"checkpoint"')) asked = child.kill('SIGTERM');
  });
  expect((await finished(child)).code).toBe(75);
  const runs = join(root, '.milore', 'runs');
  const seen = (id: string): CommandRun => {
    const run = openRun(join(runs, id));
    return { ...run, state: deriveStatus(run).state };
  };
  const [first] = readdirSync(runs);
  const shell = (line: string) => execFileSync('sh', ['-c', line], { cwd: parent, stdio: 'pipe' });
  shell(commandOf(seen(first), program));
  expect(seen(first).state).toBe('done');

  writeFileSync(experiment, readFileSync(file, 'utf8').replace('clusters: 20', 'clusters: 10'));
  shell(commandOf(seen(first), program));
  const [, second] = readdirSync(runs).sort();
  const settings = (id: string) => JSON.parse(readFileSync(join(runs, id, 'resolved.json'), 'utf8'));
  expect(settings(second)).toEqual(settings(first));
  const adapter = (id: string) => readFileSync(join(runs, id, 'adapter', 'adapter_model.safetensors'));
  expect(adapter(second).equals(adapter(first))).toBe(true);
  expect(readdirSync(parent)).toHaveLength(1);

  // A fork is begun again where it began.
  const fork = await milore(['train', experiment, '--from', join(runs, first), '--from-step', '5', ...set.slice(0, 2)]);
  expect(fork.code, fork.stderr).toBe(0);
  const [, , third] = readdirSync(runs).sort();
  expect(openRun(join(runs, third)).parent).toEqual({ run: first, step: 5 });
  expect(commandOf(seen(third), program)).toContain('--from-step 5');
}, 300_000);

it('--from begins a new run alone', async () => {
  for (const more of [['--resume', 'x'], ['--auto-resume', 'x'], []]) {
    const args = more.length > 0 ? ['--from', 'x', ...more] : ['--from-step', '3'];
    expect((await milore(['train', file, ...args])).code).toBe(2);
  }
});
