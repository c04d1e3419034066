import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sources } from '../../../sidecar/learning/batch.ts';
import { openLearner } from '../../../sidecar/learning/open-learner.ts';
import type { LearnableConfig } from '../../../sidecar/model/config.ts';
import type { AdamWOptions } from '../../../sidecar/optim/adamw.ts';
import { normals } from '../../../sidecar/random.ts';
import { type Arm, planArms } from '../../../sidecar/training/arms.ts';
import type { MaskedShard } from '../../../sidecar/training/draw.ts';
import { takeStep } from '../../../sidecar/training/step.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { fixtures, loadBase, scratch } from '../../support/reference.ts';

const adam: AdamWOptions = { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.01, clipNorm: 1 };
const rates = { adapter: 1e-3, head: 1e-3 };
const router = { kind: 'dense', k: 2, share: 'site', balance: 0, zLoss: 0, init: 0.02 } as const;

/** A clip's features and units are drawn by its name; the first `masked` frames are masked. */
const shard = (frames: number, ...clips: [hash: string, masked: number][]): MaskedShard => ({
  frames,
  crops: clips.map(([hash, masked]) => {
    return { hash, start: 0, mask: Uint8Array.from({ length: frames }, (_, t) => (t < masked ? 1 : 0)) };
  }),
  languages: clips.map(() => 'eng'),
  masked: clips.map(([, masked]) => masked),
  key: [1],
  seen: [],
});

describe('a step', () => {
  const base = loadBase(fixtures('hubert_tiny_base'));
  const width = base.config.convDim.at(-1)!;
  const sources: Sources = {
    features: {
      width,
      read: (hash, start, frames) => normals(200 * width, hash).subarray(start * width, (start + frames) * width),
    },
    units: (hash) => Uint16Array.from({ length: 200 }, (_, t) => (t * 7 + hash.length) % 20),
  };
  const config: LearnableConfig = {
    base: base.config,
    adapter: {
      kind: 'lora-mixture',
      mixture: { experts: [2, 2, 2], rank: [2, 2, 2], alpha: 4, targets: ['fc1', 'fc2'], router, init: 0.02 },
    },
    head: { projection: 16, units: 20, temperature: 0.1 },
    trainMask: false,
  };
  let arms: Arm[];

  beforeAll(async () => {
    const file = WeightFile.prepare(base, scratch());
    arms = [];
    for (const { name, config: own } of planArms({ control: true }, config))
      arms.push({ name, config: own, learner: await openLearner(own, base, file, 1, { device: 'cpu' }) });
  });
  afterAll(async () => {
    for (const { learner } of arms) await learner.release();
  });

  const numbers = () => arms.map(({ learner }) => learner.parameters.data.slice());

  it('weighs every masked frame alike, however clips were laid into shards', async () => {
    const clips: [string, number][] = [
      ['a', 5],
      ['bb', 40],
    ];
    const gradients = async (shards: MaskedShard[]) => {
      const result = await takeStep(arms, shards, sources, { adapter: 0, head: 0 }, adam);
      if (!result.made) throw new Error(result.reason);
      return result;
    };
    const together = await gradients([shard(50, ...clips)]);
    const apart = await gradients(clips.map((clip) => shard(50, clip)));
    for (const { name } of arms) {
      expect(apart.loss[name]).toBeCloseTo(together.loss[name], 5);
      expect(apart.gradientNorm[name] / together.gradientNorm[name]).toBeCloseTo(1, 4);
    }
  });

  it('is made by every arm', async () => {
    const before = numbers();
    const result = await takeStep(arms, [shard(50, ['a', 20]), shard(30, ['c', 9])], sources, rates, adam);
    expect(result.made).toBe(true);
    for (const [i, now] of numbers().entries()) expect(now).not.toEqual(before[i]);
    expect(arms.map(({ learner }) => learner.optimiser.updates)).toEqual([3, 3]);
  });

  it.each([0, 1])('is made by none where arm %d cannot, and says which and why', async (which) => {
    const { name, learner } = arms[which];
    const kept = learner.parameters.data.slice();
    const embeddings = learner.parameters.view('label_embs');
    embeddings.fill(Number.NaN);
    const before = numbers();
    const updates = arms.map(({ learner }) => learner.optimiser.updates);
    const result = await takeStep(arms, [shard(50, ['a', 20]), shard(30, ['c', 9])], sources, rates, adam);
    expect(result).toEqual({ made: false, arm: name, reason: 'the loss is NaN' });
    expect(numbers()).toEqual(before);
    expect(arms.map(({ learner }) => learner.optimiser.updates)).toEqual(updates);
    learner.parameters.data.set(kept);
    // Nothing of the refused step is left in anyone's gradient.
    const [first] = [await takeStep(arms, [shard(50, ['a', 20])], sources, { adapter: 0, head: 0 }, adam)];
    const again = await takeStep(arms, [shard(50, ['a', 20])], sources, { adapter: 0, head: 0 }, adam);
    expect(again).toEqual(first);
  });

  it('is made by none where a gradient alone is not finite', async () => {
    const { learner } = arms[1];
    const gradientNorm = learner.gradientNorm;
    const kept = numbers();
    learner.gradientNorm = async () => Number.POSITIVE_INFINITY;
    const result = await takeStep(arms, [shard(50, ['a', 20])], sources, rates, adam);
    learner.gradientNorm = gradientNorm;
    expect(result).toEqual({ made: false, arm: 'control', reason: 'the gradient is not finite' });
    expect(numbers()).toEqual(kept);
  });
});
