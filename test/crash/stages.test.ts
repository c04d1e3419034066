import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import type { Findings } from '../../sidecar/protocol/findings.ts';
import { runFiles } from '../../sidecar/runs/run.ts';
import { finished, milore, start } from '../support/cli.ts';
import { tinyWorkspace } from '../support/tiny.ts';

/** MILORE_KILLS: how many; each costs a start. */
const KILLS = Number(process.env.MILORE_KILLS ?? 4);
const speech = (name: string) => JSON.stringify(resolve('extension/sample/speech', name));
const settings = [
  `languages.fin={role: new, data: ${speech('fin.tsv')}, hours: 0.05}`,
  `languages.vie={role: new, data: ${speech('vie')}, hours: 0.015}`,
  'stages=[{add: [fin], steps: 20}, {add: [vie], steps: 15}]',
  'units.refit=true',
  'evaluation.superb={languages: [fin], updates: 10, width: 16, learningRate: 0.001, accumulate: 1}',
].flatMap((setting) => ['--set', setting]);

const runsOf = (root: string) =>
  readdirSync(join(root, '.milore', 'runs')).map((id) => join(root, '.milore', 'runs', id));
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** All that a run of two stages leaves: bytes of its adapters, and what was found, without what it took. */
function left(run: string) {
  const weights = (...path: string[]) => readFileSync(join(run, ...path, 'adapter_model.safetensors'), 'base64');
  const findings = JSON.parse(readFileSync(join(run, runFiles.findings), 'utf8')) as Partial<Findings>;
  delete findings.costShare;
  return {
    adapter: weights('adapter'),
    stages: ['1', '2'].map((stage) => weights('stages', stage, 'adapter')),
    units: ['units.safetensors', join('stages', '2', 'units.safetensors')].map((file) =>
      readFileSync(join(run, file), 'base64'),
    ),
    ledger: JSON.parse(readFileSync(join(run, 'ledger.json'), 'utf8')),
    findings: { ...findings, rows: findings.rows?.map((row) => ({ ...row, seconds: 0 })) },
  };
}

it('two stages and the recogniser that measures them, killed at random moments, end as if they never were', async () => {
  const { root, experiment } = tinyWorkspace();
  const whole = await milore(['train', experiment, ...settings]);
  expect(whole.code, whole.stderr).toBe(0);
  const [first] = runsOf(root);

  let args = ['train', experiment, ...settings];
  let kills = 0;
  let run = '';
  for (;;) {
    const child = start(args);
    const ended = finished(child);
    const moment = 900 + 2600 * Math.random();
    const early = kills < KILLS ? await Promise.race([ended, pause(moment).then(() => undefined)]) : await ended;
    run ||= runsOf(root).find((path) => path !== first) ?? '';
    if (early) {
      expect(early.code, early.stderr).toBe(0);
      break;
    }
    child.kill('SIGKILL');
    await ended;
    kills++;
    if (run) args = ['train', '--resume', run];
  }
  console.log(`${kills} kills`);
  expect(kills).toBeGreaterThan(2);
  expect(left(run)).toEqual(left(first));

  const out = join(root, 'rolled');
  expect((await milore(['rollback', run, '--stage', '1', '--out', out])).code).toBe(0);
  expect(readFileSync(join(out, 'adapter_model.safetensors'), 'base64')).toBe(left(first).stages[0]);
  rmSync(root, { recursive: true });
}, 400_000);
