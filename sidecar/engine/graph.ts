/**
 * @file The symbolic graph: values, nodes, and where weights come from. It knows no ONNX and no device; what an op
 * means stands in the op table.
 */
import { table } from './ops/table.ts';
import type { Shape } from './shape.ts';
import type { Attributes, Builder, Derivation, DType, Node, Source, Value, WeightLocation } from './value.ts';

export class Graph implements Builder {
  readonly sources = new Map<Value, Source>();
  private nextId = 0;
  private readonly scalars = new Map<number, Value>();

  private value(shape: Shape, dtype: DType, node?: Node): Value {
    return { graph: this, id: this.nextId++, shape, dtype, node };
  }

  /** Fed at every run: data, or a trainable parameter. */
  input(name: string, shape: Shape, dtype: DType = 'float32'): Value {
    const value = this.value(shape, dtype);
    this.sources.set(value, { kind: 'input', name });
    return value;
  }

  /** Computed by the session from the bound symbols; the same sizes of `shape` must give the same values. */
  derived(name: string, shape: Shape, dtype: DType, from: Derivation): Value {
    const value = this.value(shape, dtype);
    this.sources.set(value, { kind: 'derived', name, from });
    return value;
  }

  /** Frozen numbers, float32 unless told, read from a file by the runtime itself. */
  weight(name: string, shape: readonly number[], location: WeightLocation, dtype: DType = 'float32'): Value {
    const value = this.value(shape, dtype);
    this.sources.set(value, { kind: 'weight', name, location });
    return value;
  }

  /** @param name how the compiled graph calls it; a number unless told */
  constant(data: Float32Array | BigInt64Array, shape: readonly number[], name?: string): Value {
    const value = this.value(shape, data instanceof Float32Array ? 'float32' : 'int64');
    this.sources.set(value, { kind: 'constant', data, name });
    return value;
  }

  scalar(x: number): Value {
    let value = this.scalars.get(x);
    if (!value) this.scalars.set(x, (value = this.constant(Float32Array.of(x), [])));
    return value;
  }

  apply(op: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}): readonly Value[] {
    const outputs: Value[] = [];
    const node: Node = { op, inputs, outputs, attributes };
    for (const { shape, dtype } of table[op].infer(inputs as Value[], attributes))
      outputs.push(this.value(shape, dtype ?? 'float32', node));
    return outputs;
  }
}

/** Every node that the outputs depend on, inputs before users. */
export function reachable(outputs: readonly Value[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  const push = (value?: Value) => {
    if (value?.node && !seen.has(value.node)) {
      seen.add(value.node);
      stack.push({ node: value.node, next: 0 });
    }
  };
  for (const output of outputs) {
    push(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top.next < top.node.inputs.length) push(top.node.inputs[top.next++]);
      else order.push(stack.pop()!.node);
    }
  }
  return order;
}
