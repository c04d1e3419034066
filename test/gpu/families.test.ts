import { beforeAll, describe, expect, it } from 'vitest';
import { DeviceLearner } from '../../sidecar/learning/device-learner.ts';
import { HostLearner } from '../../sidecar/learning/host-learner.ts';
import { everywhere, openFamily } from '../support/families.ts';
import { worstDifference } from '../support/npy.ts';
import { requireDriver, turnedOff } from './support/driver.ts';

describe.skipIf(turnedOff)('a training step of other families on WebGPU', () => {
  beforeAll(requireDriver);

  for (const style of ['wavlm/base', 'wavlm/large', 'data2vec/base'])
    for (const adapter of style.startsWith('data2vec')
      ? [everywhere(style)]
      : [everywhere(style), { kind: 'full' } as const])
      it(`has the CPU’s gradients within 1e-5: ${style}, ${adapter.kind}, every node on the device`, async () => {
        const host = await openFamily(HostLearner, style, adapter, true);
        const device = await openFamily(DeviceLearner, style, adapter, true, { device: 'webgpu', strict: true });
        const [theirs, ours] = [
          await host.learner.accumulate(host.batch),
          await device.learner.accumulate(device.batch),
        ];
        expect(Math.abs(ours.loss - theirs.loss)).toBeLessThan(1e-5);
        const gradient = await device.learner.readGradient();
        let worst = 0;
        for (const name of host.learner.parameters.names) {
          const expected = host.learner.parameters.view(name, host.learner.gradient);
          const difference = worstDifference(device.learner.parameters.view(name, gradient), expected);
          expect(difference, name).toBeLessThan(1e-5);
          worst = Math.max(worst, difference);
        }
        process.stdout.write(`    ${style}, ${adapter.kind}: largest difference ${worst.toExponential(1)}\n`);
        await host.learner.release();
        await device.learner.release();
      });
});
