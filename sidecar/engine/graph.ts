/**
 * @file The symbolic graph: values, nodes, and where weights come from. It knows no ONNX and no device; what an op
 * means stands in the op table.
 */
import { table } from './ops/table.ts';
import type { Shape } from './shape.ts';
import type { Attributes, Builder, Derivation, DType, Node, Source, Value, WeightLocation } from './value.ts';

const LARGEST_COMPARED = 4096;

export class Graph implements Builder {
  readonly sources = new Map<Value, Source>();
  private nextId = 0;
  private readonly scalars = new Map<number, Value>();
  /** What was made before, by what it is; filled where equal parts are to be one. */
  private readonly made = new Map<string, unknown>();

  /**
   * @param shared what is made twice alike is the same: several models in one graph then compute once what is the same in
   *   all of them. Ops are pure, so this changes no number.
   */
  constructor(private readonly options: { shared?: boolean } = {}) {}

  private once<T>(key: () => string, make: () => T): T {
    if (!this.options.shared) return make();
    const name = key();
    if (!this.made.has(name)) this.made.set(name, make());
    return this.made.get(name) as T;
  }

  private value(shape: Shape, dtype: DType, node?: Node): Value {
    return { graph: this, id: this.nextId++, shape, dtype, node };
  }

  /** Fed at every run: data, or a trainable parameter. */
  input(name: string, shape: Shape, dtype: DType = 'float32'): Value {
    return this.once(
      () => `input ${name} ${dtype} ${shape}`,
      () => this.from({ kind: 'input', name }, shape, dtype),
    );
  }

  /** Computed by the session from the bound symbols; the same sizes of `shape` must give the same values. */
  derived(name: string, shape: Shape, dtype: DType, from: Derivation): Value {
    return this.once(
      () => `derived ${name} ${shape}`,
      () => this.from({ kind: 'derived', name, from }, shape, dtype),
    );
  }

  /** Frozen numbers, float32 unless told, read from a file by the runtime itself. */
  weight(name: string, shape: readonly number[], location: WeightLocation, dtype: DType = 'float32'): Value {
    return this.once(
      () => `weight ${name}`,
      () => this.from({ kind: 'weight', name, location }, shape, dtype),
    );
  }

  /** @param name how the compiled graph calls it; a number unless told */
  constant(data: Float32Array | BigInt64Array, shape: readonly number[], name?: string): Value {
    const make = () =>
      this.from({ kind: 'constant', data, name }, shape, data instanceof Float32Array ? 'float32' : 'int64');
    // Large ones are heads, of which each model has its own.
    return name === undefined && data.length > LARGEST_COMPARED
      ? make()
      : this.once(() => `constant ${name ?? data.join()} ${shape}`, make);
  }

  scalar(x: number): Value {
    let value = this.scalars.get(x);
    if (!value) this.scalars.set(x, (value = this.constant(Float32Array.of(x), [])));
    return value;
  }

  apply(op: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}): readonly Value[] {
    const key = () => `${op} ${inputs.map((input) => input?.id ?? '-')} ${JSON.stringify(attributes)}`;
    return this.once(key, () => {
      const outputs: Value[] = [];
      const node: Node = { op, inputs, outputs, attributes };
      for (const { shape, dtype } of table[op].infer(inputs as Value[], attributes))
        outputs.push(this.value(shape, dtype ?? 'float32', node));
      return outputs;
    });
  }

  private from(source: Source, shape: Shape, dtype: DType): Value {
    const value = this.value(shape, dtype);
    this.sources.set(value, source);
    return value;
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
