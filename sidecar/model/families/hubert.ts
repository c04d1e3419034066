/** @file HuBERT (Hsu et al. 2021) and wav2vec 2.0: one grouped convolution tells the frames their place. */
import type { EncoderConfig, HubertConfig } from '../../architecture/config.ts';
import { POSITION_AFFINE } from '../../architecture/families/hubert.ts';
import { POSITIONAL } from '../../architecture/shapes.ts';
import { convolution } from '../../engine/ops/convolution.ts';
import { add, gelu, mul } from '../../engine/ops/elementwise.ts';
import { reshape, transpose } from '../../engine/ops/layout.ts';
import type { Value } from '../../engine/value.ts';
import type { TensorSource } from '../../weights/weight.ts';
import type { FamilyGraph } from './family.ts';

/** A grouped convolution over time that keeps the number of frames, x [B, hidden, T]. */
export function positionalConvolution(config: EncoderConfig, weights: TensorSource, name: string, x: Value): Value {
  const { posKernel, posGroups } = config;
  // An even kernel yields one frame too many, which Hugging Face drops: one zero less on the right does the same.
  const half = Math.floor(posKernel / 2);
  return convolution(x, weights(`${name}.weight`), weights(`${name}.bias`), {
    pad: [half, half - (posKernel % 2 === 0 ? 1 : 0)],
    groups: posGroups,
    time: 'T',
  });
}

export function convolutionalPosition(
  config: EncoderConfig,
  weights: TensorSource,
  projected: Value,
  own?: Value,
): Value {
  const { hidden } = config;
  const heard = own ? mul(projected, own) : projected;
  const inTime = transpose(reshape(heard, ['B', 'T', hidden]), [0, 2, 1]);
  const position = positionalConvolution(config, weights, POSITIONAL, inTime);
  return reshape(transpose(gelu(position), [0, 2, 1]), ['B*T', hidden]);
}

/** The zeros around the clip stay zeros: scale and shift come first, and cannot be folded into the kernel. */
function position(config: HubertConfig, weights: TensorSource, projected: Value, own?: Value): Value {
  if (!config.posBatchNorm) return convolutionalPosition(config, weights, projected, own);
  const normed = add(mul(projected, weights(POSITION_AFFINE.scale)), weights(POSITION_AFFINE.shift));
  return convolutionalPosition(config, weights, normed, own);
}

export const hubert: FamilyGraph<HubertConfig> = { position };
