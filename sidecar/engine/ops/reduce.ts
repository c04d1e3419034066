/** @file Sums, means and maxima over axes, softmax and log-sum-exp over the last axis. */
import type { Value } from '../graph.ts';
import { type Dim, product, type Shape, sameShape } from '../shape.ts';
import { add, div, exp, mul, scale, sub } from './elementwise.ts';
import { broadcastTo, reshape } from './layout.ts';
import { type Emitter, named, type Op, outputs } from './op.ts';

/** Sums over `axes`, which stay as 1. */
export const sum = (x: Value, axes: readonly number[]) => x.graph.apply('sum', [x], { axes })[0];
export const mean = (x: Value, axes: readonly number[]) => x.graph.apply('mean', [x], { axes })[0];
/** The largest along the last axis, which stays as 1; carries no gradient. */
export const max = (x: Value) => x.graph.apply('max', [x])[0];
/** The index of the largest along the last axis, int64 without that axis. */
export const argMax = (x: Value) => x.graph.apply('argMax', [x])[0];
export const softmax = (x: Value) => x.graph.apply('softmax', [x])[0];
/** log Σ exp along the last axis, which stays as 1. */
export const logSumExp = (x: Value) => x.graph.apply('logSumExp', [x])[0];

/** Undoes broadcasting: sums `x` down to `shape`. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((dim, i) => (i < lead || (shape[i - lead] === 1 && dim !== 1) ? [i] : []));
  const summed = axes.length > 0 ? sum(x, axes) : x;
  return sameShape(summed.shape, shape) ? summed : reshape(summed, shape);
}

const reduced = (shape: Shape, axes: readonly number[]): Dim[] => shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
const last = (shape: Shape) => [shape.length - 1];

const reduction = (onnx: string, gradient: Op['gradient'], examples: Op['examples']): Op => ({
  infer: ([x], { axes }) => [{ shape: reduced(x.shape, axes as number[]) }],
  emit: (e, node) =>
    e.node(onnx, [...named(e, node), e.ints(node.attributes.axes as number[])], { keepdims: 1 }, outputs(e, node)),
  gradient,
  examples,
});
const axesExamples = [
  { shapes: [[3, 4]], attributes: { axes: [1] } },
  { shapes: [[2, 3, 4]], attributes: { axes: [0, 2] } },
];

const lastAxis = (emit: (e: Emitter, x: string, y: string[], axis: number) => void, keep: boolean) => ({
  infer: ([x]: readonly Value[]) => [{ shape: keep ? x.shape : reduced(x.shape, last(x.shape)) }],
  emit: (e: Emitter, node: Parameters<Op['emit']>[1]) =>
    emit(e, e.name(node.inputs[0]!), outputs(e, node), node.inputs[0]!.shape.length - 1),
});

export const reduce: Record<string, Op> = {
  sum: reduction('ReduceSum', ({ inputs: [x] }, [d]) => [broadcastTo(d!, x!.shape)], axesExamples),
  mean: reduction(
    'ReduceMean',
    ({ inputs: [x], attributes }, [d]) => {
      const count = product((attributes.axes as number[]).map((axis) => x!.shape[axis]));
      if (typeof count !== 'number') throw new Error('internal: a mean over a symbolic axis has no gradient rule');
      return [broadcastTo(scale(d!, 1 / count), x!.shape)];
    },
    axesExamples,
  ),
  max: {
    ...lastAxis((e, x, y, axis) => void e.node('ReduceMax', [x, e.ints([axis])], { keepdims: 1 }, y), false),
    gradient: null, // used for accuracy and stability only
    examples: [],
  },
  argMax: {
    infer: ([x]) => [{ shape: x.shape.slice(0, -1), dtype: 'int64' }],
    emit: (e, node) =>
      e.node('ArgMax', named(e, node), { axis: node.inputs[0]!.shape.length - 1, keepdims: 0 }, outputs(e, node)),
    gradient: null, // an index
    examples: [],
  },
  // dx = y·(dy − Σ dy·y)
  softmax: {
    ...lastAxis((e, x, y, axis) => void e.node('Softmax', [x], { axis }, y), true),
    gradient: ({ outputs: [y] }, [d]) => [mul(y, sub(d!, sum(mul(d!, y), last(y.shape))))],
    examples: [{ shapes: [[3, 5]] }, { shapes: [[2, 2, 4]] }],
  },
  // dx = dy·exp(x − y). The maximum goes out first: no provider promises that it does so itself.
  logSumExp: {
    ...lastAxis((e, x, y, axis) => {
      const top = e.node('ReduceMax', [x, e.ints([axis])], { keepdims: 1 });
      const total = e.node('ReduceSum', [e.node('Exp', [e.node('Sub', [x, top])]), e.ints([axis])], { keepdims: 1 });
      e.node('Add', [e.node('Log', [total]), top], {}, y);
    }, false),
    gradient: ({ inputs: [x], outputs: [y] }, [d]) => [mul(d!, exp(sub(x!, y)))],
    examples: [{ shapes: [[3, 5]] }],
  },
};

/** Rows scaled to unit length; a tiny constant keeps a zero row at zero. */
export function unitRows(x: Value): Value {
  const squared = sum(mul(x, x), last(x.shape));
  return div(x, x.graph.apply('sqrt', [add(squared, x.graph.scalar(1e-16))])[0]);
}
