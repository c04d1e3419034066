import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listRuns, type RunDir } from '../../../sidecar/runs/run.ts';
import { progressOf } from '../../../sidecar/studies/progress.ts';
import { few, tinySweep, trainOne } from '../../support/tiny-sweep.ts';

const batchesOf = (run: RunDir) =>
  readFileSync(join(run.path, 'batches.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ step, seen }) => ({ step, seen }));

const filesOf = (run: RunDir, folder: string) =>
  Object.fromEntries(
    readdirSync(join(run.path, folder)).map((name) => [
      name,
      readFileSync(join(run.path, folder, name)).toString('base64'),
    ]),
  );

const states = (progress: ReturnType<typeof progressOf>) => progress.points.map(({ state }) => state);

describe('a sweep', async () => {
  const sweep = tinySweep(`${few}  points: { small: { adapter.rank: 1 }, large: { adapter.rank: 2 } }\n  seeds: 2\n`);
  const study = await sweep.load();

  it('trains each point once, from one cache, with the same batches in the same order', async () => {
    expect(states(progressOf(study))).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
    const cached = () =>
      readdirSync(join(sweep.root, '.milore', 'cache'), { recursive: true })
        .map(String)
        .filter((name) => !name.startsWith('graphs'))
        .sort();
    await trainOne(study, 0);
    const first = cached();
    for (const { index } of study.points.slice(1)) expect((await trainOne(study, index)).kind).toBe('trained');
    expect(cached()).toEqual(first);
    const progress = progressOf(study);
    expect(states(progress)).toEqual(['done', 'done', 'done', 'done']);
    for (const { index } of study.points) expect((await trainOne(study, index)).kind).toBe('already done');
    expect(listRuns(sweep.root).runs).toHaveLength(4);
    const [small1, small2, large1, large2] = progress.points.map(({ run }) => batchesOf(run!));
    expect(small1.length).toBeGreaterThanOrEqual(4);
    expect(large1).toEqual(small1);
    expect(large2).toEqual(small2);
    expect(small2).not.toEqual(small1);
  });

  it('a run knows its sweep, point and seed', () => {
    const { study: about } = listRuns(sweep.root).runs.at(-1)!;
    expect(about).toMatchObject({ sweep: 'tiny.sweep.milore.yaml', point: 'large', seed: 4 });
    expect(about?.settings).toMatchObject({ 'adapter.rank': 2, 'training.steps': 4 });
    expect(about?.identity).toMatch(/^[0-9a-f]{32}$/);
  });

  it('a changed file says which runs are stale, and by which key; a renamed point is the same point', async () => {
    sweep.change('large: { adapter.rank: 2 }', 'bigger: { adapter.rank: 2 }');
    expect(states(progressOf(await sweep.load()))).toEqual(['done', 'done', 'done', 'done']);
    sweep.change('small: { adapter.rank: 1 }', 'small: { adapter.rank: 3 }');
    const { points, stale } = progressOf(await sweep.load());
    expect(points.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'done', 'done']);
    expect(stale.map(({ run, changed }) => [run.study?.seed, changed])).toEqual([
      [3, [{ key: 'adapter.rank', before: 1, after: 3 }]],
      [4, [{ key: 'adapter.rank', before: 1, after: 3 }]],
    ]);
  });
});

it('a point that was interrupted goes on to the same bits, and a process that is at it keeps others out', async () => {
  const settings = `${few}  points: { a: {} }\n`;
  const whole = await tinySweep(settings).load();
  const stopped = await tinySweep(settings).load();
  await trainOne(whole, 0);
  const controller = new AbortController();
  const first = await trainOne(stopped, 0, {
    signal: controller.signal,
    onEvent: (event) => event.type === 'checkpoint' && controller.abort({ code: 'asked' }),
  });
  expect(first).toMatchObject({ kind: 'trained', result: { state: 'stopped' } });
  expect(progressOf(stopped).points[0]).toMatchObject({ state: 'interrupted' });
  const going = trainOne(stopped, 0);
  await expect(trainOne(stopped, 0)).rejects.toMatchObject({ problems: [{ code: 'runs.busy' }] });
  expect(await going).toMatchObject({ kind: 'trained', result: { state: 'done' } });
  const [a, b] = [whole, stopped].map((study) => progressOf(study).points[0].run!);
  expect(filesOf(b, 'adapter')['adapter_model.safetensors']).toBe(filesOf(a, 'adapter')['adapter_model.safetensors']);
  expect(listRuns(stopped.root).runs).toHaveLength(1);
});
