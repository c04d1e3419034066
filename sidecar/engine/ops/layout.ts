/** @file Ops that move numbers without changing them: reshape, transpose, split, concat, rows by index. */
import { type Dim, type Shape, sameShape } from '../shape.ts';
import type { Value } from '../value.ts';

export const reshape = (x: Value, shape: Shape) =>
  sameShape(x.shape, shape) ? x : x.graph.apply('reshape', [x], { shape })[0];
export const transpose = (x: Value, axes: readonly number[]) => x.graph.apply('transpose', [x], { axes })[0];
export const broadcastTo = (x: Value, shape: Shape) =>
  sameShape(x.shape, shape) ? x : x.graph.apply('broadcastTo', [x], { shape })[0];
/** Pieces of the last axis, of the given sizes. */
export const split = (x: Value, sizes: readonly number[]) => x.graph.apply('split', [x], { sizes });
/** Joined along the last axis. */
export const concat = (...parts: Value[]) => (parts.length === 1 ? parts[0] : parts[0].graph.apply('concat', parts)[0]);
/** Rows of `x` [N, D] at `index` int64 [M, 1]; the indices must be distinct. A column: no provider reshapes int64. */
export const rows = (x: Value, index: Value) => x.graph.apply('rows', [x, index])[0];
/**
 * Rows of `x` [D, W] at `index` int64 [N, 1], which may repeat. For the way back, row d of `users` int64 [D·K, 1] lists the
 * at most K places of `index` that name d, and `counts` [D·K, 1] is 1 for each of them and 0 for what fills the row up.
 */
export const repeatedRows = (x: Value, index: Value, users: Value, counts: Value) =>
  x.graph.apply('repeatedRows', [x, index, users, counts])[0];
/** A zero matrix of `shape` [N, D] whose rows at `index` are `y` [M, D]; the inverse of `rows`. */
export const placeRows = (y: Value, index: Value, shape: Shape) => y.graph.apply('placeRows', [y, index], { shape })[0];
/** The first `length` entries of the last axis. */
export const head = (x: Value, length: number) => x.graph.apply('head', [x], { length })[0];
/** The first rows of `x` [N, W], as many as `frames` names: [frames, W]. There must be so many. */
export const firstRows = (x: Value, frames: Dim) => x.graph.apply('firstRows', [x], { frames })[0];
/**
 * Row j − i + M of `x` [2M + 1, W] for every pair i·T + j of so many frames, [T·T, W]; pairs further than M apart take
 * the first or the last row. For graphs that must count their frames themselves.
 */
export const relativeRows = (x: Value, frames: Dim) => x.graph.apply('relativeRows', [x], { frames })[0];
