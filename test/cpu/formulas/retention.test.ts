import { afterAll, describe, expect, it } from 'vitest';
import { floats } from '../../../sidecar/engine/session.ts';
import { type Batch, batchBindings, batchFeeds, type Learner } from '../../../sidecar/learning/learner.ts';
import { openLearner, openLearners } from '../../../sidecar/learning/open-learner.ts';
import { accumulateTogether } from '../../../sidecar/learning/together.ts';
import type { BaseHead } from '../../../sidecar/model/checkpoint/base.ts';
import type { LearnableConfig, RetentionConfig } from '../../../sidecar/model/config.ts';
import { logitsGraph } from '../../../sidecar/objectives/learnable.ts';
import { normals } from '../../../sidecar/random.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { scratch } from '../../support/reference.ts';
import { noiseBatch, tinyBase, tinyConfig } from '../../support/tiny-model.ts';

const base = tinyBase();
const file = WeightFile.prepare(base, scratch());
const { hidden } = base.config;
const UNITS = 20;
const own: BaseHead = {
  projection: 8,
  units: 12,
  temperature: 0.1,
  projectionWeight: normals(8 * hidden, 1, 'weight').map((x) => x / 8),
  projectionBias: normals(8, 1, 'bias'),
  embeddings: normals(12 * 8, 1, 'units'),
};
const plain = noiseBatch(base.config.convDim.at(-1)!, 'retention', 2, 24);
const masked = plain.masked.length;
/** Kept of the first half of the masked frames alone. */
const keptFrames = masked >> 1;
const keptLogits = normals(masked * UNITS, 3, 'kept');
const batch: Batch = {
  ...plain,
  kept: { has: Float32Array.from({ length: masked }, (_, i) => (i < keptFrames ? 1 : 0)), logits: keptLogits },
};

function withShared(): LearnableConfig['adapter'] {
  const { adapter } = tinyConfig(base, ['q', 'fc1']);
  return adapter.kind === 'lora-mixture' ? { ...adapter, mixture: { ...adapter.mixture, shared: 1 } } : adapter;
}

const kinds = {
  mixture: tinyConfig(base, ['q', 'fc1']),
  'a mixture beside a shared expert': { ...tinyConfig(base), adapter: withShared() },
  // With a router in the last block all its frames are heard; here none is.
  full: { ...tinyConfig(base), adapter: { kind: 'full' } as const },
};

async function opened(config: LearnableConfig, retention?: RetentionConfig): Promise<Learner> {
  const learner = await openLearner({ ...config, retention }, base, file, 1, { device: 'cpu' }, own);
  const moved = normals(learner.parameters.size, 5, 'moved');
  for (let i = 0; i < moved.length; i++) learner.parameters.data[i] += 0.1 * moved[i];
  return learner;
}

/** What a model says of the masked frames, by rows. */
async function logitsOf({ config, parameters }: Learner, values: Float32Array): Promise<Float32Array[]> {
  const specs = parameters.names.map((name) => ({ name, shape: parameters.shape(name) }));
  const session = await file.open(logitsGraph(config, file, specs), { device: 'cpu' });
  const feeds = specs.map(({ name, shape }) => [name, { data: parameters.view(name, values), shape }]);
  const out = await session.run({ ...batchFeeds(batch, config), ...Object.fromEntries(feeds) }, batchBindings(batch));
  const flat = floats(out.logits);
  await session.release();
  return Array.from({ length: masked }, (_, i) => flat.slice(i * UNITS, (i + 1) * UNITS));
}

/** The loss's derivative by some of each parameter against its differences; where it is largest, these stand out of rounding. */
async function mustAgreeWithDifferences(learner: Learner): Promise<void> {
  const { parameters } = learner;
  const loss = async () => {
    const { loss: value } = await learner.accumulate(batch);
    learner.discard();
    return value;
  };
  await learner.accumulate(batch);
  const gradient = await learner.readGradient();
  learner.discard();
  const sizes = gradient.map(Math.abs);
  const steep = Math.max(...sizes) / 50;
  const largest = (name: string) => Math.max(...parameters.view(name, sizes));
  const names = parameters.names.filter((name) => largest(name) > steep);
  expect(names.length).toBeGreaterThan(3);
  for (const name of names.filter((_, i) => i % Math.ceil(names.length / 5) === 0)) {
    const values = parameters.view(name);
    const at = parameters.view(name, sizes).indexOf(largest(name));
    const kept = values[at];
    const h = 4e-3;
    values[at] = kept + h;
    const above = await loss();
    values[at] = kept - h;
    const numeric = (above - (await loss())) / (2 * h);
    values[at] = kept;
    expect(Math.abs(parameters.view(name, gradient)[at] / numeric - 1), `${name}[${at}] ${numeric}`).toBeLessThan(0.02);
  }
}

const softmax = (x: Float32Array, temperature: number) => {
  const powers = Array.from(x, (one) => Math.exp(one / temperature));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((one) => one / total);
};

const learners: Learner[] = [];
const kept = async (...args: Parameters<typeof opened>) => {
  const learner = await opened(...args);
  learners.push(learner);
  return learner;
};
afterAll(async () => {
  for (const learner of learners) await learner.release();
});

describe.each(Object.entries(kinds))('Learning without Forgetting, %s', (_, config) => {
  it('the model as a stage found it teaches: the divergence is what the two models’ logits give', async () => {
    const learner = await kept(config, { distil: { weight: 3, temperature: 2, teacher: 'stage' } });
    const start = learner.parameters.data.map((x, i) => x + 0.05 * Math.sin(i));
    await learner.teach(start);
    const [theirs, ours] = [await logitsOf(learner, start), await logitsOf(learner, learner.parameters.data)];
    const expected = theirs.map((row, i) => {
      const [q, p] = [softmax(row, 2), softmax(ours[i], 2)];
      return q.reduce((sum, share, unit) => sum + share * Math.log(share / p[unit]), 0);
    });
    const { loss, perFrame } = await learner.accumulate(batch);
    learner.discard();
    expect(Math.min(...expected)).toBeGreaterThan(1e-3);
    for (const [i, nats] of perFrame.distillation.entries()) expect(nats).toBeCloseTo(expected[i], 4);
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
    const without = await kept(config);
    const plainly = await without.accumulate(batch);
    expect(loss).toBeCloseTo(plainly.loss + 3 * mean(expected), 3);
    await mustAgreeWithDifferences(learner);
  });

  it('the base teaches by its own head: nothing while the model is the base, and by differences where it is not', async () => {
    const learner = await kept(config, { distil: { weight: 2, temperature: 2, teacher: 'base' } });
    await mustAgreeWithDifferences(learner);
    expect(Math.min(...(await learner.accumulate(batch)).perFrame.distillation)).toBeGreaterThan(1e-4);
    const fresh = await openLearner(learner.config, base, file, 1, { device: 'cpu' }, own);
    const { perFrame } = await fresh.accumulate(batch);
    await fresh.release();
    for (const nats of perFrame.distillation) expect(nats).toBeCloseTo(0, 5);
  });
});

it('beside a control each arm computes to the bit what it does alone, with a teacher and kept logits', async () => {
  for (const teacher of ['base', 'stage'] as const) {
    const retention = { distil: { weight: 2, temperature: 2, teacher }, replayed: { weight: 1, labels: 0 } };
    const models = [
      { ...kinds.mixture, retention },
      { ...kinds.mixture, adapter: { kind: 'none' } as const },
    ];
    const options = { device: 'cpu' } as const;
    const together = await openLearners(
      models.map((config) => ({ config, baseHead: own })),
      base,
      file,
      1,
      options,
    );
    const apart = await Promise.all(models.map((config) => openLearner(config, base, file, 1, options, own)));
    learners.push(...together, ...apart);
    for (const learner of [together[0], apart[0]]) {
      await learner.teach(learner.parameters.data.map((x, i) => x + 0.05 * Math.sin(i)));
      const moved = normals(learner.parameters.size, 5, 'moved');
      for (let i = 0; i < moved.length; i++) learner.parameters.data[i] += 0.1 * moved[i];
    }
    const outcomes = await accumulateTogether(together, batch);
    for (const [i, learner] of apart.entries()) {
      expect(outcomes[i]).toEqual(await learner.accumulate(batch));
      expect(await together[i].readGradient()).toEqual(await learner.readGradient());
    }
  }
});

describe('Dark Experience Replay', () => {
  it('takes the squared distance from kept logits, and their labels as often as it is told', async () => {
    const learner = await kept(kinds.mixture, { replayed: { weight: 3, labels: 0.25 } });
    const now = await logitsOf(learner, learner.parameters.data);
    const { loss, perFrame } = await learner.accumulate(batch);
    learner.discard();
    const plainly = await (await kept(kinds.mixture)).accumulate(batch);
    let expected = plainly.loss;
    for (let i = 0; i < masked; i++) {
      const row = keptLogits.subarray(i * UNITS, (i + 1) * UNITS);
      const distance = now[i].reduce((sum, x, unit) => sum + (x - row[unit]) ** 2, 0) / UNITS;
      if (i >= keptFrames) {
        expect(perFrame.logitDistance[i]).toBeNaN();
        continue;
      }
      expect(perFrame.logitDistance[i]).toBeCloseTo(distance, 3);
      expected += (3 * distance + (0.25 - 1) * perFrame.loss[i]) / masked;
    }
    expect(loss).toBeCloseTo(expected, 2);
    await mustAgreeWithDifferences(learner);
  });

  it('is nothing where no logits were kept', async () => {
    const [learner, without] = [
      await kept(kinds.mixture, { replayed: { weight: 3, labels: 0 } }),
      await kept(kinds.mixture),
    ];
    const { loss, perFrame } = await learner.accumulate(plain);
    expect(loss).toBeCloseTo((await without.accumulate(plain)).loss, 6);
    expect(perFrame.logitDistance).toBeUndefined();
  });
});
