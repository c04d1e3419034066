import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Learner } from '../../../sidecar/learning/learner.ts';
import { openLearner } from '../../../sidecar/learning/open-learner.ts';
import { normals } from '../../../sidecar/random.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { fixtures, loadBase, scratch } from '../../support/reference.ts';
import { type TinyRun, tinyRuns } from '../../support/tiny-run.ts';

const STRENGTH = 0.3;

describe('the pull to the start', () => {
  const base = loadBase(fixtures('hubert_tiny_base'));
  let learner: Learner;
  let start: Float32Array;

  beforeAll(async () => {
    const head = { projection: 16, units: 20, temperature: 0.1 };
    const config = { base: base.config, adapter: { kind: 'full' } as const, head, trainMask: false };
    learner = await openLearner(config, base, WeightFile.prepare(base, scratch()), 1, { device: 'cpu' });
    start = learner.parameters.data.slice();
    await learner.anchor();
    const moved = normals(learner.parameters.size, 5, 'moved');
    for (let i = 0; i < moved.length; i++) learner.parameters.data[i] += 0.1 * moved[i];
    await learner.push();
  });
  afterAll(() => learner.release());

  it('agrees with finite differences of the penalty, and leaves the head alone', async () => {
    await learner.pullToAnchor(STRENGTH);
    const gradient = await learner.readGradient();
    const { parameters } = learner;
    // The penalty, written out: half the strength times the squared distance of everything but the head.
    const penalty = (name: string, at: number, shift: number) => {
      const [now, then] = [parameters.view(name), parameters.view(name, start)];
      let sum = 0;
      for (let i = 0; i < now.length; i++) sum += (now[i] + (i === at ? shift : 0) - then[i]) ** 2;
      return (STRENGTH / 2) * sum;
    };
    const base = parameters.namesOf('base');
    expect(base.length).toBeGreaterThan(20);
    for (const name of base) {
      const own = parameters.view(name, gradient);
      for (const at of [0, own.length - 1]) {
        const numeric = (penalty(name, at, 1e-3) - penalty(name, at, -1e-3)) / 2e-3;
        expect(own[at], `${name}[${at}]`).toBeCloseTo(numeric, 6);
      }
    }
    for (const name of parameters.namesOf('head'))
      expect(Math.max(...parameters.view(name, gradient).map(Math.abs)), name).toBe(0);
  });

  it('adds to what has been accumulated, and is in the norm', async () => {
    learner.discard();
    await learner.pullToAnchor(STRENGTH);
    const once = await learner.gradientNorm();
    await learner.pullToAnchor(STRENGTH);
    expect(await learner.gradientNorm()).toBeCloseTo(2 * once, 4);
    learner.discard();
  });
});

it('a run goes on from a checkpoint to the bit: its start is the base, not where it was', async () => {
  const { run } = tinyRuns();
  const pulled = [
    ...['adapter.kind=full', 'head.warmupSteps=2', 'control=false', 'checkpoint.every=2'],
    'training.l2ToStart=10',
  ];
  const weightsOf = ({ result }: TinyRun) =>
    readFileSync(join(result.run.path, 'adapter', 'adapter_model.safetensors')).toString('base64');
  const controller = new AbortController();
  const onEvent = (event: { type: string }) =>
    void (event.type === 'checkpoint' && controller.abort({ code: 'asked' }));
  const stopped = await run(pulled, { signal: controller.signal, onEvent });
  expect(stopped.result.state).toBe('stopped');
  const resumed = await run(pulled, { resume: stopped.result.run.path });
  const whole = await run(pulled);
  expect(weightsOf(resumed)).toBe(weightsOf(whole));
}, 300_000);
