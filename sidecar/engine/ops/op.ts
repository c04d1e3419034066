/** @file What an entry of the op table is: shapes, ONNX emission, gradient rule, and examples for finite differences. */
import type { Dim, Shape } from '../shape.ts';
import type { Attributes, DType, Node, Value } from '../value.ts';

export type OnnxAttribute = number | { float: number } | string | readonly number[] | { graph: object };

/** Writes ONNX nodes; one emitter per compiled graph. */
export interface Emitter {
  /** `cpu` may use onnxruntime's fused CPU ops; `portable` only what every execution provider has. */
  readonly dialect: 'cpu' | 'portable';
  name(value: Value): string;
  /** Emits a node; returns its first output's name. Without `outputs` a fresh name is made. */
  node(
    op: string,
    inputs: readonly string[],
    attributes?: Record<string, OnnxAttribute>,
    outputs?: readonly string[],
  ): string;
  ints(values: readonly number[]): string;
  scalar(x: number): string;
  floats(values: Float32Array, shape: readonly number[]): string;
  /** An int64 tensor holding the shape: a constant, or a feed computed from the bound symbols. */
  shape(shape: Shape): string;
  /**
   * A graph inside a node, for Scan: `write` emits its nodes and names its outputs. All of it is float32. It may read
   * any name of the graph around it.
   */
  body(inputs: readonly string[], write: () => readonly string[]): { graph: object };
  /** Whether anything that is emitted reads this value. */
  used(value: Value): boolean;
}

/** One case for the finite-difference test. */
export interface Example {
  shapes: readonly (readonly number[])[];
  attributes?: Attributes;
  /** Inputs that are data, not differentiated: values by input index. */
  fixed?: Readonly<Record<number, Float32Array | BigInt64Array>>;
  /** Shifts and scales random inputs into the op's domain. */
  domain?: (x: number) => number;
}

export interface Op {
  infer(inputs: readonly Value[], attributes: Attributes): { shape: Shape; dtype?: DType }[];
  emit(e: Emitter, node: Node): void;
  /**
   * The gradient by each input, given the gradient by each output (undefined: that output is not used). Only inputs
   * for which `needs(i)` holds are looked at. `null`: not differentiable, the reason stands beside it.
   */
  gradient:
    | ((node: Node, dOut: readonly (Value | undefined)[], needs: (i: number) => boolean) => (Value | undefined)[])
    | null;
  /**
   * The op's only output computed anew, by other ops than its own so that no optimiser makes the two one again. Where it is
   * given, the backward pass computes what it reads of this output in place of keeping it.
   */
  again?(node: Node): Value;
  examples: readonly Example[];
  /** The factors whose product is the number of multiply-adds, for ops that are matrix products or convolutions. */
  multiplyAdds?(node: Node): readonly Dim[];
}

export const named = (e: Emitter, node: Node) => node.inputs.map((value) => (value ? e.name(value) : ''));
export const outputs = (e: Emitter, node: Node) => node.outputs.map((value) => e.name(value));
