import { beforeAll, describe, expect, it } from 'vitest';
import { ML_SUPERB_AUGMENT } from '../../sidecar/recognition/spec-augment.ts';
import { batch, config, index, opened, tensor } from '../support/downstream.ts';
import { worstDifference } from '../support/npy.ts';
import { requireDriver, turnedOff } from './support/driver.ts';

const { lr, betas, eps: epsilon, weightDecay } = index.adam;

describe.skipIf(turnedOff)('the downstream model on WebGPU', () => {
  beforeAll(requireDriver);

  it('has the CPU’s logits, loss and gradients, dropout and SpecAugment at work, and the reference’s two steps without', async () => {
    const disturbed = { ...config, dropout: 0.1 };
    const training = { augment: { ...ML_SUPERB_AUGMENT, widthMost: 4 } };
    const its = batch();
    const [host, device] = [
      await opened({ device: 'cpu' }, training, disturbed),
      await opened({ device: 'webgpu' }, training, disturbed),
    ];
    const [ours, theirs] = [await device.read(its), await host.read(its)];
    expect(worstDifference(ours.logits, theirs.logits)).toBeLessThan(1e-5);
    const [a, b] = [await device.accumulate(its, 0.5, 1, 2), await host.accumulate(its, 0.5, 1, 2)];
    expect(Math.abs(b.loss - theirs.loss)).toBeGreaterThan(0.01);
    expect(Math.abs(a.loss / b.loss - 1)).toBeLessThan(1e-5);
    const largest = host.gradient.reduce((w, g) => Math.max(w, Math.abs(g)), 0);
    const worst = worstDifference(device.gradient, host.gradient);
    console.log(`gradients: largest difference ${worst.toExponential(1)} of ${largest.toExponential(1)}`);
    expect(worst / largest).toBeLessThan(1e-5);
    await host.release();

    const plain = await opened({ device: 'webgpu' });
    for (const expected of index.losses) {
      const { loss } = await plain.accumulate(its, 1);
      expect(Math.abs(loss / expected - 1)).toBeLessThan(1e-5);
      plain.update(lr, { betas, epsilon, weightDecay, clipNorm: 0 });
    }
    for (const [name] of index.parameters)
      expect(worstDifference(plain.parameters.view(name), tensor('after2', name).data), name).toBeLessThan(2e-5);
    await plain.release();
    await device.release();
  }, 400_000);
});
