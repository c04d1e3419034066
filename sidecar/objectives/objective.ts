/** @file What an objective is: a head of its own, a loss over hidden states and labels, and measures by name and unit. */
import type { Value } from '../engine/value.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import type { TensorSource } from '../weights/weight.ts';

export interface Measure {
  unit: 'nats' | 'share';
  /** Which way is learning. */
  better: 'lower' | 'higher';
}

export interface Objective {
  /** The head's parameters, for frames of width `hidden`. */
  parameters(hidden: number): ParameterSpec[];
  /** What `build` gives by name, each a value a predicted frame. */
  measures: Readonly<Record<string, Measure>>;
  /**
   * Adds the objective to a graph: `loss` of one element, which the feeds weight, and the measures.
   * @param hidden after the last block: [B·T, width], or [M, width] of the predicted frames alone
   * @param head the head's tensors, which train or are constants
   * @param prefix before the names of the labels' feeds and of the measures, where two heads predict at once
   */
  build(
    hidden: Value,
    head: TensorSource,
    prefix?: string,
  ): { loss: Value; measures: Record<string, Value>; logits: Value };
  /** Of every unit at the predicted frames [M, units], without labels. @param masked [M, width] */
  logits(masked: Value, head: TensorSource): Value;
}
