/**
 * @file A product with a frozen matrix, which may lie in 8 bits: once as the forward pass multiplies by it, once as the
 * backward pass does. What is not the matrix stays float32 between products.
 */
import type { Value } from '../value.ts';
import { gemm } from './linear.ts';

/**
 * How a frozen matrix is multiplied by. `int8`: whole numbers with a scale a column, what is multiplied rounded to 8 bits
 * over its whole range (onnxruntime's DynamicQuantizeMatMul). `blocks`: a scale for every `BLOCK` numbers of both
 * (MatMulNBits), closer and slower.
 */
export type FrozenKind = 'float32' | 'int8' | 'blocks';

/** Numbers of a row that share a scale. */
export const BLOCK = 128;

export interface FrozenMatrix {
  kind: FrozenKind;
  /**
   * float32: the matrix [out, in] itself. int8: [inner, columns], where `inner` is what is summed over, `in` on the way
   * forward and `out` on the way back. blocks: uint8 [columns, inner / BLOCK, BLOCK], 128 standing for 0.
   */
  weight: Value;
  /** int8: [columns]. blocks: [columns · inner / BLOCK]. */
  scales?: Value;
  /** What the left side is multiplied by first, [inner]; the matrix has been divided by it. */
  smooth?: Value;
}

/**
 * x·Wᵀ + bias for x [N, in] and a frozen W [out, in]; the way back, dy·W, by a matrix of its own. A gradient passes the
 * rounding of x as if there were none (Bengio et al. 2013, straight-through), and is itself rounded as `backward` says.
 */
export const frozenProduct = (x: Value, bias: Value | undefined, forward: FrozenMatrix, backward: FrozenMatrix) =>
  multiply(x, bias, forward, backward);

/** The way back alone, dy·W: nothing is differentiated twice. In 8 bits the matrix itself says which way it lies. */
export const timesFrozen = (dy: Value, backward: FrozenMatrix) =>
  backward.kind === 'float32' ? gemm(dy, backward.weight) : multiply(dy, undefined, backward);

const multiply = (x: Value, bias: Value | undefined, forward: FrozenMatrix, backward?: FrozenMatrix): Value =>
  x.graph.apply(
    'frozenProduct',
    [
      ...[x, bias, forward.weight, backward?.weight],
      ...[forward.scales, backward?.scales, forward.smooth, backward?.smooth],
    ],
    { forward: forward.kind, backward: backward?.kind },
  )[0];
