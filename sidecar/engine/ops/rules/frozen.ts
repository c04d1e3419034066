/** @file The rule of products with frozen matrices, in 8 bits or not. */
import type { Dim } from '../../shape.ts';
import type { Value } from '../../value.ts';
import { BLOCK, type FrozenKind, timesFrozen } from '../frozen.ts';
import { type Op, outputs } from '../op.ts';

const X = 0;
const BIAS = 1;
const WEIGHT = 2;
const SCALES = 4;
const SMOOTH = 6;
/** After the forward matrix's inputs come, one place on, those of the backward matrix. */
const BACK = 1;

/** Width of the result: rows of the matrix as it lies, or its columns where it lies turned. */
const columns = (kind: FrozenKind, weight: Value): Dim => weight.shape[kind === 'int8' ? 1 : 0];
const inner = (kind: FrozenKind, { shape }: Value): Dim =>
  kind === 'int8' ? shape[0] : kind === 'blocks' ? (shape[1] as number) * BLOCK : shape[1];

export const frozen: Record<string, Op> = {
  frozenProduct: {
    infer(inputs, { forward }) {
      const [x, weight] = [inputs[X], inputs[WEIGHT]];
      if (x.shape[1] !== inner(forward as FrozenKind, weight))
        throw new Error(`internal: [${x.shape}] times a frozen matrix of [${weight.shape}]`);
      return [{ shape: [x.shape[0], columns(forward as FrozenKind, weight)] }];
    },
    multiplyAdds: ({ inputs: [x], outputs: [y] }) => [...y.shape, x!.shape[1]],
    emit(e, node) {
      const kind = node.attributes.forward as FrozenKind;
      const name = (i: number) => (node.inputs[i] ? e.name(node.inputs[i]) : '');
      if (kind !== 'float32' && e.dialect !== 'cpu') throw new Error('internal: 8-bit products are for the CPU alone');
      const left = node.inputs[SMOOTH] ? e.node('Mul', [name(X), name(SMOOTH)]) : name(X);
      const bias = name(BIAS);
      if (kind === 'float32') {
        const addend = bias ? [bias] : [];
        e.node('Gemm', [left, name(WEIGHT), ...addend], { transB: 1 }, outputs(e, node));
      } else if (kind === 'int8') {
        const ins = [left, name(WEIGHT), name(SCALES), '', bias];
        e.node('com.microsoft.DynamicQuantizeMatMul', ins, {}, outputs(e, node));
      } else {
        const [K, N] = [node.inputs[X]!.shape[1] as number, node.outputs[0].shape[1] as number];
        const attributes = { K, N, bits: 8, block_size: BLOCK, accuracy_level: 4 };
        const ins = [left, name(WEIGHT), name(SCALES), '', '', bias];
        e.node('com.microsoft.MatMulNBits', ins, attributes, outputs(e, node));
      }
    },
    // dx = dy·W; the matrix and its bias are frozen.
    gradient({ inputs, attributes }, [d], needs) {
      if (!needs(X)) return [];
      const kind = attributes.backward as FrozenKind | undefined;
      if (!kind) throw new Error('internal: a backward product is not differentiated');
      return [
        timesFrozen(d!, {
          kind,
          weight: inputs[WEIGHT + BACK]!,
          scales: inputs[SCALES + BACK],
          smooth: inputs[SMOOTH + BACK],
        }),
      ];
    },
    // Without rounding, the one case that has finite differences; those in 8 bits have a test of their own.
    examples: [
      {
        shapes: [[3, 4], [5], [5, 4], [5, 4]],
        attributes: { forward: 'float32', backward: 'float32' },
        fixed: {
          1: Float32Array.of(0.1, -0.2, 0.3, 0.4, -0.5),
          2: Float32Array.from({ length: 20 }, (_, i) => Math.sin(i)),
          3: Float32Array.from({ length: 20 }, (_, i) => Math.sin(i)),
        },
      },
    ],
  },
};
