/** @file Rules of matrix products: `gemm` for a matrix with an optional addend, `matmul` for batches of matrices. */
import type { Dim } from '../../shape.ts';
import type { Value } from '../../value.ts';
import { gemm, matmul, type ProductOptions } from '../linear.ts';
import { named, type Op, outputs } from '../op.ts';
import { sumTo } from '../reduce.ts';

const at = (value: Value, fromEnd: number): Dim => value.shape[value.shape.length - fromEnd];
function resultShape(a: Value, b: Value, { transA, transB }: ProductOptions): Dim[] {
  const inner = [at(a, transA ? 2 : 1), at(b, transB ? 1 : 2)];
  if (inner[0] !== inner[1])
    throw new Error(`internal: [${a.shape}] times [${b.shape}]: ${inner[0]} is not ${inner[1]}`);
  return [...a.shape.slice(0, -2), at(a, transA ? 1 : 2), at(b, transB ? 2 : 1)];
}

/**
 * Y = α·op(A)·op(B): dA = α·dY·op(B)ᵀ and dB = α·op(A)ᵀ·dY, each transposed again where its operand was.
 */
function operandGradients(
  multiply: (a: Value, b: Value, options: ProductOptions) => Value,
  [a, b]: readonly Value[],
  { transA = false, transB = false, alpha = 1 }: ProductOptions,
  d: Value,
  needs: (i: number) => boolean,
): (Value | undefined)[] {
  const da = () =>
    transA
      ? multiply(b, d, { transA: transB, transB: true, alpha })
      : multiply(d, b, { transA: false, transB: !transB, alpha });
  const db = () =>
    transB
      ? multiply(d, a, { transA: true, transB: transA, alpha })
      : multiply(a, d, { transA: !transA, transB: false, alpha });
  return [needs(0) ? da() : undefined, needs(1) ? db() : undefined];
}

/** Every element of the result sums over the inner axis. */
const productTerms: Op['multiplyAdds'] = ({ inputs: [a], outputs: [y], attributes }) => [
  ...y.shape,
  at(a!, attributes.transA ? 2 : 1),
];

const swap = (rank: number) => [...Array(rank - 2).keys(), rank - 1, rank - 2];
const combinations = [false, true].flatMap((transA) => [false, true].map((transB) => ({ transA, transB, alpha: 0.7 })));

export const linear: Record<string, Op> = {
  gemm: {
    infer: ([a, b], options) => [{ shape: resultShape(a, b, options) }],
    multiplyAdds: productTerms,
    emit(e, node) {
      const { transA, transB, alpha = 1 } = node.attributes as ProductOptions;
      const attributes = { transA: Number(transA ?? false), transB: Number(transB ?? false), alpha: { float: alpha } };
      e.node('Gemm', named(e, node), attributes, outputs(e, node));
    },
    gradient: ({ inputs, attributes }, [d], needs) => [
      ...operandGradients((a, b, o) => gemm(a, b, undefined, o), inputs as Value[], attributes, d!, needs),
      inputs[2] && needs(2) ? sumTo(d!, inputs[2].shape) : undefined,
    ],
    examples: [
      ...combinations.map((attributes) => ({
        shapes: [attributes.transA ? [4, 3] : [3, 4], attributes.transB ? [5, 4] : [4, 5], [5]],
        attributes,
      })),
      {
        shapes: [
          [3, 4],
          [4, 5],
          [3, 5],
        ],
      },
      {
        shapes: [
          [3, 4],
          [4, 5],
        ],
      },
    ],
  },
  matmul: {
    infer: ([a, b], options) => [{ shape: resultShape(a, b, options) }],
    multiplyAdds: productTerms,
    emit(e, node) {
      const { transA = false, transB = false, alpha = 1 } = node.attributes as ProductOptions;
      const [a, b] = named(e, node);
      if (e.dialect === 'cpu') {
        const attributes = { transA: Number(transA), transB: Number(transB), alpha: { float: alpha } };
        e.node('com.microsoft.FusedMatMul', [a, b], attributes, outputs(e, node));
        return;
      }
      const perm = swap(node.inputs[0]!.shape.length);
      const left = transA ? e.node('Transpose', [a], { perm }) : a;
      const right = transB ? e.node('Transpose', [b], { perm }) : b;
      if (alpha === 1) e.node('MatMul', [left, right], {}, outputs(e, node));
      else e.node('Mul', [e.node('MatMul', [left, right]), e.scalar(alpha)], {}, outputs(e, node));
    },
    gradient: ({ inputs, attributes }, [d], needs) =>
      operandGradients(matmul, inputs as Value[], attributes, d!, needs),
    examples: combinations.map((attributes) => ({
      shapes: [attributes.transA ? [2, 4, 3] : [2, 3, 4], attributes.transB ? [2, 5, 4] : [2, 4, 5]],
      attributes,
    })),
  },
};
