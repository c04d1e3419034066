import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../sidecar/engine/compile.ts';
import { gradients } from '../../sidecar/engine/gradient.ts';
import { Graph } from '../../sidecar/engine/graph.ts';
import { convolution } from '../../sidecar/engine/ops/convolution.ts';
import { mul } from '../../sidecar/engine/ops/elementwise.ts';
import { sum } from '../../sidecar/engine/ops/reduce.ts';
import { type DeviceName, floats, Session } from '../../sidecar/engine/session.ts';
import { normals } from '../../sidecar/random.ts';
import { worstDifference } from '../support/npy.ts';
import { requireDriver, turnedOff } from './support/driver.ts';

/** A grouped convolution and its gradients, as the positional convolution of a base has them. */
async function results(channels: number, groups: number, kernel: number, device: DeviceName) {
  const [clips, time] = [2, 13];
  const graph = new Graph();
  const shapes = { x: [clips, channels, time], w: [channels, channels / groups, kernel], b: [channels] };
  const [x, w, b] = Object.entries(shapes).map(([name, shape]) => graph.input(name, shape));
  const pad: [number, number] = [Math.floor(kernel / 2), Math.floor((kernel - 1) / 2)];
  const y = convolution(x, w, b, { pad, groups, time });
  const [dx, dw, db] = gradients(sum(mul(y, y), [0, 1, 2]), [x, w, b]);
  const { bytes, ...compiled } = compile({ y, dx, dw, db }, device === 'cpu' ? 'cpu' : 'portable');
  const session = await Session.open(bytes, compiled, { device, strict: device !== 'cpu' });
  const size = (shape: readonly number[]) => shape.reduce((a, c) => a * c, 1);
  const feeds = Object.entries(shapes).map(([name, shape]) => [name, { data: normals(size(shape), 1, name), shape }]);
  const out = await session.run(Object.fromEntries(feeds), {});
  await session.release();
  return Object.fromEntries(Object.entries(out).map(([name, tensor]) => [name, floats(tensor)]));
}

describe.skipIf(turnedOff)('a grouped convolution on WebGPU', () => {
  beforeAll(requireDriver);

  // Channels a group that are no multiple of 4 beside channels in all that are: 14, 18, 2, 6, 3, 7, 5.
  const odd = [
    [56, 4, 10],
    [36, 2, 9],
    [16, 8, 4],
    [24, 4, 5],
    [12, 4, 3],
    [28, 4, 5],
    [20, 4, 2],
  ] as const;
  const even = [
    [60, 3, 7],
    [33, 11, 16],
    [40, 1, 5],
    [64, 4, 8],
    [10, 2, 3],
  ] as const;
  for (const [channels, groups, kernel] of [...odd, ...even])
    it(`is the CPU’s: ${channels} channels in ${groups} groups, kernel ${kernel}`, async () => {
      const expected = await results(channels, groups, kernel, 'cpu');
      const got = await results(channels, groups, kernel, 'webgpu');
      for (const name of ['y', 'dx', 'dw', 'db']) {
        const scale = expected[name].reduce((w, v) => Math.max(w, Math.abs(v)), 0);
        expect(worstDifference(got[name], expected[name]) / scale, name).toBeLessThan(1e-5);
      }
    });
});
