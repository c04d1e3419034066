/** @file Rules of the 2-D convolution. Its gradients are convolutions too. */
import type { Dim } from '../../shape.ts';
import type { Value } from '../../value.ts';
import type { Convolution2dOptions } from '../convolution-2d.ts';
import { head, reshape, rows, transpose } from '../layout.ts';
import { named, type Op, outputs } from '../op.ts';
import { sum } from '../reduce.ts';

interface Full extends Convolution2dOptions {
  /** Of the weight's gradient: the kernel's entries lie this far apart. */
  dilation?: number;
  pad?: readonly [number, number];
}

/** What no window covers at the end of an axis; a named axis has none. */
function tail(length: Dim, kernel: number, stride: number): number {
  return typeof length === 'number' ? (length - kernel) % stride : 0;
}

function outputSize(x: Value, weight: Value, { stride = 1, dilation = 1, pad = [0, 0], time }: Full): Dim[] {
  return [2, 3].map((axis) => {
    if (axis === 2 && time !== undefined) return time;
    const [length, kernel] = [x.shape[axis], weight.shape[axis]];
    if (typeof length !== 'number' || typeof kernel !== 'number')
      throw new Error('internal: the time axis of this convolution needs a name');
    return Math.floor((length + 2 * pad[axis - 2] - dilation * (kernel - 1) - 1) / stride) + 1;
  });
}

const apply = (x: Value, weight: Value, options: Full) =>
  x.graph.apply('convolution2d', [x, weight], { ...options })[0];

export const convolutions2d: Record<string, Op> = {
  convolution2d: {
    infer: ([x, weight], options) => [{ shape: [x.shape[0], weight.shape[0], ...outputSize(x, weight, options)] }],
    multiplyAdds: ({ inputs: [, weight], outputs: [y] }) => [...y.shape, ...weight!.shape.slice(1)],
    emit(e, node) {
      const { stride = 1, dilation = 1, pad = [0, 0] } = node.attributes as Full;
      const attributes = { strides: [stride, stride], dilations: [dilation, dilation], pads: [...pad, ...pad] };
      e.node('Conv', named(e, node), attributes, outputs(e, node));
    },
    gradient({ inputs: [x, weight, bias], attributes: { stride = 1 } }, [d], needs) {
      return [
        needs(0) ? inputGradient(x!, weight!, d!, stride as number) : undefined,
        needs(1) ? weightGradient(x!, weight!, d!, stride as number) : undefined,
        bias && needs(2) ? reshape(sum(d!, [0, 2, 3]), bias.shape) : undefined,
      ];
    },
    examples: [
      { shapes: [[2, 1, 7, 6], [3, 1, 3, 3], [3]], attributes: { stride: 2 } },
      {
        shapes: [
          [2, 2, 8, 8],
          [2, 2, 3, 2],
        ],
        attributes: { stride: 2 },
      },
      { shapes: [[2, 3, 5, 4], [2, 3, 3, 3], [2]] },
    ],
  },
  /** The gradient of a strided convolution by its input, a tail that no window covers included. */
  convolution2dTranspose: {
    infer: (_, { like }) => [{ shape: like as Dim[] }],
    multiplyAdds: ({ inputs: [d, weight] }) => [...d!.shape, ...weight!.shape.slice(1)],
    emit(e, node) {
      const { stride, like } = node.attributes as { stride: number; like: Dim[] };
      const kernel = node.inputs[1]!.shape.slice(2) as number[];
      const beyond = kernel.map((size, i) => tail(like[2 + i], size, stride));
      const attributes = { strides: [stride, stride], output_padding: beyond };
      e.node('ConvTranspose', named(e, node), attributes, outputs(e, node));
    },
    gradient: null, // appears only in backward passes
    examples: [],
  },
};

/** dX[i, t, w] = Σ over o, k, l of dY[o, t − k, w − l]·W[o, i, k, l]: at stride 1 dY by W turned around, channels exchanged. */
function inputGradient(x: Value, weight: Value, d: Value, stride: number): Value {
  const { graph } = x;
  if (stride !== 1) return graph.apply('convolution2dTranspose', [d, weight], { stride, like: x.shape })[0];
  const [out, channels, k, l] = weight.shape as number[];
  const byPlace = reshape(transpose(weight, [2, 3, 0, 1]), [k * l, out * channels]);
  const backwards = BigInt64Array.from({ length: k * l }, (_, i) => BigInt(k * l - 1 - i));
  const turned = rows(byPlace, graph.constant(backwards, [k * l, 1]));
  const kernel = transpose(reshape(turned, [k, l, out, channels]), [3, 2, 0, 1]);
  return apply(d, kernel, { pad: [k - 1, l - 1], time: x.shape[2] });
}

/** dW[o, i, k, l] = Σ over batch and places of dY[o, t, w]·X[i, t·stride + k, w·stride + l]: batch and channels exchanged, and stride and dilation. */
function weightGradient(x: Value, weight: Value, d: Value, stride: number): Value {
  const [k, l] = weight.shape.slice(2) as number[];
  const exchanged = (value: Value) => transpose(value, [1, 0, 2, 3]);
  const time = k + tail(x.shape[2], k, stride);
  const result = exchanged(apply(exchanged(x), exchanged(d), { dilation: stride, time }));
  const flipped = [0, 1, 3, 2];
  return transpose(head(transpose(head(result, l), flipped), k), flipped);
}
