/** @file What is computed and what of it trains: the base, what adapts it, and the head's size. */
import type { BaseConfig } from '../architecture/config.ts';
import type { MixtureConfig } from './adapters/mixture.ts';

export type AdapterConfig =
  | { kind: 'lora-mixture'; mixture: MixtureConfig }
  /** The transformer itself trains: the baseline that forgets. */
  | { kind: 'full' }
  /** Everything trains, the convolutions too: pre-training a base from scratch. */
  | { kind: 'scratch' }
  /** The head alone trains: the control. */
  | { kind: 'none' };

/** Masked prediction's head: a projection and as many embeddings as there are units. */
export interface HeadShape {
  projection: number;
  units: number;
  temperature: number;
}

/** Before the names of a head that only measures, and of its labels. */
export const MEASURING = 'measuring.';
export const measuresAlone = (name: string): boolean => name.startsWith(MEASURING);

/** What is learned beside the labels, in training alone, so that less is forgotten. */
export interface RetentionConfig {
  /** What a frozen teacher predicts: the base by its own head, or the model as a stage found it. */
  distil?: { weight: number; temperature: number; teacher: 'base' | 'stage' };
  /** The logits of replayed clips as they were kept; their labels count `labels` times. */
  replayed?: { weight: number; labels: number };
}

export interface LearnableConfig {
  base: BaseConfig;
  adapter: AdapterConfig;
  head: HeadShape;
  /**
   * Beside the head that the encoder learns by, one that only measures: it learns other labels on the same frames, and
   * its gradient ends at the encoder.
   */
  measuringHead?: boolean;
  retention?: RetentionConfig;
  /** The mask embedding trains too. */
  trainMask: boolean;
}
