import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportRun } from '../../../sidecar/export/index.ts';
import { writeOnnx } from '../../../sidecar/export/onnx-folder.ts';
import { adapterOfRun, openSource } from '../../../sidecar/export/source.ts';
import { exportForms } from '../../../sidecar/protocol/forms.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { command } from '../../crash/faults/processes.ts';
import { bases, type FinishedRun, finishedRun } from '../../support/finished-run.ts';
import { scratch } from '../../support/reference.ts';

let run: FinishedRun;
beforeAll(async () => {
  run = await finishedRun(bases.hubert(), ['adapter.experts=1']);
});

describe.each(exportForms)('as %s', (as) => {
  it('a folder that holds anything of somebody’s is left as it is', async () => {
    const parent = scratch();
    const out = join(parent, 'out');
    mkdirSync(out);
    writeFileSync(join(out, 'thesis.tex'), 'mine');
    await expect(exportRun(run.path, out, { as })).rejects.toThrow(/thesis\.tex.*Name a new or empty folder/s);
    expect(readFileSync(join(out, 'thesis.tex'), 'utf8')).toBe('mine');
    expect(readdirSync(parent)).toEqual(['out']);
    expect(readdirSync(out)).toEqual(['thesis.tex']);
  });

  it('a disk that fills up at any moment leaves nothing behind, and it is said', async () => {
    const parent = scratch();
    const out = join(parent, 'out');
    const record = `${parent}.operations`;
    const args = ['export', run.path, '--as', as, '--out', out];
    const whole = await command(args, { root: parent, how: 'ENOSPC', record });
    expect(whole.text).toContain('README.md');
    expect(whole.ended).toBe('done');
    const names = readFileSync(record, 'utf8').trimEnd().split('\n');
    expect(names.length).toBeGreaterThan(6);
    const complete = readdirSync(out, { recursive: true }).length;
    expect(complete).toBeGreaterThan(2);
    for (const at of [2, Math.ceil((2 * names.length) / 3)]) {
      rmSync(out, { recursive: true });
      const { ended, text } = await command(args, { root: parent, how: 'ENOSPC', at });
      expect(text, `${at}: ${names[at - 1]}`).toMatch(/Could not .*the disk is full \(ENOSPC\)/s);
      expect(ended).toBe('refused');
      expect(readdirSync(parent)).toEqual([]);
      mkdirSync(out);
    }
    rmSync(record);
  }, 180_000);

  it('a run that has not come to its end says how to finish it', async () => {
    const { path } = await finishedRun(bases.hubert());
    rmSync(join(path, 'adapter'), { recursive: true });
    await expect(exportRun(path, join(scratch(), 'out'), { as })).rejects.toThrow(/milore train --resume/);
  });
});

describe.each(exportForms.filter((as) => as !== 'adapter'))('as %s', (as) => {
  it('a base that is gone, or another one, is said, with the base to give', async () => {
    const out = join(scratch(), 'out');
    const gone = await finishedRun(bases.wav2vec2(), ['adapter.experts=1']);
    rmSync(gone.base, { recursive: true });
    await expect(exportRun(gone.path, out, { as })).rejects.toThrow(/there is no such folder/);
    await expect(exportRun(run.path, out, { as, base: bases['hubert, large style']() })).rejects.toThrow(
      /another base.*Give the base model that it was trained on/s,
    );
    expect(existsSync(out)).toBe(false);
    await exportRun(gone.path, out, { as, base: bases.wav2vec2() });
    expect(existsSync(join(out, 'README.md'))).toBe(true);
  });
});

it('a graph that computes something else is removed before anyone sees it, with how far it is off', async () => {
  const parent = scratch();
  const source = openSource(adapterOfRun(run.path));
  // What our own forward reads has one weight that the graph does not have.
  const weights = new Map([...source.base.weights].map(([name, { shape, data }]) => [name, { shape, data }]));
  const name = 'encoder.layers.1.feed_forward.output_dense.bias';
  weights.set(name, { shape: [64], data: weights.get(name)!.data.map((x, i) => (i === 3 ? x + 0.1 : x)) });
  const file = WeightFile.prepare({ hash: 'e'.repeat(64), weights }, scratch());
  const record = { languages: [], before: [], after: [] };
  await expect(writeOnnx({ ...source, file }, join(parent, 'out'), record, {}, {})).rejects.toThrow(
    /something else than the run's model: \d\.\de-\d of the largest value.*It was removed/s,
  );
  expect(readdirSync(parent)).toEqual([]);
});
