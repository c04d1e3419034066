import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importanceOf, plainly } from '../../../sidecar/learning/importance.ts';
import type { Batch, Learner } from '../../../sidecar/learning/learner.ts';
import { openLearner } from '../../../sidecar/learning/open-learner.ts';
import type { AdapterConfig } from '../../../sidecar/model/config.ts';
import { normals } from '../../../sidecar/random.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { fixtures, loadBase, scratch } from '../../support/reference.ts';
import { throughAStop, weightsOf } from '../../support/through-a-stop.ts';
import { notesOf, tinyRuns } from '../../support/tiny-run.ts';

const base = loadBase(fixtures('hubert_tiny_base'));
const { layers } = base.config;
const mixture: AdapterConfig = {
  kind: 'lora-mixture',
  mixture: {
    experts: Array(layers).fill(2),
    rank: Array(layers).fill(2),
    alpha: 4,
    targets: ['q', 'fc1'],
    // Neither its penalty nor dropout belongs to what is known of speech.
    router: { kind: 'dense', k: 1, share: 'site', balance: 5, zLoss: 1, init: 0.3 },
    init: 0.3,
    dropout: 0.5,
  },
};

/** One clip of noise, with every other frame masked. */
function clip(seed: number, frames: number): Batch {
  const width = base.config.convDim.at(-1)!;
  const masked = Array.from({ length: frames >> 1 }, (_, i) => 2 * i);
  return {
    clips: 1,
    frames,
    speech: { data: normals(frames * width, seed, 'clip'), shape: [frames, width] },
    mask: Float32Array.from({ length: frames }, (_, t) => (t % 2 === 0 ? 1 : 0)).fill(0, 2 * masked.length),
    masked: BigInt64Array.from(masked, BigInt),
    labels: Float32Array.from(masked, (t) => (t * 7 + seed) % 20),
  };
}
const clips = [clip(1, 10), clip(2, 16), clip(3, 24)];
async function* each() {
  yield* clips;
}

describe.each([
  { name: 'a mixture', adapter: mixture },
  { name: 'the whole transformer', adapter: { kind: 'full' } as AdapterConfig },
])('importance for old speech: $name', ({ adapter }) => {
  let learner: Learner;
  let importance: Float32Array;

  beforeAll(async () => {
    const head = { projection: 16, units: 20, temperature: 0.1 };
    const config = plainly({ base: base.config, adapter, head, trainMask: false });
    learner = await openLearner(config, base, WeightFile.prepare(base, scratch()), 1, { device: 'cpu' });
    const moved = normals(learner.parameters.size, 5, 'moved');
    for (let i = 0; i < moved.length; i++) learner.parameters.data[i] += 0.1 * moved[i];
    await learner.push();
    importance = await importanceOf(learner, each());
  });
  afterAll(() => learner.release());

  it('is the mean over clips of the squared derivative, as differences of the loss on held-out frames say', async () => {
    const { parameters } = learner;
    const loss = async (batch: Batch) => (await learner.evaluate(batch)).loss;
    const largest = (name: string) => Math.max(...parameters.view(name, importance));
    const most = Math.max(...parameters.names.map(largest));
    // A key's bias moves no softmax: its derivative is nothing but rounding.
    const names = parameters.names.filter((name) => largest(name) > 1e-4 * most);
    // Some of each kind, where a difference stands out of rounding most.
    for (const name of names.filter((_, i) => i % Math.ceil(names.length / 6) === 0)) {
      const own = parameters.view(name, importance);
      const at = own.indexOf(Math.max(...own));
      const values = parameters.view(name);
      const kept = values[at];
      let squares = 0;
      for (const batch of clips) {
        values[at] = kept + 1e-2;
        const above = await loss(batch);
        values[at] = kept - 1e-2;
        squares += ((above - (await loss(batch))) / 2e-2) ** 2;
        values[at] = kept;
      }
      const expected = squares / clips.length;
      expect(Math.abs(own[at] / expected - 1), `${name}[${at}] ${own[at]} ${expected}`).toBeLessThan(0.02);
    }
    for (const name of parameters.namesOf('head')) expect(Math.max(...parameters.view(name, importance)), name).toBe(0);
  });

  it('pulls as differences of the penalty say, and nowhere once nothing is held', async () => {
    const { parameters } = learner;
    const start = parameters.data.slice();
    const weight = importance.map((x) => 1e3 * x);
    const moved = normals(parameters.size, 6, 'away');
    for (let i = 0; i < moved.length; i++) parameters.data[i] += 0.1 * moved[i];
    await learner.hold({ start, weight });
    await learner.pullToHeld();
    const gradient = await learner.readGradient();
    const sizes = gradient.map(Math.abs);
    for (const at of [sizes.indexOf(Math.max(...sizes)), parameters.size >> 2, parameters.size >> 3]) {
      // Written out in double precision, where the parameter itself is float32.
      const penalty = (shift: number) => {
        let sum = 0;
        for (let i = 0; i < start.length; i++)
          sum += weight[i] * (parameters.data[i] + (i === at ? shift : 0) - start[i]) ** 2;
        return sum / 2;
      };
      expect(penalty(0)).toBeCloseTo(learner.heldPenalty()!, 8);
      expect(gradient[at]).toBeCloseTo((penalty(1e-3) - penalty(-1e-3)) / 2e-3, 4);
    }
    learner.discard();
    await learner.hold();
    await learner.pullToHeld();
    expect(await learner.gradientNorm()).toBe(0);
    expect(learner.heldPenalty()).toBeUndefined();
  });
});

describe('a run that holds what old languages need', () => {
  const { run } = tinyRuns();
  const settings = ['training.ewc.strength=1e5', 'head.warmupSteps=2', 'log.every=1'];

  it.each([['lora-mixture'], ['full']])(
    '%s: goes on from a checkpoint to the bit',
    async (kind) => {
      const all = [...settings, `adapter.kind=${kind}`, 'control=false'];
      const { resumed, whole } = await throughAStop(run, all);
      expect(notesOf(whole)).toMatch(/What eng need.*importance on \d+ clip/);
      expect(weightsOf(resumed)).toBe(weightsOf(whole));
      const penalties = whole.events.flatMap((event) =>
        event.type === 'metrics' ? event.values.filter(({ measure }) => measure === 'ewcPenalty') : [],
      );
      expect(penalties.map(({ arm }) => arm)).toEqual(Array(6).fill('adapted'));
      expect(penalties.at(-1)!.value).toBeGreaterThan(0);
      // Once done nothing goes on from it.
      expect(existsSync(join(whole.result.run.path, 'held'))).toBe(false);
      expect(weightsOf(await run([...all, 'training.ewc.strength=0']))).not.toBe(weightsOf(whole));
    },
    300_000,
  );
});
