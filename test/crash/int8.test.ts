import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTail } from '../../sidecar/runs/log.ts';
import { runFiles } from '../../sidecar/runs/run.ts';
import { finished, milore, start } from '../support/cli.ts';
import { tinyWorkspace } from '../support/tiny.ts';

const runsOf = (root: string) =>
  readdirSync(join(root, '.milore', 'runs')).map((id) => join(root, '.milore', 'runs', id));
const adapterOf = (run: string) => readFileSync(join(run, 'adapter', 'adapter_model.safetensors'));
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const settings = ['--set', 'compute=int8', '--set', 'training.steps=60'];

it('a run in 8 bits that is killed, once before its first step, ends as the one that never was', async () => {
  const { root, experiment } = tinyWorkspace();
  expect((await milore(['train', experiment, ...settings])).code).toBe(0);
  const [whole] = runsOf(root);
  let child = start(['train', experiment, ...settings]);
  let ended = finished(child);
  let run: string | undefined;
  while (!run) {
    await pause(5);
    run = runsOf(root).find((path) => path !== whole && !path.endsWith('.tmp'));
  }
  // The first kill comes as soon as the run has a folder, the others at so many steps.
  for (const step of [0, 15, 40]) {
    let over: Awaited<typeof ended> | undefined;
    const watched = ended.then((result) => (over = result));
    while ((readTail(join(run, runFiles.log)).at(-1)?.step ?? 0) < step && !over) await pause(10);
    expect(over, over?.stderr).toBeUndefined();
    child.kill('SIGKILL');
    await watched;
    child = start(['train', '--resume', run]);
    ended = finished(child);
  }
  const { code, stderr } = await ended;
  expect(code, stderr).toBe(0);
  const calibration = (path: string) => readFileSync(join(path, 'calibration.json'), 'utf8');
  expect(calibration(run)).toBe(calibration(whole));
  expect(adapterOf(run).equals(adapterOf(whole))).toBe(true);
}, 240_000);
