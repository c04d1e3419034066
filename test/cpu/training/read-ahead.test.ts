/** A batch that was read ahead is the one that would have been read in its turn, whatever is kept, stopped and measured. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createSampler } from '../../../sidecar/corpus/index.ts';
import { ReadAhead } from '../../../sidecar/training/read-ahead.ts';
import { tinyWorkspace } from '../../support/tiny.ts';

const { root, experiment } = tinyWorkspace('');
afterAll(() => rmSync(root, { recursive: true }));
const milore = resolve('dist/milore.js');

/** Adapter and story of a training by the built program. */
function train(kind: string, helpers: number) {
  const runs = join(root, '.milore', 'runs');
  rmSync(runs, { recursive: true, force: true });
  const sets = [
    'training.steps=5',
    'evaluation.every=3',
    'log.every=1',
    'checkpoint.every=2',
    'evaluation.probes=false',
  ];
  const args = [...sets, `cache.features=${kind}`, 'units.iterations=5', 'head.warmupSteps=2'].flatMap((set) => [
    '--set',
    set,
  ]);
  const { status, stderr } = spawnSync(
    process.execPath,
    [milore, 'train', experiment, '--json', '--device', 'cpu', ...args],
    {
      encoding: 'utf8',
      env: { ...process.env, MILORE_HELPERS: String(helpers), MILORE_THREADS: '1' },
    },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const run = join(runs, readdirSync(runs)[0]);
  const lines = (name: string) =>
    readFileSync(join(run, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const story = lines('log.jsonl')
    .filter(({ type }) => ['sampling', 'evaluation'].includes(type))
    .map(({ time: _, seq: __, ...event }) => event);
  const batches = lines('batches.jsonl').map(({ step, seen }) => ({ step, seen }));
  const progress = (step: string) => readFileSync(join(run, 'checkpoints', step, 'progress.json'), 'utf8');
  const steps = readdirSync(join(run, 'checkpoints'));
  const state = JSON.stringify(steps.map((step) => JSON.parse(progress(step)).sampler));
  return {
    adapter: readFileSync(join(run, 'adapter', 'adapter_model.safetensors')).toString('base64'),
    story,
    batches,
    state,
  };
}

describe.skipIf(!existsSync(milore))('the next batch, read while a step runs (needs `npm run build`)', () => {
  it.each(['float16', 'none'])(
    'changes nothing where %s is kept: batches, checkpoints, measurements, adapter',
    (kind) => {
      const alone = train(kind, 0);
      expect(alone.batches).toHaveLength(5);
      expect(train(kind, 2)).toEqual(alone);
    },
    240_000,
  );
});

it('a draw is counted with its own step, and never skipped', () => {
  const clips = Array.from({ length: 9 }, (_, i) => ({ id: `c${i}`, hash: `h${i}`, language: 'fin', frames: 60 + i }));
  const options = { replayFraction: 0, samplingExponent: 1, batchFrames: 120, seed: 1 };
  const sampler = () => createSampler({ clips, languages: [{ code: 'fin', role: 'new', weight: 1 }], ...options });
  const [one, other] = [sampler(), sampler()];
  const fetched: string[] = [];
  const features = {
    width: 1,
    read: () => new Float32Array(0),
    async fetch(crops: readonly { hash: string }[]) {
      fetched.push(...crops.map(({ hash }) => hash));
      return [];
    },
  };
  const draw = (step: number) =>
    one.next(step - 1).map(({ frames, crops }) => {
      const named = crops.map(({ clip, start }) => ({ hash: clips[clip].hash, start, mask: new Uint8Array(frames) }));
      return { frames, crops: named, languages: [], masked: [], key: [], seen: [] };
    });
  const ahead = new ReadAhead(draw, one, { features, units: () => new Uint16Array(0) });
  for (let step = 1; step <= 6; step++) {
    const { shards, sampler: state } = ahead.take(step);
    // In its turn, without reading ahead.
    const expected = other.next(step - 1).flatMap(({ crops }) => crops.map(({ clip }) => clips[clip].hash));
    expect(shards.flatMap(({ crops }) => crops.map(({ hash }) => hash))).toEqual(expected);
    expect(state).toEqual(other.state());
    if (step === 3) continue; // As at a measurement.
    fetched.length = 0;
    ahead.begin(step + 1);
    expect(fetched.length).toBeGreaterThan(0);
  }
});
