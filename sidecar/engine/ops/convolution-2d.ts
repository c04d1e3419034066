/** @file The 2-D convolution, without padding. Its gradients are convolutions too. */
import type { Dim } from '../shape.ts';
import type { Value } from '../value.ts';

export interface Convolution2dOptions {
  /** Along both axes. */
  stride?: number;
  /** Names the first axis of the output where it cannot be computed from the input's. */
  time?: Dim;
}

/**
 * x [B, C, T, W], weight [O, C, K, L], bias [O] → [B, O, T′, W′] with T′ = ⌊(T − K) / stride⌋ + 1, W′ likewise. Where T has
 * only a name, no frame may lie beyond the last window: (T − K) is divisible by the stride.
 */
export const convolution2d = (x: Value, weight: Value, bias: Value | undefined, options: Convolution2dOptions = {}) =>
  x.graph.apply('convolution2d', bias ? [x, weight, bias] : [x, weight], { ...options })[0];
