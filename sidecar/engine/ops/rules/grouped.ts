/** @file Emits a convolution so that onnxruntime's WebGPU provider computes it right. Knows no gradient. */
import type { Shape } from '../../shape.ts';
import type { Node } from '../../value.ts';
import { type Emitter, named, type OnnxAttribute, outputs } from '../op.ts';

/**
 * A Conv; in the portable dialect with zero channels at the end of each group where need be. onnxruntime 1.30's WebGPU
 * packs 4 (or 2) neighbouring output channels by their number in all, and takes the input of the first one's group for
 * all of them: where a group's channels are no multiple of that, numbers are wrong without a word.
 */
export function emitConvolution(e: Emitter, node: Node, attributes: { group: number } & Record<string, OnnxAttribute>) {
  const { group } = attributes;
  const [channels, inputs, kernel] = node.inputs[1]!.shape;
  const [batch, out, time] = node.outputs[0].shape;
  const own = (channels as number) / group;
  const packed = [4, 2, 1].find((size) => (channels as number) % size === 0)!;
  if (e.dialect === 'cpu' || group === 1 || own < 4 || own % packed === 0)
    return void e.node('Conv', named(e, node), attributes, outputs(e, node));

  const wide = Math.ceil(own / 4) * 4;
  const reshape = (x: string, shape: Shape, outs?: string[]) => e.node('Reshape', [x, e.shape(shape)], {}, outs);
  /** [group·own, …] → [group·wide, …] */
  const widened = (x: string, rest: Shape) => {
    const none = rest.map(() => 0);
    const pads = e.ints([0, 0, ...none, 0, wide - own, ...none]);
    return reshape(e.node('Pad', [reshape(x, [group, own, ...rest]), pads]), [group * wide, ...rest]);
  };
  const [x, weight, bias] = named(e, node);
  const ins = [x, widened(weight, [inputs, kernel]), ...(bias ? [widened(bias, [])] : [])];
  const all = reshape(e.node('Conv', ins, attributes), [batch, group, wide, time]);
  const kept = e.node('Slice', [all, e.ints([0]), e.ints([own]), e.ints([2])]);
  reshape(kept, [batch, out, time], outputs(e, node));
}
