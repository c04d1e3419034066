/** @file What a graph is made of, as types: values, nodes, sources, and what makes more of them. */
import type { Bindings, Shape } from './shape.ts';

/** int8 and uint8 are frozen weights alone. */
export type DType = 'float32' | 'int64' | 'bool' | 'int8' | 'uint8';
export type Attributes = Readonly<Record<string, unknown>>;

export interface Value {
  readonly graph: Builder;
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  /** What made it; absent for inputs, weights and constants. */
  readonly node?: Node;
}

export interface Node {
  readonly op: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

/** A tensor inside a file next to the graph's own; `offset` and `length` in bytes. */
export interface WeightLocation {
  file: string;
  offset: number;
  length: number;
}

/** Values of a feed that follow from the bound symbols alone, for one run. */
export type Derivation = (bindings: Bindings) => Float32Array | BigInt64Array;

export type Source =
  | { kind: 'input'; name: string }
  | { kind: 'derived'; name: string; from: Derivation }
  | { kind: 'weight'; name: string; location: WeightLocation }
  | { kind: 'constant'; data: Float32Array | BigInt64Array; name?: string };

/** Makes values; `Graph` is the one there is. Ops see no more of it. */
export interface Builder {
  readonly sources: ReadonlyMap<Value, Source>;
  input(name: string, shape: Shape, dtype?: DType): Value;
  derived(name: string, shape: Shape, dtype: DType, from: Derivation): Value;
  weight(name: string, shape: readonly number[], location: WeightLocation, dtype?: DType): Value;
  constant(data: Float32Array | BigInt64Array, shape: readonly number[], name?: string): Value;
  scalar(x: number): Value;
  apply(op: string, inputs: readonly (Value | undefined)[], attributes?: Attributes): readonly Value[];
}
