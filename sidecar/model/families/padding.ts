/**
 * @file Batches of clips padded on the right, for graphs that are taken along: which samples and frames are a clip's own,
 * and what must not hear the others, so that a clip in a batch gives what it gives alone.
 */
import type { EncoderConfig } from '../../architecture/config.ts';
import { NEVER } from '../../engine/ops/alignment.ts';
import { convolution } from '../../engine/ops/convolution.ts';
import { add, div, equals, mul, scale, sqrt, sub } from '../../engine/ops/elementwise.ts';
import { reshape } from '../../engine/ops/layout.ts';
import { matmul } from '../../engine/ops/linear.ts';
import { sum } from '../../engine/ops/reduce.ts';
import type { Value } from '../../engine/value.ts';

export interface OwnFrames {
  /** After the first convolution, [B, 1, S0]. */
  first: Value;
  /** After the last, [B, 1, T]. */
  last: Value;
}

/**
 * 1 for each frame whose last sample is a clip's own, 0 beyond: a convolution that takes the end of its window.
 * @param samples [B, 1, S], 1 for a clip's own samples, which come first, 0 for what pads it
 */
export function ownFrames({ convKernel, convStride }: EncoderConfig, samples: Value): OwnFrames {
  const own = [samples];
  for (const [i, kernel] of convKernel.entries()) {
    const end = samples.graph.constant(
      Float32Array.from({ length: kernel }, (_, k) => +(k === kernel - 1)),
      [1, 1, kernel],
    );
    const time = i === convKernel.length - 1 ? 'T' : `S${i}`;
    own.push(convolution(own[i], end, undefined, { stride: convStride[i], time }));
  }
  return { first: own[1], last: own[own.length - 1] };
}

/**
 * Per-channel norm over a clip's own part of the time: x [B, C, S0], own [B, 1, S0] of zeros and ones. Its sums are matrix
 * products: runtimes add those up in blocks, and a plain sum over seconds in float32 loses a digit in WebAssembly.
 */
export function ownChannelNorm(x: Value, gain: Value, bias: Value, epsilon: number, own: Value): Value {
  const { graph } = x;
  const channel = [gain.shape[0], 1];
  const frames = sum(own, [2]);
  const count = add(frames, equals(frames, graph.scalar(0))); // a clip of less than a frame divides by 1
  const mean = (of: Value) => div(matmul(of, own, { transB: true }), count);
  const centred = sub(x, mean(x));
  const deviation = sqrt(add(mean(mul(centred, centred)), graph.scalar(epsilon)));
  return add(mul(div(centred, deviation), reshape(gain, channel)), reshape(bias, channel));
}

/** What is added to q·kᵀ/√d so that no softmax sees a key beyond a clip's end, [B, 1, 1, T]; own [B·T, 1]. */
export const keysBeyond = (own: Value): Value => reshape(scale(sub(own.graph.scalar(1), own), NEVER), ['B', 1, 1, 'T']);
