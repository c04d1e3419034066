import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportRunAdapter } from '../../../sidecar/export/adapter.ts';
import { readLog } from '../../../sidecar/runs/log.ts';
import { listRuns, openRun } from '../../../sidecar/runs/run.ts';
import { deriveStatus } from '../../../sidecar/runs/status.ts';
import { experimentOf } from '../../../sidecar/training/hold.ts';
import { RunHistory } from '../../../webview/history.ts';
import { scratch } from '../../support/reference.ts';
import { tinyRuns } from '../../support/tiny-run.ts';

/** Two runs made by 0.2.0, one finished and one interrupted at step 21 of 60. */
const kept = resolve('test/fixtures/runs-0.2.0');

function fingerprint(folder: string): string {
  const hash = createHash('sha256');
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    hash.update(`${name}\n`);
    if (statSync(join(folder, name)).isFile()) hash.update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex');
}

describe('a run made by 0.2.0', () => {
  const root = scratch();
  const runs = join(root, '.milore', 'runs');
  beforeAll(() => {
    mkdirSync(runs, { recursive: true });
    cpSync(kept, runs, { recursive: true });
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('is listed with its state', () => {
    const { runs: found, problems } = listRuns(root);
    expect(problems).toEqual([]);
    expect(found.map((run) => deriveStatus(run))).toMatchObject([
      { state: 'done', step: 20, steps: 20 },
      { state: 'interrupted', step: 21, steps: 60 },
    ]);
  });

  it('shows its curves in the dashboard: adapted, control, and what belongs to no language', async () => {
    const history = new RunHistory();
    for await (const event of readLog(join(runs, 'finished', 'log.jsonl'))) history.add('log', event);
    for await (const event of readLog(join(runs, 'finished', 'utilisation.jsonl'))) history.add('utilisation', event);
    const fin = history.languages.get('fin')!;
    expect(fin.role).toBe('new');
    const { steps } = fin.heldOut.loss;
    expect([0, 1, 2].map((i) => steps.at(i))).toEqual([0, 10, 20]);
    // As its log says.
    expect(fin.heldOut.loss.last()).toBe(3.176684431646062);
    expect(fin.control.loss.last()).toBe(3.277992114253428);
    expect(fin.heldOut.accuracy.last()).toBeCloseTo(7.471264367816093, 10);
    expect(fin.train.accuracy.last()).toBeGreaterThan(0);
    expect(history.scalar('loss').length).toBe(10);
    expect(history.scalar('learningRate').last()).toBe(0);
    expect(history.utilisation.sorted()).toHaveLength(3);
  });

  it('exports its adapter', () => {
    const out = join(root, 'exported');
    exportRunAdapter(join(runs, 'finished'), out);
    expect(existsSync(join(out, 'adapter_model.safetensors'))).toBe(true);
  });

  it('is not gone on with, nor forked from: in words, and nothing is written', async () => {
    const path = join(runs, 'interrupted');
    const before = fingerprint(root);
    expect(() => experimentOf(path)).toThrow(/0\.2\.0 began it.*Finish it with that version, or start anew/s);
    const { root: other, run } = tinyRuns();
    await expect(run([], { resume: path })).rejects.toThrow(/0\.2\.0 began it/);
    await expect(run([], { from: { path } })).rejects.toThrow(/0\.2\.0 began it/);
    expect(listRuns(other).runs).toEqual([]);
    expect(fingerprint(root)).toBe(before);
    expect(openRun(path).versions.milore).toBe('0.2.0');
    rmSync(other, { recursive: true });
  });
});
