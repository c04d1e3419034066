/** @file The learning rate over a run: linear warm-up, then linear decay (HuBERT's in fairseq, polynomial of power 1). */

export interface Schedule {
  steps: number;
  warmupFraction: number;
  /** Share of the peak left at the last step. */
  finalFraction: number;
}

/** The factor on the peak rate for update `step` (from 1): linear warm-up, then linear decay. */
export function rateFactor(step: number, { steps, warmupFraction, finalFraction }: Schedule): number {
  const warmup = Math.max(1, Math.round(steps * warmupFraction));
  if (step <= warmup) return step / warmup;
  return finalFraction + (1 - finalFraction) * Math.max(0, (steps - step) / Math.max(1, steps - warmup));
}
