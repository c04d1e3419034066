import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../sidecar/engine/compile.ts';
import { gradients } from '../../sidecar/engine/gradient.ts';
import { Graph } from '../../sidecar/engine/graph.ts';
import { convolution2d } from '../../sidecar/engine/ops/convolution-2d.ts';
import { mul, relu } from '../../sidecar/engine/ops/elementwise.ts';
import { sum } from '../../sidecar/engine/ops/reduce.ts';
import { type DeviceName, floats, Session } from '../../sidecar/engine/session.ts';
import { normals } from '../../sidecar/random.ts';
import { worstDifference } from '../support/npy.ts';
import { requireDriver, turnedOff } from './support/driver.ts';

interface Case {
  channels: number;
  out: number;
  stride: number;
  time: number;
  width: number;
}

/** A convolution, ReLU and its gradients, as the downstream model has them. */
async function results({ channels, out: outputs, stride, time, width }: Case, device: DeviceName) {
  const clips = 2;
  const graph = new Graph();
  const shapes = { x: [clips, channels, time, width], w: [outputs, channels, 3, 3], b: [outputs] };
  const [x, w, b] = Object.entries(shapes).map(([name, shape]) => graph.input(name, shape));
  const y = relu(convolution2d(x, w, b, { stride }));
  const [dx, dw, db] = gradients(sum(mul(y, y), [0, 1, 2, 3]), [x, w, b]);
  const { bytes, ...compiled } = compile({ y, dx, dw, db }, device === 'cpu' ? 'cpu' : 'portable');
  const session = await Session.open(bytes, compiled, { device, strict: device !== 'cpu' });
  const size = (shape: readonly number[]) => shape.reduce((a, c) => a * c, 1);
  const feeds = Object.entries(shapes).map(([name, shape]) => [name, { data: normals(size(shape), 1, name), shape }]);
  const out = await session.run(Object.fromEntries(feeds), {});
  await session.release();
  return Object.fromEntries(Object.entries(out).map(([name, tensor]) => [name, floats(tensor)]));
}

describe.skipIf(turnedOff)('a 2-D convolution on WebGPU is the CPU’s', () => {
  beforeAll(requireDriver);

  it.each([
    [1, 16, 2, 21, 12],
    [1, 8, 2, 22, 80],
    [1, 6, 2, 9, 7],
    [16, 16, 1, 10, 5],
    [8, 8, 1, 11, 39],
    [5, 7, 1, 6, 6],
    [3, 4, 2, 8, 9],
  ])('from %d to %d channels, stride %d, %d × %d', async (channels, out, stride, time, width) => {
    const one = { channels, out, stride, time, width };
    const expected = await results(one, 'cpu');
    const got = await results(one, 'webgpu');
    for (const name of ['y', 'dx', 'dw', 'db']) {
      const scale = expected[name].reduce((w, v) => Math.max(w, Math.abs(v)), 0);
      expect(worstDifference(got[name], expected[name]) / scale, name).toBeLessThan(1e-5);
    }
  });
});
