/**
 * @file The transformer in both styles of Hugging Face's models: post-norm ("base") and pre-norm ("large"). It is told
 * where weights come from, knows nothing of adapters but a hook, and of a family what `FamilyGraph` says.
 */
import type { BaseConfig } from '../../architecture/config.ts';
import { blockName, siteName, type Target } from '../../architecture/sites.ts';
import { add, gelu, scale } from '../../engine/ops/elementwise.ts';
import { reshape, rows, transpose } from '../../engine/ops/layout.ts';
import { gemm, matmul } from '../../engine/ops/linear.ts';
import { layerNorm } from '../../engine/ops/normalise.ts';
import { softmax } from '../../engine/ops/reduce.ts';
import type { Value } from '../../engine/value.ts';
import type { TensorSource } from '../../weights/weight.ts';
import type { ProjectionHook } from './family.ts';
import { keysBeyond } from './padding.ts';
import { graphOf } from './registry.ts';

/**
 * Projected frames [B·T, hidden] → hidden states as in transformers 4.x: [0] the encoder's input, [i] the output of
 * block i, the last one after the final layer norm where the style is pre-norm.
 * @param own [B·T, 1], 0 for frames beyond a clip's end, in a graph that runs by itself: no frame then hears them
 * @param only rows of the last state that are wanted, int64 [M, 1]: what follows the last attention is computed for them alone
 * @param products a projection's frozen product where it is computed otherwise than in float32
 */
export function encode(
  config: BaseConfig,
  weights: TensorSource,
  projected: Value,
  hook?: ProjectionHook,
  own?: Value,
  products?: (projection: string, x: Value) => Value | undefined,
  only?: Value,
): Value[] {
  const { eps, stableLayerNorm } = config;
  const norm = (name: string, x: Value) => layerNorm(x, weights(`${name}.weight`), weights(`${name}.bias`), eps);
  const family = graphOf(config);
  const byPlace = family.attentionBias?.(config, weights, own !== undefined);
  const unheard = own && keysBeyond(own);
  const bias = (layer: number, input: Value): Value | undefined => {
    const placed = byPlace?.(layer, input);
    return placed && unheard ? add(placed, unheard) : (placed ?? unheard);
  };
  let x = add(projected, family.position(config, weights, projected, own));
  if (!stableLayerNorm) x = norm('encoder.layer_norm', x);
  const states = [x];
  for (let layer = 0; layer < config.layers; layer++) {
    const block = x;
    const prefix = blockName(layer);
    const linear = (target: Target, input: Value) => {
      const site = { layer, target };
      const at = siteName(site);
      const frozen =
        products?.(at, input) ?? gemm(input, weights(`${at}.weight`), weights(`${at}.bias`), { transB: true });
      return hook ? hook(site, input, frozen, block) : frozen;
    };
    // Every frame is heard by the others up to the last attention, and by nobody after it.
    const wanted = (y: Value) => (only && layer === config.layers - 1 ? rows(y, only) : y);
    const mixed = (input: Value) =>
      attention(config, linear('q', input), linear('k', input), linear('v', input), bias(layer, input));
    const attend = (input: Value) => linear('o', wanted(mixed(input)));
    const feed = (input: Value) => linear('fc2', gelu(linear('fc1', input)));
    if (stableLayerNorm) {
      x = add(wanted(x), attend(norm(`${prefix}.layer_norm`, x)));
      x = add(x, feed(norm(`${prefix}.final_layer_norm`, x)));
    } else {
      x = norm(`${prefix}.layer_norm`, add(wanted(x), attend(x)));
      x = norm(`${prefix}.final_layer_norm`, add(x, feed(x)));
    }
    states.push(x);
  }
  if (stableLayerNorm) states[states.length - 1] = norm('encoder.layer_norm', x);
  return states;
}

/** Softmax(q·kᵀ/√d + bias)·v by heads (Vaswani et al. 2017, eq. 1); all frames of a clip see each other. */
function attention({ hidden, heads }: BaseConfig, q: Value, k: Value, v: Value, bias?: Value): Value {
  const width = hidden / heads;
  const byHead = (x: Value) => transpose(reshape(x, ['B', 'T', heads, width]), [0, 2, 1, 3]);
  const scores = matmul(byHead(scale(q, width ** -0.5)), byHead(k), { transB: true });
  const weights = softmax(bias ? add(scores, bias) : scores);
  return reshape(transpose(matmul(weights, byHead(v)), [0, 2, 1, 3]), ['B*T', hidden]);
}
