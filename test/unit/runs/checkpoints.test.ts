import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../sidecar/errors.ts';
import { latestCheckpoint, writeCheckpoint } from '../../../sidecar/runs/checkpoints.ts';
import { openRun } from '../../../sidecar/runs/run.ts';
import { newRun } from './folder.ts';

const files = (value: number) => ({
  'parameters.f32': new Uint8Array(1000).fill(value),
  'state.json': Buffer.from(`{"v":${value}}`),
});
const names = (run: { path: string }) => readdirSync(join(run.path, 'checkpoints')).sort();

describe('checkpoints', () => {
  it('read back as written; the newest two are kept', () => {
    const run = newRun();
    expect(latestCheckpoint(run)).toBeUndefined();
    for (const step of [10, 20, 30]) writeCheckpoint(run, step, files(step));
    expect(names(run)).toEqual(['step-000020', 'step-000030']);
    const latest = latestCheckpoint(run);
    expect(latest?.step).toBe(30);
    expect(latest?.names).toEqual(['parameters.f32', 'state.json']);
    expect(Buffer.from(latest!.read('parameters.f32'))).toEqual(Buffer.alloc(1000, 30));
    expect(() => latest!.read('../run.json')).toThrow(/holds only/);
  });

  it('of the same step is replaced, and those of a past that was given up go', () => {
    const run = newRun();
    for (const step of [10, 20, 30]) writeCheckpoint(run, step, files(step), { keep: 3 });
    writeCheckpoint(run, 20, files(99), { keep: 3 });
    expect(names(run)).toEqual(['step-000010', 'step-000020']);
    expect(latestCheckpoint(run)!.read('state.json')).toEqual(Buffer.from('{"v":99}'));
  });

  it('are not written where the run’s folder was removed, and do not make it anew', () => {
    const run = newRun();
    rmSync(run.path, { recursive: true });
    expect(() => writeCheckpoint(run, 10, files(10))).toThrow(/write the checkpoint of step 10/);
    expect(existsSync(run.path)).toBe(false);
  });

  const damage: Record<string, (dir: string) => void> = {
    'a missing file': (dir) => rmSync(join(dir, 'state.json')),
    'a changed byte': (dir) => {
      const bytes = readFileSync(join(dir, 'parameters.f32'));
      bytes[500] ^= 1;
      writeFileSync(join(dir, 'parameters.f32'), bytes);
    },
    'a file grown': (dir) => appendFileSync(join(dir, 'state.json'), ' '),
    'a file cut short': (dir) => writeFileSync(join(dir, 'parameters.f32'), ''),
    'no manifest': (dir) => rmSync(join(dir, 'manifest.json')),
    'a torn manifest': (dir) => writeFileSync(join(dir, 'manifest.json'), '{"version":1,"step":20,"fi'),
    'a manifest of another step': (dir) => {
      const text = readFileSync(join(dir, 'manifest.json'), 'utf8');
      writeFileSync(join(dir, 'manifest.json'), text.replace('"step": 20', '"step": 21'));
    },
    'a manifest that leads out': (dir) => {
      const manifest = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'));
      manifest.files['../../../run.json'] = manifest.files['state.json'];
      writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest));
    },
    'a folder for a file': (dir) => {
      rmSync(join(dir, 'state.json'));
      symlinkSync('..', join(dir, 'state.json'));
    },
  };
  it.each(Object.keys(damage))('with %s is reported and the one before is taken', (kind) => {
    const run = newRun();
    for (const step of [10, 20]) writeCheckpoint(run, step, files(step));
    damage[kind](join(run.path, 'checkpoints', 'step-000020'));
    const problems: Problem[] = [];
    expect(latestCheckpoint(run, (problem) => problems.push(problem))?.step).toBe(10);
    expect(problems).toMatchObject([
      { code: 'runs.checkpoint-corrupt', tried: expect.stringContaining('step-000020') },
    ]);
  });

  it('half-written by a kill is not seen, and is removed at the next opening', () => {
    const run = newRun();
    writeCheckpoint(run, 10, files(10));
    const dir = writeCheckpoint(run, 20, files(20));
    // What a kill before the rename leaves.
    rmSync(join(dir, 'manifest.json'));
    const half = `${dir}.123.tmp`;
    writeCheckpoint(run, 30, files(30), { keep: 9 });
    symlinkSync(join(run.path, 'checkpoints', 'step-000030'), half);
    expect(latestCheckpoint(run)?.step).toBe(30);
    openRun(run.path, { write: true });
    expect(existsSync(half)).toBe(false);
    expect(latestCheckpoint(run)?.step).toBe(30);
  });

  it('whose replacement never came is put back', () => {
    const run = newRun();
    const dir = writeCheckpoint(run, 10, files(10));
    renameSync(dir, `${dir}.old.tmp`);
    openRun(run.path, { write: true });
    expect(latestCheckpoint(run)?.step).toBe(10);
  });

  it('a name that leads out of the folder is our own fault and writes nothing', () => {
    const run = newRun();
    for (const name of ['../x', 'a/b', '.hidden', 'manifest.json', '']) {
      expect(() => writeCheckpoint(run, 10, { [name]: new Uint8Array(1) })).toThrow(/internal/);
    }
    expect(names(run)).toEqual([]);
  });
});
