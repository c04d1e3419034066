/** @file Layer norm over the last axis and per-channel norm over time, with their gradient rules. */
import type { Value } from '../value.ts';

/** (x − mean)/√(var + ε)·gain + bias over the last axis (Ba et al. 2016). */
export const layerNorm = (x: Value, gain: Value, bias: Value, epsilon: number) =>
  x.graph.apply('layerNorm', [x, gain, bias], { epsilon })[0];

/** Each channel of x [B, C, T] normalised over time: PyTorch's GroupNorm with one channel a group. */
export const channelNorm = (x: Value, gain: Value, bias: Value, epsilon: number) =>
  x.graph.apply('channelNorm', [x, gain, bias], { epsilon })[0];
