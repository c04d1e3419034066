import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import type { Problem } from '../../../sidecar/errors.ts';
import { latestCheckpoint } from '../../../sidecar/runs/checkpoints.ts';
import { readPoints } from '../../../sidecar/runs/log.ts';
import { openRun } from '../../../sidecar/runs/run.ts';
import { newRun, temporaryFolder } from './folder.ts';

const room = resolve(import.meta.dirname, '../../../sidecar/runs');
/** Resumes where the newest checkpoint stands, then logs, beats and writes checkpoints as fast as it can. */
const worker = `
import { latestCheckpoint, writeCheckpoint } from './checkpoints.ts';
import { openRun, RunLogs } from './run.ts';
import { writeHeartbeat } from './status.ts';
const run = openRun(process.argv[2], { write: true });
const latest = latestCheckpoint(run);
let step = latest?.step ?? 0;
const logs = new RunLogs(run);
logs.resumed(step);
console.log('ready');
for (;;) {
  step++;
  logs.log.append({ type: 'point', step, text: 'x'.repeat(step % 977) });
  writeHeartbeat(run, step);
  logs.sync();
  writeCheckpoint(run, step, { 'a.bin': new Uint8Array(200000).fill(step), 'b.bin': new Uint8Array(10).fill(step) });
}
`;

it('a process killed at any moment resumes at once, with a whole checkpoint and every step logged once', async () => {
  const script = join(temporaryFolder(), 'worker.mjs');
  const stdin = { contents: worker, resolveDir: room, loader: 'ts' as const };
  await build({ stdin, bundle: true, platform: 'node', format: 'esm', outfile: script, logLevel: 'error' });
  const run = newRun();
  let before = 0;
  for (let life = 0; life < 10; life++) {
    const child = spawn(process.execPath, [script, run.path], { stdio: ['ignore', 'pipe', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (data) => (complaint += data));
    await new Promise<void>((done, fail) => {
      child.stdout.once('data', () => done());
      child.once('exit', () => fail(new Error(complaint)));
    });
    await new Promise((done) => setTimeout(done, 20 + Math.random() * 60));
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
    const problems: Problem[] = [];
    const latest = latestCheckpoint(run, (problem) => problems.push(problem));
    expect(problems).toEqual([]);
    expect(latest?.step ?? 0).toBeGreaterThanOrEqual(before);
    if (latest) expect(new Set(latest.read('a.bin'))).toEqual(new Set([latest.step % 256]));
    before = latest?.step ?? 0;
    if (existsSync(join(run.path, 'heartbeat.json')))
      JSON.parse(readFileSync(join(run.path, 'heartbeat.json'), 'utf8'));
  }
  expect(before).toBeGreaterThan(0);
  openRun(run.path, { write: true });
  const steps: number[] = [];
  for await (const point of readPoints(join(run.path, 'log.jsonl'))) steps.push(point.step);
  expect(steps).toEqual(Array.from({ length: steps.length }, (_, i) => i + 1));
  expect(steps.length).toBeGreaterThanOrEqual(before);
});
