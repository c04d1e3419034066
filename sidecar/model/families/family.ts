/** @file What a family of models computes in its own way, between the front end and blocks that all share. */
import type { BaseConfig } from '../../architecture/config.ts';
import type { Site } from '../../architecture/sites.ts';
import type { Value } from '../../engine/value.ts';
import type { TensorSource } from '../../weights/weight.ts';

/** Called at every projection: its frozen output may be added to. `block` is the transformer block's input. */
export type ProjectionHook = (site: Site, x: Value, frozen: Value, block: Value) => Value;

/**
 * Called at every attention with what its q, k and v read, [B·T, hidden]; the result, [B, heads, T, T] or what
 * broadcasts to it, is added to q·kᵀ/√d before the softmax.
 */
export type AttentionBiasHook = (layer: number, x: Value) => Value;

export interface FamilyGraph<C extends BaseConfig = BaseConfig> {
  /**
   * Projected frames [B·T, hidden] → what is added to them so that they know their place, [B·T, hidden].
   * @param own [B·T, 1], 0 for frames beyond a clip's end: they count as the zeros around it
   */
  position(config: C, weights: TensorSource, projected: Value, own?: Value): Value;
  /** @param standalone no feed is computed for the graph: it must count its frames itself */
  attentionBias?(config: C, weights: TensorSource, standalone: boolean): AttentionBiasHook;
}
