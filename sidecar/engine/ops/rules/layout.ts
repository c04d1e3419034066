/** @file Rules of ops that move numbers without changing them: reshape, transpose, split, concat, rows by index. */
import { type Dim, product, quotient, type Shape } from '../../shape.ts';
import type { Value } from '../../value.ts';
import { mul } from '../elementwise.ts';
import { broadcastTo, concat, placeRows, reshape, rows, split, transpose } from '../layout.ts';
import { named, type Op, outputs } from '../op.ts';
import { sum, sumTo } from '../reduce.ts';

const inverse = (axes: readonly number[]) => axes.map((_, i) => axes.indexOf(i));
const withLast = (shape: Shape, size: Dim) => [...shape.slice(0, -1), size];

export const layout: Record<string, Op> = {
  reshape: {
    infer: ([x], { shape }) => {
      if (product(x.shape) !== product(shape as Shape))
        throw new Error(`internal: [${x.shape}] cannot be reshaped to [${shape}]`);
      return [{ shape: shape as Shape, dtype: x.dtype }];
    },
    emit(e, node) {
      const shape = node.attributes.shape as Shape;
      // One symbolic dimension can be inferred by the runtime; more need a feed.
      const symbolic = shape.filter((dim) => typeof dim === 'string').length;
      const target = symbolic === 1 ? e.ints(shape.map((dim) => (typeof dim === 'string' ? -1 : dim))) : e.shape(shape);
      e.node('Reshape', [...named(e, node), target], {}, outputs(e, node));
    },
    gradient: ({ inputs: [x] }, [d]) => [reshape(d!, x!.shape)],
    examples: [{ shapes: [[3, 4]], attributes: { shape: [2, 6] } }],
  },
  transpose: {
    infer: ([x], { axes }) => [{ shape: (axes as number[]).map((axis) => x.shape[axis]) }],
    emit: (e, node) =>
      e.node('Transpose', named(e, node), { perm: node.attributes.axes as number[] }, outputs(e, node)),
    gradient: ({ attributes }, [d]) => [transpose(d!, inverse(attributes.axes as number[]))],
    examples: [{ shapes: [[2, 3, 4]], attributes: { axes: [2, 0, 1] } }],
  },
  broadcastTo: {
    infer: (_, { shape }) => [{ shape: shape as Shape }],
    emit: (e, node) =>
      e.node('Expand', [...named(e, node), e.shape(node.attributes.shape as Shape)], {}, outputs(e, node)),
    gradient: ({ inputs: [x] }, [d]) => [sumTo(d!, x!.shape)],
    examples: [{ shapes: [[3, 1]], attributes: { shape: [2, 3, 4] } }],
  },
  split: {
    infer: ([x], { sizes }) => (sizes as number[]).map((size) => ({ shape: withLast(x.shape, size) })),
    emit: (e, node) =>
      e.node(
        'Split',
        [...named(e, node), e.ints(node.attributes.sizes as number[])],
        { axis: node.inputs[0]!.shape.length - 1 },
        outputs(e, node),
      ),
    gradient: ({ outputs: parts }, d) => [
      concat(...parts.map((part, i) => d[i] ?? broadcastTo(part.graph.scalar(0), part.shape))),
    ],
    examples: [{ shapes: [[3, 6]], attributes: { sizes: [1, 2, 3] } }],
  },
  concat: {
    infer: (parts) => [{ shape: withLast(parts[0].shape, product1(parts)) }],
    emit: (e, node) => e.node('Concat', named(e, node), { axis: node.inputs[0]!.shape.length - 1 }, outputs(e, node)),
    gradient: ({ inputs }, [d]) => [
      ...split(
        d!,
        inputs.map((x) => x!.shape.at(-1) as number),
      ),
    ],
    examples: [
      {
        shapes: [
          [3, 1],
          [3, 2],
        ],
      },
    ],
  },
  rows: {
    infer: ([x, index]) => [{ shape: [index.shape[0], x.shape[1]] }],
    emit(e, node) {
      const width = node.inputs[0]!.shape[1] as number;
      e.node('Reshape', [e.node('Gather', named(e, node), { axis: 0 }), e.ints([-1, width])], {}, outputs(e, node));
    },
    gradient: ({ inputs: [x, index] }, [d]) => [placeRows(d!, index!, x!.shape), undefined],
    examples: [
      {
        shapes: [
          [5, 3],
          [3, 1],
        ],
        fixed: { 1: BigInt64Array.of(4n, 0n, 2n) },
      },
    ],
  },
  repeatedRows: {
    infer: ([x, index]) => [{ shape: [index.shape[0], x.shape[1]] }],
    emit(e, node) {
      const [x, index] = named(e, node);
      const width = node.inputs[0]!.shape[1] as number;
      e.node('Reshape', [e.node('Gather', [x, index], { axis: 0 }), e.ints([-1, width])], {}, outputs(e, node));
    },
    // dx_d = Σ of dy over the places that name d: gathered, since no provider adds where places meet.
    gradient({ inputs: [x, , users, counts] }, [d]) {
      const [rowCount, width] = x!.shape as [number, number];
      const each = mul(rows(d!, users!), counts!);
      const places = quotient(users!.shape[0], rowCount);
      return [reshape(sum(reshape(each, [rowCount, places, width]), [1]), [rowCount, width]), undefined];
    },
    examples: [
      {
        shapes: [
          [3, 2],
          [4, 1],
          [6, 1],
          [6, 1],
        ],
        fixed: {
          1: BigInt64Array.of(2n, 0n, 2n, 1n),
          2: BigInt64Array.of(1n, 0n, 3n, 0n, 0n, 2n),
          3: Float32Array.of(1, 0, 1, 0, 1, 1),
        },
      },
    ],
  },
  relativeRows: {
    infer: ([x], { frames }) => [{ shape: [product([frames as Dim, frames as Dim]), x.shape[1]] }],
    emit(e, node) {
      const [table, width] = node.inputs[0]!.shape as [number, number];
      const most = (table - 1) / 2;
      const scalar = (x: string) => e.node('Squeeze', [x, e.ints([0])]);
      const frames = e.shape([node.attributes.frames as Dim]);
      const ramp = e.node('Range', [scalar(e.ints([0])), scalar(frames), scalar(e.ints([1]))]);
      const [key, query] = [0, 1].map((axis) => e.node('Unsqueeze', [ramp, e.ints([axis])]));
      const near = e.node('Min', [e.node('Sub', [key, query]), e.ints([most])]);
      const row = e.node('Add', [e.node('Max', [near, e.ints([-most])]), e.ints([most])]);
      const gathered = e.node('Gather', [e.name(node.inputs[0]!), row], { axis: 0 });
      e.node('Reshape', [gathered, e.ints([-1, width])], {}, outputs(e, node));
    },
    gradient: null, // appears only in graphs that are taken along, which do not train; `repeatedRows` has a gradient
    examples: [],
  },
  placeRows: {
    infer: (_, { shape }) => [{ shape: shape as Shape }],
    emit(e, node) {
      const [y, index] = named(e, node);
      const zeros = e.node('Expand', [e.scalar(0), e.shape(node.attributes.shape as Shape)]);
      e.node('ScatterND', [zeros, index, y], {}, outputs(e, node));
    },
    gradient: ({ inputs: [, index] }, [d]) => [rows(d!, index!), undefined],
    examples: [
      {
        shapes: [
          [2, 3],
          [2, 1],
        ],
        attributes: { shape: [5, 3] },
        fixed: { 1: BigInt64Array.of(3n, 1n) },
      },
    ],
  },
  firstRows: {
    infer: ([x], { frames }) => [{ shape: [frames as Dim, x.shape[1]] }],
    emit: (e, node) =>
      e.node(
        'Slice',
        [...named(e, node), e.ints([0]), e.shape([node.attributes.frames as Dim]), e.ints([0])],
        {},
        outputs(e, node),
      ),
    gradient: null, // of constants alone
    examples: [],
  },
  head: {
    infer: ([x], { length }) => [{ shape: withLast(x.shape, length as number) }],
    emit: (e, node) =>
      e.node(
        'Slice',
        [
          ...named(e, node),
          e.ints([0]),
          e.ints([node.attributes.length as number]),
          e.ints([node.inputs[0]!.shape.length - 1]),
        ],
        {},
        outputs(e, node),
      ),
    gradient: null, // appears only in backward passes (trims a convolution's weight gradient)
    examples: [],
  },
};

function product1(parts: readonly Value[]): number {
  return parts.reduce((total, part) => total + (part.shape.at(-1) as number), 0);
}
