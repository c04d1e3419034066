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

interface Case {
  channels: number;
  out: number;
  groups: number;
  kernel: number;
  stride: number;
}

/** A convolution and its gradients: grouped as the positional convolution of a base is, or strided as its front end is. */
async function results({ channels, out: outputs, groups, kernel, stride }: Case, device: DeviceName) {
  const [clips, frames] = [2, 13];
  const time = stride === 1 ? frames : (frames - 1) * stride + kernel;
  const graph = new Graph();
  const shapes = { x: [clips, channels, time], w: [outputs, channels / groups, kernel], b: [outputs] };
  const [x, w, b] = Object.entries(shapes).map(([name, shape]) => graph.input(name, shape));
  const half: [number, number] = [Math.floor(kernel / 2), Math.floor((kernel - 1) / 2)];
  const y = convolution(x, w, b, { pad: stride === 1 ? half : [0, 0], groups, stride, time: frames });
  const [dx, dw, db] = gradients(sum(mul(y, y), [0, 1, 2]), [x, w, b]);
  const { bytes, ...compiled } = compile({ y, dx, dw, db }, device === 'cpu' ? 'cpu' : 'portable');
  const session = await Session.open(bytes, compiled, { device, strict: device !== 'cpu' });
  const size = (shape: readonly number[]) => shape.reduce((a, c) => a * c, 1);
  const feeds = Object.entries(shapes).map(([name, shape]) => [name, { data: normals(size(shape), 1, name), shape }]);
  const out = await session.run(Object.fromEntries(feeds), {});
  await session.release();
  return Object.fromEntries(Object.entries(out).map(([name, tensor]) => [name, floats(tensor)]));
}

async function compare(one: Case) {
  const expected = await results(one, 'cpu');
  const got = await results(one, 'webgpu');
  for (const name of ['y', 'dx', 'dw', 'db']) {
    const scale = expected[name].reduce((w, v) => Math.max(w, Math.abs(v)), 0);
    expect(worstDifference(got[name], expected[name]) / scale, name).toBeLessThan(1e-5);
  }
}

describe.skipIf(turnedOff)('a convolution on WebGPU is the CPU’s', () => {
  beforeAll(requireDriver);

  // First those whose channels a group are no multiple of 4 (or 2), though the channels in all are.
  it.each([
    [56, 4, 10],
    [36, 2, 9],
    [24, 4, 5],
    [28, 4, 5],
    [20, 4, 2],
    [10, 2, 3],
    [16, 8, 4],
    [12, 4, 3],
    [60, 3, 7],
    [33, 11, 16],
    [40, 1, 5],
    [64, 4, 8],
  ])('%d channels in %d groups, kernel %d', (channels, groups, kernel) =>
    compare({ channels, out: channels, groups, kernel, stride: 1 }),
  );

  it.each([
    [1, 10, 13, 7],
    [5, 7, 4, 3],
    [7, 5, 3, 2],
    [6, 9, 2, 2],
    [8, 12, 3, 2],
  ])('from %d to %d channels, kernel %d, stride %d', (channels, out, kernel, stride) =>
    compare({ channels, out, groups: 1, kernel, stride }),
  );
});
