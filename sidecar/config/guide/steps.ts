/**
 * @file How long to train: steps from the hours of speech and the speed of the machine. Pure arithmetic.
 */

/** Passes over the new languages' speech, where the machine has time for them. */
const PASSES = 10;
const FEWEST = 100;
const MOST = 20_000;
/** A night. */
const LONGEST_SECONDS = 8 * 3600;
/** Of what is held out by default. */
const TRAINED_SHARE = 0.85;

export const lengths = ['look', 'usual', 'thorough'] as const;
export type Length = (typeof lengths)[number];

/** Two figures, or a round number below a hundred: more would look as if it were known. */
export function rounded(value: number): number {
  const unit = 10 ** Math.max(1, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.max(unit, Math.round(value / unit) * unit);
}

/** A batch holds every voice of a small corpus too often: seconds of speech in one batch. */
export const suggestBatch = (newSeconds: number): number => (newSeconds < 600 ? 10 : newSeconds < 3600 ? 20 : 40);

/**
 * Ten passes over the speech of the new languages, a fifth of that for a first look, three times for thoroughness; at
 * least a hundred steps, and no more than a night has time for.
 * @param newSeconds of all new languages, held-out speech included
 * @param stepSeconds that a step takes here
 */
export function suggestSteps({
  newSeconds,
  batchSeconds,
  replayFraction,
  stepSeconds,
}: {
  newSeconds: number;
  batchSeconds: number;
  replayFraction: number;
  stepSeconds: number;
}): Record<Length, number> {
  const passes = (PASSES * TRAINED_SHARE * newSeconds) / (batchSeconds * (1 - replayFraction));
  const night = stepSeconds > 0 ? LONGEST_SECONDS / stepSeconds : MOST;
  const usual = rounded(Math.max(FEWEST, Math.min(MOST, passes, night)));
  return { look: rounded(Math.max(FEWEST / 2, usual / 5)), usual, thorough: rounded(3 * usual) };
}

/** Steps between measurements and between checkpoints: ten points on a curve. */
export const suggestEvery = (steps: number): number => Math.max(10, Math.min(100, rounded(steps / 10)));
