import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Recogniser } from '../../../sidecar/recognition/recogniser.ts';
import { batch, clips, config, index, logits, opened, tensor } from '../../support/downstream.ts';
import { worstDifference } from '../../support/npy.ts';

const { lr, betas, eps: epsilon, weightDecay } = index.adam;
const adam = { betas, epsilon, weightDecay, clipNorm: 0 };
const figures: string[] = [];
const note = (what: string, worst: number) => figures.push(`${what} ${worst.toExponential(1)}`);

describe('ML-SUPERB’s downstream model', () => {
  let recogniser: Recogniser;
  beforeAll(async () => {
    recogniser = await opened({ device: 'cpu' });
  });
  afterAll(async () => {
    console.log(figures.join(', '));
    await recogniser.release();
  });

  it('has the reference’s parameters, every one in its shape and no other', () => {
    const { parameters } = recogniser;
    expect(parameters.names.map((name) => [name, [...parameters.shape(name)]])).toEqual(index.parameters);
  });

  it('has the reference’s lengths, logits, loss and cost of every clip', async () => {
    const its = batch();
    expect(its.lengths).toEqual(index.outputLengths);
    const { loss, costs, logits: got } = await recogniser.read(its);
    const expected = logits();
    const [count, frames, vocabulary] = expected.shape;
    let worst = 0;
    for (let b = 0; b < count; b++) {
      const own = (data: Float32Array, every: number) =>
        data.subarray(b * every * vocabulary, (b * every + its.lengths[b]) * vocabulary);
      worst = Math.max(worst, worstDifference(own(got, its.bindings.L), own(expected.data, frames)));
    }
    note('logits', worst);
    expect(worst).toBeLessThan(2e-5);
    note('loss (relative)', Math.abs(loss / index.loss - 1));
    expect(Math.abs(loss / index.loss - 1)).toBeLessThan(1e-5);
    index.perUtterance.forEach((cost, b) => {
      expect(Math.abs(costs[b] / cost - 1)).toBeLessThan(1e-5);
    });
  });

  it('gives a clip alone the logits that it has in the batch', async () => {
    const together = await recogniser.read(batch());
    const its = batch();
    for (const [b, clip] of clips().entries()) {
      const alone = await recogniser.read(batch([clip]));
      const size = its.lengths[b] * config.vocabulary;
      const start = b * its.bindings.L * config.vocabulary;
      const same = worstDifference(alone.logits.subarray(0, size), together.logits.subarray(start, start + size));
      expect(same).toBeLessThan(1e-5);
    }
  });

  it('has every gradient of the reference', async () => {
    const { loss } = await recogniser.accumulate(batch(), 1);
    expect(Math.abs(loss / index.losses[0] - 1)).toBeLessThan(1e-5);
    let worst = 0;
    for (const [name] of index.parameters) {
      const got = recogniser.parameters.view(name, recogniser.gradient);
      const { data } = tensor('grad', name);
      expect(got.length).toBe(data.length);
      data.forEach((g, i) => {
        if (Math.abs(got[i] - g) > 1e-5 + 1e-4 * Math.abs(g)) expect.fail(`${name}[${i}]: ${got[i]}, expected ${g}`);
      });
      worst = Math.max(worst, worstDifference(got, data));
    }
    note('gradients', worst);
    recogniser.gradient.fill(0);
  });

  it('makes the reference’s two Adam steps', async () => {
    for (const expected of index.losses) {
      const { loss } = await recogniser.accumulate(batch(), 1);
      expect(Math.abs(loss / expected - 1)).toBeLessThan(1e-5);
      expect(recogniser.update(lr, adam)).toBeGreaterThan(0);
    }
    let worst = 0;
    for (const [name] of index.parameters) {
      const difference = worstDifference(recogniser.parameters.view(name), tensor('after2', name).data);
      expect(difference, name).toBeLessThan(2e-5);
      worst = Math.max(worst, difference);
    }
    note('after two steps', worst);
  });
});
