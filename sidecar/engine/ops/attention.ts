/** @file Softmax over scores and the average by it as one op, so that the backward pass takes its row sums from the result. */
import type { Value } from '../graph.ts';
import type { Dim } from '../shape.ts';
import { mul, sub } from './elementwise.ts';
import { matmul } from './linear.ts';
import type { Op } from './op.ts';
import { sum } from './reduce.ts';

/** softmax(scores)·values for scores [..., N, M] and values [..., M, W] → [..., N, W]. */
export const attend = (scores: Value, values: Value) => scores.graph.apply('attend', [scores, values])[0];

export const attentions: Record<string, Op> = {
  // y = P·V with P = softmax(S). dV = Pᵀ·dY, dP = dY·Vᵀ, dS = P·(dP − Σ dP·P), and Σ dP·P over a row is Σ dY·y over the
  // result's shorter row (Dao et al. 2022, FlashAttention, appendix B.2).
  attend: {
    infer: ([scores, values]) => [
      { shape: [...scores.shape.slice(0, -1), values.shape.at(-1) as Dim] },
      { shape: scores.shape },
    ],
    multiplyAdds: ({ inputs: [scores], outputs: [y] }) => [...y.shape, scores!.shape.at(-1) as Dim],
    emit(e, node) {
      const [scores, values] = node.inputs.map((value) => e.name(value!));
      const [y, p] = node.outputs.map((value) => e.name(value));
      e.node('Softmax', [scores], { axis: node.inputs[0]!.shape.length - 1 }, [p]);
      e.node('MatMul', [p, values], {}, [y]);
    },
    gradient({ inputs: [, values], outputs: [y, p] }, [d], needs) {
      const dScores = () => {
        const rowSums = sum(mul(d!, y), [y.shape.length - 1]);
        return mul(p, sub(matmul(d!, values!, { transB: true }), rowSums));
      };
      return [needs(0) ? dScores() : undefined, needs(1) ? matmul(p, d!, { transA: true }) : undefined];
    },
    examples: [
      {
        shapes: [
          [2, 3, 5],
          [2, 5, 2],
        ],
      },
      {
        shapes: [
          [1, 2, 4, 4],
          [1, 2, 4, 3],
        ],
      },
    ],
  },
};
