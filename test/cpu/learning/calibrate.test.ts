import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { timesFrozen } from '../../../sidecar/engine/ops/frozen.ts';
import { floats } from '../../../sidecar/engine/session.ts';
import type { Value } from '../../../sidecar/engine/value.ts';
import {
  type Calibration,
  calibrate,
  feedsOf,
  PRODUCT_BOUND,
  STEP_BOUND,
  workingParameters,
} from '../../../sidecar/learning/calibrate.ts';
import { closeness } from '../../../sidecar/learning/closeness.ts';
import { HostLearner } from '../../../sidecar/learning/host-learner.ts';
import { batchBindings, batchFeeds } from '../../../sidecar/learning/learner.ts';
import { parameterSpecs, probeGraph } from '../../../sidecar/objectives/learnable.ts';
import { decide, mustCompute, whyNot } from '../../../sidecar/training/prepare/compute.ts';
import { WeightFile } from '../../../sidecar/weights/file.ts';
import { quantise, quantisedMatrix } from '../../../sidecar/weights/quantised.ts';
import { scratch } from '../../support/reference.ts';
import { noiseBatch, tinyBase, tinyConfig } from '../../support/tiny-model.ts';

const LOUD = [3, 17, 40];
/** The tiny base, or one whose norms make a few channels twenty times as loud, as trained ones have them. */
function prepared(loud: boolean) {
  const base = tinyBase();
  if (loud) {
    for (const [name, weight] of base.weights)
      if (name.startsWith('encoder') && name.endsWith('layer_norm.weight')) {
        const data = weight.data.slice();
        for (const channel of LOUD) data[channel] *= 20;
        base.weights.set(name, { ...weight, data });
      }
    base.hash = 'f'.repeat(64);
  }
  const config = tinyConfig(base);
  return { base, config, file: WeightFile.prepare(base, scratch()), batch: noiseBatch(config.base.convDim.at(-1)!) };
}

const said = ({ products }: Calibration, part: string, direction: string) =>
  products.filter(({ projection, direction: way }) => projection.includes(part) && way === direction);

describe('the calibration', () => {
  it('takes 8 bits everywhere on a base whose channels are alike', async () => {
    const { config, file, batch } = prepared(false);
    const found = await calibrate(config, file, batch, 1);
    expect(found.passes).toBe(true);
    expect(found.step.cosine).toBeGreaterThan(STEP_BOUND.cosine);
    expect(found.frames).toBe(180);
    const forward = found.products.filter(({ direction }) => direction === 'forward');
    expect(new Set(forward.map(({ kind }) => kind))).toEqual(new Set(['int8']));
    for (const one of found.products) {
      expect(one.relativeError).toBeLessThanOrEqual(PRODUCT_BOUND[one.direction]);
      // Two vectors apart by e have a cosine of about 1 − e²/2.
      expect(one.cosine).toBeGreaterThan(1 - one.relativeError ** 2);
    }
    // Below the lowest expert nothing is differentiated.
    expect(said(found, 'layers.0.attention', 'backward')).toEqual([]);
  });

  it('says of a product what its numbers say, taken out and compared one by one', async () => {
    const { config, file, batch } = prepared(true);
    const found = await calibrate(config, file, batch, 1);
    const specs = parameterSpecs(config, file.weights);
    const { graph, products } = probeGraph(config, file, specs);
    const some = products.filter(({ projection }) =>
      /layers\.(1|2)\.(attention\.k_proj|feed_forward)/.test(projection),
    );
    expect(new Set(some.map(({ direction }) => direction)).size).toBe(2);
    const outputs: Record<string, Value> = {};
    for (const [i, { projection, direction, left, exact }] of some.entries()) {
      outputs[`exact${i}`] = exact;
      outputs[`ours${i}`] = timesFrozen(left, quantisedMatrix(graph, file, projection, direction, { kind: 'int8' }));
    }
    const session = await file.open(outputs, { device: 'cpu' });
    const feeds = { ...feedsOf(workingParameters(specs, 1)), ...batchFeeds(batch, config) };
    const out = await session.run(feeds, batchBindings(batch));
    for (const [i, { projection, direction }] of some.entries()) {
      const { plain } = said(found, projection, direction)[0];
      const byHand = closeness(floats(out[`ours${i}`]), floats(out[`exact${i}`]));
      expect(Math.abs(plain.relativeError / byHand.relativeError - 1)).toBeLessThan(1e-4);
      expect(plain.cosine).toBeCloseTo(byHand.cosine, 6);
    }
    await session.release();
  });

  it('tells channels that stick out apart, and what it chooses trains as float32 does', async () => {
    const { base, config, file, batch } = prepared(true);
    const plain = await calibrate(prepared(false).config, prepared(false).file, batch, 1);
    const found = await calibrate(config, file, batch, 1);
    const [ours] = said(found, 'layers.1.attention.q_proj', 'forward');
    const [theirs] = said(plain, 'layers.1.attention.q_proj', 'forward');
    expect(ours.plain.relativeError).toBeGreaterThan(1.5 * theirs.plain.relativeError);
    const mended = found.products.filter(({ plain, direction }) => plain.relativeError > PRODUCT_BOUND[direction]);
    expect(mended.length).toBeGreaterThan(3);
    for (const { kind, smoothed, relativeError, direction } of mended) {
      expect(smoothed || kind !== 'int8').toBe(true);
      expect(relativeError).toBeLessThanOrEqual(PRODUCT_BOUND[direction]);
    }
    expect(mended.some(({ smoothed }) => smoothed)).toBe(true);
    expect(found.passes).toBe(true);

    const losses = async (learner: HostLearner) => {
      const all: number[] = [];
      for (let step = 0; step < 12; step++) {
        all.push((await learner.accumulate(batch)).loss);
        const rates = { adapter: 0.01, head: 0.01 };
        await learner.update(rates, { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0, clipNorm: 1 });
      }
      await learner.release();
      return all;
    };
    const products = quantise(file, found.recipe);
    const int8 = await losses(await HostLearner.open(config, base, file, 1, { device: 'cpu' }, undefined, products));
    const exact = await losses(await HostLearner.open(config, base, file, 1, { device: 'cpu' }));
    const learned = exact[0] - exact[11];
    expect(learned).toBeGreaterThan(0.1);
    expect(int8).not.toEqual(exact);
    expect(Math.abs(int8[11] - exact[11])).toBeLessThan(0.1 * learned);
  });

  it('gives the same recipe whenever it is made', async () => {
    const { config, file, batch } = prepared(true);
    expect(await calibrate(config, file, batch, 1)).toEqual(await calibrate(config, file, batch, 1));
  });

  it('leaves what trains out of 8 bits', async () => {
    const { config, file, batch } = prepared(false);
    const found = await calibrate({ ...config, adapter: { kind: 'full' } }, file, batch, 1);
    expect(found.products).toEqual([]);
    expect(decide('int8', found)).toMatchObject({ computes: 'float32' });
  });
});

it('a matrix in 8 bits is believed by its hash, never by its name', async () => {
  const { file } = prepared(false);
  const way = { kind: 'int8' } as const;
  const recipe = { 'encoder.layers.0.attention.q_proj': { forward: way, backward: way } };
  quantise(file, recipe);
  const names = readdirSync(file.folder).filter((name) => name.endsWith('.int8'));
  expect(names).toHaveLength(2);
  const path = join(file.folder, names[0]);
  const sound = readFileSync(path);
  const flipped = Uint8Array.from(sound);
  flipped[100] ^= 1;
  writeFileSync(path, flipped);
  const told: string[] = [];
  quantise(file, recipe, (damaged) => told.push(damaged));
  expect(told).toEqual([path]);
  expect(readFileSync(path).equals(sound)).toBe(true);
});

describe('the decision', () => {
  const way = { kind: 'int8' } as const;
  const recipe = { q: { forward: way, backward: way } };
  const of = (cosine: number, lossNats: number) => {
    const passes = cosine >= STEP_BOUND.cosine && lossNats <= STEP_BOUND.lossNats;
    return { step: { cosine, lossNats }, passes, recipe };
  };
  it('takes 8 bits within the bound, and beyond it only where they were asked for by name', () => {
    expect(decide('auto', of(0.995, 0.001)).computes).toBe('int8');
    expect(decide('auto', of(0.98, 0.001)).computes).toBe('float32');
    expect(decide('auto', of(0.995, 0.03)).computes).toBe('float32');
    expect(decide('int8', of(0.98, 0.02))).toMatchObject({ computes: 'int8', why: expect.stringContaining('0.9800') });
  });
  it('stays in float32 where the processor or the device has no such products', () => {
    expect(whyNot('cpu', { has: true, why: 'avx512_vnni' })).toBeUndefined();
    expect(whyNot('cpu', { has: false, why: 'it has none' })).toBe('it has none');
    expect(whyNot('webgpu', { has: true, why: 'avx512_vnni' })).toBe('it computes on webgpu');
    expect(() => mustCompute({ compute: 'int8' }, 'cuda')).toThrow(/for the CPU alone/);
    expect(() => mustCompute({ compute: 'auto' }, 'webgpu')).not.toThrow();
    expect(() => mustCompute({ compute: 'float32' }, 'webgpu')).not.toThrow();
  });
});
