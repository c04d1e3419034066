import { describe, expect, it } from 'vitest';
import { dropoutMask } from '../../../sidecar/learning/dropout.ts';
import { fits } from '../../../sidecar/recognition/batch.ts';
import type { Recogniser } from '../../../sidecar/recognition/recogniser.ts';
import { ML_SUPERB_AUGMENT } from '../../../sidecar/recognition/spec-augment.ts';
import { batch, clips, config, opened } from '../../support/downstream.ts';
import { worstDifference } from '../../support/npy.ts';

const disturbed = { ...config, dropout: 0.1 };
const training = { augment: { ...ML_SUPERB_AUGMENT, widthMost: 4 } };
const KEY = [7, 'step', 3] as const;

/** The step's loss where parameters are moved by `by` along `direction`. */
async function lossAt(recogniser: Recogniser, direction: Float32Array, by: number): Promise<number> {
  const before = recogniser.parameters.data.slice();
  recogniser.parameters.data.forEach((x, i, all) => {
    all[i] = x + by * direction[i];
  });
  const { costs } = await recogniser.accumulate(batch(), 0, ...KEY);
  recogniser.parameters.data.set(before);
  return costs.reduce((a, b) => a + b, 0) / costs.length;
}

describe('the downstream model in training', () => {
  it('has the gradient that finite differences have, dropout and SpecAugment at work, for every parameter', async () => {
    const recogniser = await opened({ device: 'cpu' }, training, disturbed);
    const { loss } = await recogniser.accumulate(batch(), 1, ...KEY);
    const exact = recogniser.gradient.slice();
    recogniser.gradient.fill(0);
    expect(loss).toBeCloseTo(await lossAt(recogniser, exact, 0), 5);
    for (const name of recogniser.parameters.names) {
      // Along its own gradient, scaled to length 1, the slope is the gradient's length.
      const own = recogniser.parameters.view(name, exact);
      const length = Math.sqrt(own.reduce((sum, g) => sum + g * g, 0));
      if (name.endsWith('att.k.bias')) {
        expect(length, name).toBe(0);
        continue;
      }
      const direction = new Float32Array(exact.length);
      recogniser.parameters.view(name, direction).set(own.map((g) => g / length));
      const step = 2e-3;
      const slope =
        ((await lossAt(recogniser, direction, step)) - (await lossAt(recogniser, direction, -step))) / (2 * step);
      // float32 leaves 1e-6 of a loss of 34, and a ReLU may turn within a step.
      expect(Math.abs(slope - length), name).toBeLessThan(0.01 + 0.01 * length);
    }
    await recogniser.release();
  });

  it.each([
    ['dropout', disturbed, {}],
    ['SpecAugment', config, training],
  ] as const)('draws %s by key: the same key repeats a step bit for bit, another does not', async (_, own, how) => {
    const recogniser = await opened({ device: 'cpu' }, how, own);
    const step = async (...key: (string | number)[]) => {
      await recogniser.accumulate(batch(), 1, ...key);
      const gradient = recogniser.gradient.slice();
      recogniser.gradient.fill(0);
      return gradient;
    };
    const first = await step(...KEY);
    expect(worstDifference(await step(7, 'step', 4), first)).toBeGreaterThan(1e-3);
    expect(worstDifference(await step(...KEY), first)).toBe(0);
    await recogniser.release();
  });

  it('weighs a clip whose text does not fit its frames with nothing, and says which', async () => {
    const recogniser = await opened({ device: 'cpu' });
    const [one, two, three] = clips();
    const long = { ...two, target: Array(config.vocabulary * 3).fill(1) };
    expect([one, long, three].map(fits)).toEqual([true, false, true]);
    const its = batch([one, long, three]);
    expect(its.impossible).toEqual([two.id]);
    const { loss, costs } = await recogniser.accumulate(its, 1);
    expect(loss).toBeCloseTo((costs[0] + costs[2]) / 3, 4);
    const got = recogniser.gradient.slice();
    recogniser.gradient.fill(0);
    await recogniser.accumulate(batch([one, three]), 2 / 3);
    expect(worstDifference(got, recogniser.gradient)).toBeLessThan(1e-5);
    await recogniser.release();
  });

  it('leaves out the share that dropout names and keeps the mean', () => {
    const kept = dropoutMask(40_000, 0.1, 'any');
    const zeros = kept.filter((x) => x === 0).length / kept.length;
    expect(Math.abs(zeros - 0.1)).toBeLessThan(0.01);
    expect(Math.abs(kept.reduce((a, b) => a + b, 0) / kept.length - 1)).toBeLessThan(0.01);
  });
});
