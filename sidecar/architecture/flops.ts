/** @file The arithmetic of a frame by shapes alone; a test holds it against the graph's own count. */
import type { BaseConfig } from './config.ts';
import { familyOf } from './registry.ts';
import { numbersIn } from './shapes.ts';

/** Floating-point operations (a multiply-add as two) of one frame, features already there. */
export interface FrameFlops {
  /** Feature projection and positional convolution. */
  front: number;
  /** The six projections of one block. */
  projections: number;
  /** Of one block: softmax(q·kᵀ)·v over a clip, and what the family adds. */
  attention: number;
}

/** For a clip of `frames`: projections 2·(4d² + 2df) a block and 4·frames·d for attention, d = hidden, f = feedForward. */
export function frameFlops(config: BaseConfig, frames: number): FrameFlops {
  const { hidden: d, feedForward: f } = config;
  const family = familyOf(config);
  let position = 0;
  for (const [name, shape] of family.shapes(config))
    if (name.startsWith('encoder.pos_conv_embed.') && name.endsWith('.weight')) position += numbersIn(shape);
  return {
    front: 2 * (d * config.convDim[config.convDim.length - 1] + position),
    projections: 2 * (4 * d * d + 2 * d * f),
    attention: 4 * frames * d + 2 * family.blockMultiplyAdds(config, frames),
  };
}
