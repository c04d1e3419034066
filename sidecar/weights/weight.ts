/** @file A tensor in main memory, and where a graph's tensors come from. Must not know any model. */
import type { Value } from '../engine/value.ts';

export interface Weight {
  shape: number[];
  data: Float32Array;
}

/** Tensors by canonical name, with the hash over all of them that names their copies on disk. */
export interface FrozenWeights {
  hash: string;
  weights: ReadonlyMap<string, Weight>;
}

/** A tensor by its canonical name: a frozen weight or a trainable parameter. */
export type TensorSource = (name: string) => Value;
