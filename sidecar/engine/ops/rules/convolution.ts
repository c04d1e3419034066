/** @file Rules of the 1-D convolution. Its gradients are convolutions too. */
import { type Dim, product } from '../../shape.ts';
import type { Value } from '../../value.ts';
import { type ConvolutionOptions, convolution } from '../convolution.ts';
import { head, reshape, rows, transpose } from '../layout.ts';
import { named, type Op, outputs } from '../op.ts';
import { sum } from '../reduce.ts';
import { emitConvolution } from './grouped.ts';

const numeric = (options: ConvolutionOptions) => ({
  strides: [options.stride ?? 1],
  dilations: [options.dilation ?? 1],
  pads: [...(options.pad ?? [0, 0])],
  group: options.groups ?? 1,
});

function outputTime(
  x: Value,
  weight: Value,
  { stride = 1, dilation = 1, pad = [0, 0], time }: ConvolutionOptions,
): Dim {
  const [, , length] = x.shape;
  const [, , kernel] = weight.shape;
  if (time !== undefined) return time;
  if (typeof length !== 'number' || typeof kernel !== 'number')
    throw new Error('internal: the time axis of this convolution needs a name');
  return Math.floor((length + pad[0] + pad[1] - dilation * (kernel - 1) - 1) / stride) + 1;
}

export const convolutions: Record<string, Op> = {
  convolution: {
    infer: ([x, weight], options) => [{ shape: [x.shape[0], weight.shape[0], outputTime(x, weight, options)] }],
    multiplyAdds: ({ inputs: [, weight], outputs: [y] }) => [...y.shape, ...weight!.shape.slice(1)],
    emit: (e, node) => emitConvolution(e, node, numeric(node.attributes)),
    gradient({ inputs: [x, weight, bias], attributes }, [d], needs) {
      const { stride = 1, pad = [0, 0], groups = 1 } = attributes as ConvolutionOptions;
      return [
        needs(0) ? inputGradient(x!, weight!, d!, { stride, pad, groups }) : undefined,
        needs(1) ? weightGradient(x!, weight!, d!, { stride, pad, groups }) : undefined,
        bias && needs(2) ? reshape(sum(d!, [0, 2]), bias.shape) : undefined,
      ];
    },
    examples: [
      { shapes: [[2, 3, 9], [4, 3, 3], [4]], attributes: { stride: 2 } },
      { shapes: [[2, 4, 7], [6, 2, 4], [6]], attributes: { groups: 2, pad: [2, 1] } },
      { shapes: [[2, 4, 6], [12, 2, 3], [12]], attributes: { groups: 2, pad: [1, 1] } },
      {
        shapes: [
          [1, 1, 12],
          [3, 1, 2],
        ],
        attributes: { stride: 2 },
      },
    ],
  },
  /**
   * The gradient of a strided convolution by its input. The input must have no tail that no window covers,
   * (T + pads − K) divisible by the stride: the model crops speech to whole frames, so it never has one.
   */
  convolutionTranspose: {
    infer: (_, { like }) => [{ shape: like as Dim[] }],
    multiplyAdds: ({ inputs: [d, weight] }) => [...d!.shape, ...weight!.shape.slice(1)],
    emit: (e, node) => {
      const { strides, pads, group } = numeric(node.attributes);
      e.node('ConvTranspose', named(e, node), { strides, pads, group }, outputs(e, node));
    },
    gradient: null, // appears only in backward passes
    examples: [],
  },
};

interface Geometry {
  stride: number;
  pad: readonly [number, number];
  groups: number;
}

/**
 * dX[i, t] = Σ over o and k of dY[o, t + pad − k]·W[o, i, k]: at stride 1 a convolution of dY by W turned around in time,
 * with its channels exchanged within each group. It is many times as fast as onnxruntime's ConvTranspose, and where W is
 * frozen the runtime turns it once, when the session is opened.
 */
function inputGradient(x: Value, weight: Value, d: Value, { stride, pad, groups }: Geometry): Value {
  const { graph } = x;
  const [out, perGroup, kernel] = weight.shape as number[];
  if (stride !== 1) return graph.apply('convolutionTranspose', [d, weight], { stride, pad, groups, like: x.shape })[0];
  const byTime = transpose(reshape(weight, [groups, out / groups, perGroup, kernel]), [3, 0, 2, 1]);
  const backwards = BigInt64Array.from({ length: kernel }, (_, k) => BigInt(kernel - 1 - k));
  const reversed = rows(reshape(byTime, [kernel, out * perGroup]), graph.constant(backwards, [kernel, 1]));
  const turned = transpose(reshape(reversed, [kernel, groups, perGroup, out / groups]), [1, 2, 3, 0]);
  return convolution(d, reshape(turned, [groups * perGroup, out / groups, kernel]), undefined, {
    pad: [kernel - 1 - pad[0], kernel - 1 - pad[1]],
    groups,
    time: x.shape[2],
  });
}

/**
 * dW[o, i, k] = Σ over batch and time of dY[o, t]·X[i, t·stride + k]: a convolution of X by dY with batch and channels
 * exchanged, and stride and dilation exchanged. Groups stay groups once each holds its own batch.
 */
function weightGradient(x: Value, weight: Value, d: Value, { stride, pad, groups }: Geometry): Value {
  const [batch, channels, time] = x.shape;
  const [out, perGroup, kernel] = weight.shape as number[];
  const byGroup = reshape(x, [batch, groups, (channels as number) / groups, time]);
  const input = reshape(transpose(byGroup, [2, 1, 0, 3]), [perGroup, product([groups, batch]), time]);
  const filter = transpose(d, [1, 0, 2]);
  // Without a covered tail this has exactly `kernel` entries; the cut guards the case of a longer input.
  const result = convolution(input, filter, undefined, { dilation: stride, pad, groups, time: kernel });
  return head(transpose(reshape(result, [perGroup, out, kernel]), [1, 0, 2]), kernel);
}
