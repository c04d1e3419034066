import { describe, expect, it } from 'vitest';
import { HostLearner } from '../../../sidecar/learning/host-learner.ts';
import { openSafetensors } from '../../../sidecar/model/checkpoint/safetensors.ts';
import { bucketOf } from '../../../sidecar/model/families/wavlm.ts';
import { everywhere, indexOf, openFamily } from '../../support/families.ts';
import { npy, worstDifference } from '../../support/npy.ts';
import { forward, loadBase, ownFixtures } from '../../support/reference.ts';

describe.each(['wavlm/base', 'wavlm/large', 'data2vec/base'])('%s', (style) => {
  const at = (name: string) => ownFixtures(style, name);
  const index = indexOf(style);
  const wave = npy(at('input_values.npy'));
  const [clips] = wave.shape;

  it('computes the reference’s hidden states from a Hugging Face folder', async () => {
    const base = loadBase(at('.'));
    const own = style.startsWith('wavlm')
      ? { family: 'wavlm', buckets: 16, maxDistance: 12 }
      : { family: 'data2vec-audio', posLayers: 5, posKernel: 7 };
    expect(base.config).toMatchObject(own);
    expect(base.ignored).toEqual([]);
    const got = await forward(base, wave.data, undefined, clips);
    const states = npy(at('hidden_states.npy'));
    const each = states.data.length / states.shape[0];
    expect(got.hidden.length).toBe(states.shape[0]);
    const worst = got.hidden.map((state, i) => worstDifference(state, states.data.subarray(i * each, (i + 1) * each)));
    expect(Math.max(...worst)).toBeLessThan(5e-5);
    expect(worst.at(-1)).toBeLessThan(2e-5);
    console.info(`${style}: hidden ${Math.max(...worst)}, last ${worst.at(-1)}`);
  });

  function expectGradient(got: Float32Array, reference: Float32Array, name: string): number {
    expect(got.length, name).toBe(reference.length);
    let worst = 0;
    reference.forEach((g, i) => {
      const off = Math.abs(got[i] - g);
      if (off > 1e-5 + 1e-4 * Math.abs(g)) expect.fail(`${name}[${i}]: ${got[i]}, expected ${g}`);
      worst = Math.max(worst, off);
    });
    return worst;
  }

  it('has the reference’s loss and gradients with experts on all six projections', async () => {
    const { learner: one, batch } = await openFamily(HostLearner, style, everywhere(style), true);
    const { loss } = await one.accumulate(batch);
    expect(Math.abs(loss - index.loss)).toBeLessThan(1e-5);
    const step = openSafetensors(at('adapter_step.safetensors'));
    const expected = step.names().filter((name) => name.startsWith('grad.'));
    expect(expected.map((name) => name.slice(5)).sort()).toEqual([...one.parameters.names].sort());
    const worst = expected.map((name) =>
      expectGradient(one.parameters.view(name.slice(5), one.gradient), step.float32(name), name),
    );
    console.info(`${style}: loss ${Math.abs(loss - index.loss)}, gradients ${Math.max(...worst)}`);
    step.close();
    await one.release();
  });

  it.runIf(index.full_loss !== undefined)(
    'has the reference’s gradients by the gates and the buckets where the transformer itself trains',
    async () => {
      const { learner: one, batch } = await openFamily(HostLearner, style, { kind: 'full' }, false);
      const { loss } = await one.accumulate(batch);
      expect(Math.abs(loss - index.full_loss)).toBeLessThan(1e-5);
      const step = openSafetensors(at('full_step.safetensors'));
      const names = step.names();
      expect(names.length).toBe(3 * 3 + 1);
      const worst = names.map((name) =>
        expectGradient(one.parameters.view(name, one.gradient), step.float32(name), name),
      );
      console.info(`${style}: full loss ${Math.abs(loss - index.full_loss)}, gradients ${Math.max(...worst)}`);
      step.close();
      await one.release();
    },
  );
});

it('puts distances into the buckets of the paper: exact, then logarithmic, then the last, ahead in the second half', () => {
  const config = { buckets: 320, maxDistance: 800 };
  const bucket = (distance: number) => bucketOf(config, distance);
  expect([0, -1, -79, 1, 79].map(bucket)).toEqual([0, 1, 79, 161, 239]);
  // 80 + 80·log(d/80)/log(10): whole at 80 and 800, and at none between.
  expect([-80, -81, -82, -253, -799, -800, -801, -5000].map(bucket)).toEqual([80, 80, 80, 120, 159, 159, 159, 159]);
  expect([80, 253, 800, 5000].map(bucket)).toEqual([240, 280, 319, 319]);
});
