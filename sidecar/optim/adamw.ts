/** @file AdamW on flat vectors (Loshchilov & Hutter 2019, alg. 2) with clipping by the global norm. */

export interface AdamWOptions {
  betas: readonly [number, number];
  epsilon: number;
  weightDecay: number;
  /** Largest global L2 norm of the gradient; 0 leaves it alone. */
  clipNorm: number;
}

/** What a gradient of norm `total` is multiplied by, as PyTorch's clip_grad_norm_ has it. */
export const clipFactor = (total: number, clipNorm: number): number =>
  clipNorm > 0 ? Math.min(1, clipNorm / (total + 1e-6)) : 1;

/** A stretch of the flat vector with a learning rate of its own. */
export interface RateGroup {
  start: number;
  end: number;
  rate: number;
}

export interface OptimiserState {
  first: Float32Array;
  second: Float32Array;
  /** Updates made so far. */
  updates: number;
}

export const newState = (size: number): OptimiserState => ({
  first: new Float32Array(size),
  second: new Float32Array(size),
  updates: 0,
});

/** √Σg², summed in double precision. */
export function norm(gradient: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < gradient.length; i++) sum += gradient[i] * gradient[i];
  return Math.sqrt(sum);
}

/**
 * One update in place; returns the gradient's norm before clipping (`total`, where the caller knows it). A norm that is
 * not finite changes nothing.
 */
export function adamW(
  parameters: Float32Array,
  gradient: Float32Array,
  state: OptimiserState,
  groups: readonly RateGroup[],
  { betas: [b1, b2], epsilon, weightDecay, clipNorm }: AdamWOptions,
  total = norm(gradient),
): number {
  if (!Number.isFinite(total)) return total;
  const clip = clipFactor(total, clipNorm);
  state.updates++;
  const correction1 = 1 - b1 ** state.updates;
  const correction2 = 1 - b2 ** state.updates;
  const { first, second } = state;
  for (const { start, end, rate } of groups) {
    if (rate === 0) continue;
    const decay = 1 - rate * weightDecay;
    for (let i = start; i < end; i++) {
      const g = gradient[i] * clip;
      const m = b1 * first[i] + (1 - b1) * g;
      const v = b2 * second[i] + (1 - b2) * g * g;
      first[i] = m;
      second[i] = v;
      parameters[i] = parameters[i] * decay - (rate * (m / correction1)) / (Math.sqrt(v / correction2) + epsilon);
    }
  }
  return total;
}
