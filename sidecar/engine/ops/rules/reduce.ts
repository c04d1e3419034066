/** @file Rules of sums, means and maxima over axes, softmax and log-sum-exp over the last axis. */
import { type Dim, product, type Shape } from '../../shape.ts';
import type { Value } from '../../value.ts';
import { exp, mul, scale, sub } from '../elementwise.ts';
import { broadcastTo } from '../layout.ts';
import { type Emitter, named, type Op, outputs } from '../op.ts';
import { sum } from '../reduce.ts';

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
