/** @file The 1-D convolution. Its gradients are convolutions too. */
import type { Dim } from '../shape.ts';
import type { Value } from '../value.ts';

export interface ConvolutionOptions {
  stride?: number;
  dilation?: number;
  /** Zeros before and after. */
  pad?: readonly [number, number];
  groups?: number;
  /** Names the output's time axis where it cannot be computed from the input's. */
  time?: Dim;
}

/** x [B, C, T], weight [O, C/groups, K], bias [O] → [B, O, T′]. */
export const convolution = (x: Value, weight: Value, bias: Value | undefined, options: ConvolutionOptions) =>
  x.graph.apply('convolution', bias ? [x, weight, bias] : [x, weight], { ...options })[0];
