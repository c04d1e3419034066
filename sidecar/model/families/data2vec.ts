/** @file data2vec-audio's place: convolutions one after another, each with a layer norm without numbers of its own, and GELU. */
import type { Data2VecConfig } from '../../architecture/config.ts';
import { positionalLayer } from '../../architecture/families/data2vec.ts';
import { gelu, mul } from '../../engine/ops/elementwise.ts';
import { reshape, transpose } from '../../engine/ops/layout.ts';
import { layerNorm } from '../../engine/ops/normalise.ts';
import type { Value } from '../../engine/value.ts';
import type { TensorSource } from '../../weights/weight.ts';
import type { FamilyGraph } from './family.ts';
import { positionalConvolution } from './hubert.ts';

function position(config: Data2VecConfig, weights: TensorSource, projected: Value, own?: Value): Value {
  const { hidden, posLayers } = config;
  const { graph } = projected;
  const ones = graph.constant(new Float32Array(hidden).fill(1), [hidden]);
  const zeros = graph.constant(new Float32Array(hidden), [hidden]);
  let x = reshape(projected, ['B', 'T', hidden]);
  for (let i = 0; i < posLayers; i++) {
    const heard = own ? mul(x, reshape(own, ['B', 'T', 1])) : x;
    const convolved = positionalConvolution(config, weights, positionalLayer(i), transpose(heard, [0, 2, 1]));
    // PyTorch's default epsilon, whatever layer_norm_eps says.
    x = gelu(layerNorm(transpose(convolved, [0, 2, 1]), ones, zeros, 1e-5));
  }
  return reshape(x, ['B*T', hidden]);
}

export const data2vec: FamilyGraph<Data2VecConfig> = { position };
