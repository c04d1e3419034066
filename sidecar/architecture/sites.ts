/** @file The projections of a transformer block: our names for them, where they stand, and how wide they are. */
import type { EncoderConfig } from './config.ts';

/** Our names of the projections, and where they stand in a transformer block of Hugging Face. */
export const TARGET_MODULES = {
  q: 'attention.q_proj',
  k: 'attention.k_proj',
  v: 'attention.v_proj',
  o: 'attention.out_proj',
  fc1: 'feed_forward.intermediate_dense',
  fc2: 'feed_forward.output_dense',
} as const;

export type Target = keyof typeof TARGET_MODULES;
export const TARGETS = Object.keys(TARGET_MODULES) as Target[];

export interface Site {
  /** From 0. */
  layer: number;
  target: Target;
}

export const blockName = (layer: number) => `encoder.layers.${layer}`;
export const siteName = ({ layer, target }: Site) => `${blockName(layer)}.${TARGET_MODULES[target]}`;

type Widths = Pick<EncoderConfig, 'hidden' | 'feedForward'>;
export const siteShape = ({ hidden, feedForward }: Widths, { target }: Pick<Site, 'target'>) => ({
  in: target === 'fc2' ? feedForward : hidden,
  out: target === 'fc1' ? feedForward : hidden,
});
