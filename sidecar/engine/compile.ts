/** @file From a graph to an ONNX model in one of two dialects; knows no device. */

import { reachable } from './graph.ts';
import { encodeModel, ONNX_TYPE } from './onnx.ts';
import type { Emitter, OnnxAttribute } from './ops/op.ts';
import { table } from './ops/table.ts';
import { written } from './order.ts';
import { type Bindings, type Dim, evaluate, type Shape } from './shape.ts';
import type { Derivation, Value, WeightLocation } from './value.ts';

export interface Compiled {
  bytes: Uint8Array;
  /** The names to feed, without the shape feeds. */
  inputs: string[];
  outputs: string[];
  /** int64 feeds that the session computes from the bound symbols. */
  shapeFeeds: { name: string; shape: Shape }[];
  /** Feeds that the session computes by a rule of their own. */
  derived: { name: string; shape: Shape; from: Derivation }[];
}

/** A graph that is to run anywhere by itself: no feed is computed for it. */
export interface Standalone {
  /** Where each symbol's size can be read off, and what the model calls that dimension. */
  symbols: Readonly<Record<string, { of: Value; axis: number; label: string }>>;
  /** Puts a constant into a file beside the model; inside where it gives nothing back. */
  outside?(bytes: Uint8Array): WeightLocation | undefined;
}

/** Emits exactly the nodes that `outputs` need, so an unused branch costs nothing. */
export function compile(
  outputs: Readonly<Record<string, Value>>,
  dialect: Emitter['dialect'],
  standalone?: Standalone,
): Compiled {
  // In a graph of its own what tells a symbol's size comes first: whoever asks for a shape finds it emitted.
  const telling = Object.values(standalone?.symbols ?? {}).map(({ of }) => of);
  const order = standalone ? reachable([...telling, ...Object.values(outputs)]) : written(Object.values(outputs));
  const used = new Set<Value>(Object.values(outputs));
  for (const node of order) for (const input of node.inputs) if (input) used.add(input);

  const names = new Map<Value, string>();
  for (const [name, value] of Object.entries(outputs)) if (value.node && !names.has(value)) names.set(value, name);
  let nodes: object[] = [];
  const initializers = new Map<string, object>();
  const inputs = new Map<string, object>();
  const shapeFeeds = new Map<string, Shape>();
  const derived: Compiled['derived'] = [];
  let fresh = 0;

  const initializer = (name: string, dims: readonly number[], data: Float32Array | BigInt64Array) => {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const dataType = data instanceof Float32Array ? ONNX_TYPE.float32 : ONNX_TYPE.int64;
    if (initializers.has(name)) return name;
    const location = standalone?.outside?.(rawData);
    initializers.set(name, location ? external(name, dims, location, dataType) : { name, dims, dataType, rawData });
    return name;
  };
  const valueInfo = (name: string, value: Pick<Value, 'dtype' | 'shape'>) => describe(name, value, standalone);
  /** The size of a dimension as int64 [1], counted by the graph itself. */
  const counted = (symbols: Standalone['symbols'], dim: Dim): string => {
    if (typeof dim === 'number') return emitter.ints([dim]);
    return dim
      .split('*')
      .map((part) => {
        if (/^\d+$/.test(part)) return emitter.ints([Number(part)]);
        if (!symbols[part]) throw new Error(`internal: nothing tells the size of ${part}`);
        const { of, axis } = symbols[part];
        return once(`size:${part}`, () => emitter.node('Shape', [emitter.name(of)], { start: axis, end: axis + 1 }));
      })
      .reduce((a, b) => once(`${a}*${b}`, () => emitter.node('Mul', [a, b])));
  };
  const made = new Map<string, string>();
  const once = (key: string, make: () => string): string => {
    let name = made.get(key);
    if (name === undefined) made.set(key, (name = make()));
    return name;
  };

  const emitter: Emitter = {
    dialect,
    name(value) {
      let name = names.get(value);
      if (name !== undefined) return name;
      const source = value.graph.sources.get(value);
      if (!source) name = `v${value.id}`;
      else if (source.kind === 'constant')
        name = initializer(source.name ?? `c${value.id}`, value.shape as number[], source.data);
      else {
        name = source.name;
        if (source.kind === 'input') inputs.set(name, valueInfo(name, value));
        else if (source.kind === 'derived') {
          if (standalone) throw new Error(`internal: ${name} is fed, and a graph of its own is fed nothing`);
          inputs.set(name, valueInfo(name, value));
          derived.push({ name, shape: value.shape, from: source.from });
        } else initializers.set(name, external(name, value.shape as number[], source.location, ONNX_TYPE[value.dtype]));
      }
      names.set(value, name);
      return name;
    },
    node(op, ins, attributes = {}, outs = [`t${fresh++}`]) {
      const dot = op.lastIndexOf('.');
      nodes.push({
        opType: op.slice(dot + 1),
        domain: op.slice(0, Math.max(dot, 0)),
        input: ins,
        output: outs,
        name: `${op.slice(dot + 1)}_${outs[0]}`,
        attribute: Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value)),
      });
      return outs[0];
    },
    ints: (values) => initializer(`i_${values.join('_')}`, [values.length], BigInt64Array.from(values.map(BigInt))),
    scalar: (x) => initializer(`s_${x}`, [], Float32Array.of(x)),
    floats: (values, shape) => initializer(`f${fresh++}`, shape, values),
    shape(shape) {
      if (shape.every((dim) => typeof dim === 'number')) return emitter.ints(shape);
      if (standalone) {
        const sizes = shape.map((dim) => counted(standalone.symbols, dim));
        if (sizes.length === 1) return sizes[0];
        return once(`shape:${sizes.join()}`, () => emitter.node('Concat', sizes, { axis: 0 }));
      }
      const name = `shape:${shape.join(',')}`;
      shapeFeeds.set(name, shape);
      return name;
    },
    body(ins, write) {
      const around = nodes;
      nodes = [];
      const outs = write();
      const graph = { name: `body${fresh++}`, node: nodes, input: ins.map(bare), output: outs.map(bare) };
      nodes = around;
      return { graph };
    },
    used: (value) => used.has(value),
  };

  // Inputs stand in the order of the symbols that they tell, not of their use.
  for (const value of telling) if (!value.node) emitter.name(value);
  for (const node of order) table[node.op].emit(emitter, node);
  for (const [name, value] of Object.entries(outputs))
    if (names.get(value) !== name) emitter.node('Identity', [emitter.name(value)], {}, [name]);

  for (const [name, shape] of shapeFeeds) inputs.set(name, valueInfo(name, { dtype: 'int64', shape: [shape.length] }));
  const graph = {
    name: 'milore',
    node: nodes,
    initializer: [...initializers.values()],
    input: [...inputs.values()],
    output: Object.entries(outputs).map(([name, value]) => valueInfo(name, value)),
  };
  // A graph of its own names no operators but ONNX's: not every runtime has another's.
  const opsets = [{ domain: '', version: 20 }, ...(standalone ? [] : [{ domain: 'com.microsoft', version: 1 }])];
  return {
    bytes: encodeModel({ irVersion: 9, producer: 'milore', graph, opsets }),
    inputs: [...inputs.keys()].filter((name) => !shapeFeeds.has(name) && !derived.some((feed) => feed.name === name)),
    outputs: Object.keys(outputs),
    shapeFeeds: [...shapeFeeds].map(([name, shape]) => ({ name, shape })),
    derived,
  };
}

/** The shape feeds' values for one run. */
export function bindShapes(compiled: Pick<Compiled, 'shapeFeeds'>, bindings: Bindings): Map<string, BigInt64Array> {
  return new Map(
    compiled.shapeFeeds.map(({ name, shape }) => [
      name,
      BigInt64Array.from(shape.map((dim) => BigInt(evaluate(dim, bindings)))),
    ]),
  );
}

function encodeAttribute(name: string, value: OnnxAttribute): object {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: 1, f: value.float };
  if ('graph' in value) return { name, type: 5, g: value.graph };
  return { name, type: 7, ints: value };
}

function describe(
  name: string,
  { dtype, shape }: Pick<Value, 'dtype' | 'shape'>,
  standalone: Standalone | undefined,
): object {
  const label = (symbol: string) => standalone?.symbols[symbol]?.label ?? symbol;
  const dim = shape.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: label(d) }));
  return { name, type: { tensorType: { elemType: ONNX_TYPE[dtype], shape: { dim } } } };
}

/** Float32 of a shape that the runtime infers. */
const bare = (name: string) => ({ name, type: { tensorType: { elemType: ONNX_TYPE.float32 } } });

function external(name: string, dims: readonly number[], location: WeightLocation, dataType: number): object {
  const externalData = [
    { key: 'location', value: location.file },
    { key: 'offset', value: String(location.offset) },
    { key: 'length', value: String(location.length) },
  ];
  return { name, dims, dataType, dataLocation: 1, externalData };
}
