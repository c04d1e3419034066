/** @file Matrix products: `gemm` for a matrix with an optional addend, `matmul` for batches of matrices. */
import { product } from '../shape.ts';
import type { Value } from '../value.ts';

export interface ProductOptions {
  transA?: boolean;
  transB?: boolean;
  alpha?: number;
}

/** alpha·op(a)·op(b) + c, with a, b matrices and c broadcast to the result. */
export const gemm = (a: Value, b: Value, c?: Value, options: ProductOptions = {}) =>
  a.graph.apply('gemm', c ? [a, b, c] : [a, b], { ...options })[0];

/** alpha·op(a)·op(b) over equal leading axes. */
export const matmul = (a: Value, b: Value, options: ProductOptions = {}) =>
  a.graph.apply('matmul', [a, b], { ...options })[0];

/** `first + second`; a product takes the sum in as its addend, so that no separate addition is emitted. */
export function accumulate(first: Value, second: Value): Value {
  for (const [sum, term] of [
    [first, second],
    [second, first],
  ]) {
    const node = term.node;
    if (node?.op === 'gemm' && node.inputs.length === 2 && product(sum.shape) === product(term.shape))
      return gemm(node.inputs[0]!, node.inputs[1]!, sum, node.attributes);
  }
  return first.graph.apply('add', [first, second])[0];
}
