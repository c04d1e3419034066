/** @file Sums, means and maxima over axes, softmax and log-sum-exp over the last axis. */
import { type Shape, sameShape } from '../shape.ts';
import type { Value } from '../value.ts';
import { add, div, mul, sqrt } from './elementwise.ts';
import { reshape } from './layout.ts';

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

/** Rows scaled to unit length; a tiny constant keeps a zero row at zero. */
export function unitRows(x: Value): Value {
  const squared = sum(mul(x, x), [x.shape.length - 1]);
  return div(x, sqrt(add(squared, x.graph.scalar(1e-16))));
}
