import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { addToQueue, continueQueue, readQueue } from '../../sidecar/runs/queue.ts';
import { listRuns } from '../../sidecar/runs/run.ts';
import { deriveStatus } from '../../sidecar/runs/status.ts';
import { progressOf } from '../../sidecar/studies/progress.ts';
import { milore } from '../support/cli.ts';
import { scratch } from '../support/scratch.ts';
import { connected, serve } from '../support/sidecar.ts';
import { few, tinySweep } from '../support/tiny-sweep.ts';

const home = scratch()();

async function until(what: string, is: () => boolean, seconds = 120): Promise<void> {
  for (const end = Date.now() + 1000 * seconds; !is(); await sleep(20))
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
}

const adapterOf = (path: string) => readFileSync(join(path, 'adapter', 'adapter_model.safetensors')).toString('base64');

it('the sidecar is killed in the middle of a queued sweep: all points end, none is run twice, each to the same bits', async () => {
  const settings = `${few.replace('[4], evaluation.every: [4]', '[8], evaluation.every: [8]')}  points: { a: { adapter.rank: 1 }, b: { adapter.rank: 2 } }\n  seeds: 2\n`;
  const sweep = tinySweep(settings);
  const study = await sweep.load();
  await addToQueue(sweep.root, { kind: 'sweep', what: sweep.file, name: 'tiny' });
  const states = () => progressOf(study).points.map(({ state }) => state);
  // Once in its preparation, then amid the second point.
  for (const moment of [
    () => listRuns(sweep.root).runs.length > 0,
    () => states()[0] === 'done' && existsSync(second()),
  ]) {
    const { child, ended } = await serve(sweep.root, home, ['--keep']);
    await until('the moment to kill', moment);
    child.kill('SIGKILL');
    await ended;
  }
  function second(): string {
    const run = progressOf(study).points[1].run;
    return run ? join(run.path, 'checkpoints', 'step-000002') : '/nowhere';
  }
  expect(readQueue(sweep.root).items).toHaveLength(1);
  const last = await serve(sweep.root, home);
  await until('the queue to be empty', () => readQueue(sweep.root).items.length === 0, 300);
  last.child.kill('SIGTERM');
  await last.ended;
  expect(states()).toEqual(['done', 'done', 'done', 'done']);
  const { runs } = listRuns(sweep.root);
  expect(runs.map(({ study }) => study?.identity).sort()).toEqual(study.points.map(({ identity }) => identity).sort());
  // One that nobody disturbed, by the terminal.
  const calm = tinySweep(settings);
  const { code, stderr } = await milore(['sweep', calm.file, '--index', '1']);
  expect(code, stderr).toBe(0);
  const undisturbed = progressOf(await calm.load()).points[1].run!;
  expect(adapterOf(progressOf(study).points[1].run!.path)).toBe(adapterOf(undisturbed.path));
}, 600_000);

it('the terminal works through it', async () => {
  const { root, file } = tinySweep(`${few}  points: { a: {} }\n`);
  const experiment = file.replace('tiny.sweep', 'tiny');
  expect(await milore(['queue', 'add', experiment, '--set', 'training.steps=4', '--workspace', root])).toMatchObject({
    code: 0,
  });
  expect(await milore(['queue', 'add', file, '--workspace', root])).toMatchObject({ code: 0 });
  const { stdout, code } = await milore(['queue', 'run', '--workspace', root]);
  expect(code).toBe(0);
  expect(stdout).toContain('Nothing is queued any more.');
  const { runs } = listRuns(root);
  expect(runs.map((run) => deriveStatus(run).state)).toEqual(['done', 'done']);
  expect(runs[0].job).toMatch(/^queue-/);
}, 300_000);

it('a run that a person stops pauses the queue, and stays in it', async () => {
  const { root, file } = tinySweep(few);
  await addToQueue(root, { kind: 'experiment', what: file.replace('tiny.sweep', 'tiny'), name: 'tiny' });
  const { child, endpoint, ended } = await serve(root, home, ['--keep']);
  const client = await connected(endpoint);
  await until('a run to be at work', () => listRuns(root).runs.some((run) => deriveStatus(run).step > 0));
  const [run] = listRuns(root).runs;
  expect((await client.request('run/stop', { run: run.id })).error).toBeUndefined();
  await until('the queue to be paused', () => readQueue(root).paused);
  await until('the item to be free', () => readQueue(root).items[0].taken === undefined);
  expect(readQueue(root).items).toMatchObject([{ name: 'tiny', kind: 'experiment' }]);
  await sleep(3000);
  expect(listRuns(root).runs.map((one) => deriveStatus(one).state)).toEqual(['interrupted']);
  // Going on is going on with that run.
  await continueQueue(root);
  await until('the run to go on', () => deriveStatus(run).state === 'running');
  child.kill('SIGKILL');
  await ended;
  expect(listRuns(root).runs).toHaveLength(1);
}, 300_000);
