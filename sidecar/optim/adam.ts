/** @file Adam on flat vectors (Kingma & Ba 2015, alg. 1), weight decay added to the gradient as PyTorch's `Adam` does. */
import { type AdamWOptions, adamW, clipFactor, norm, type OptimiserState, type RateGroup } from './adamw.ts';

/**
 * One update in place; returns the gradient's norm before clipping, which comes before the decay. A norm that is not
 * finite changes nothing. The gradient is written to.
 */
export function adam(
  parameters: Float32Array,
  gradient: Float32Array,
  state: OptimiserState,
  groups: readonly RateGroup[],
  { weightDecay, clipNorm, ...options }: AdamWOptions,
): number {
  const total = norm(gradient);
  if (!Number.isFinite(total)) return total;
  const clip = clipFactor(total, clipNorm);
  for (let i = 0; i < gradient.length; i++) gradient[i] = gradient[i] * clip + weightDecay * parameters[i];
  adamW(parameters, gradient, state, groups, { ...options, weightDecay: 0, clipNorm: 0 });
  return total;
}
