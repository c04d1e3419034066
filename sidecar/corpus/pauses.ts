/** @file Where a recording can be cut without cutting a word: the quietest moment near a wanted place. */
import { modelRateHz } from '../audio/index.ts';

/** Length of the moment whose energy counts. */
const momentSeconds = 0.2;
const hopSeconds = 0.02;
/** How far from the wanted place is looked, at most; and at most a quarter of what lies on either side. */
const reachSeconds = 5;

/**
 * The middle of the quietest 0.2 s within 5 s of `wanted`; samples are mono at 16 kHz. Nearest to `wanted` where several
 * are as quiet. Energy alone decides: a pause between phrases is the quietest there is in speech.
 */
export function nearestPause(samples: Float32Array, wanted: number): number {
  const [moment, hop] = [momentSeconds, hopSeconds].map((seconds) => Math.round(seconds * modelRateHz));
  const reach = Math.min(reachSeconds * modelRateHz, wanted / 4, (samples.length - wanted) / 4);
  let [best, quietest] = [wanted, Number.POSITIVE_INFINITY];
  const steps = Math.floor(reach / hop);
  for (let step = 0; step <= 2 * steps; step++) {
    // 0, +1, -1, +2, -2 …
    const middle = wanted + (step % 2 === 1 ? 1 : -1) * Math.ceil(step / 2) * hop;
    const energy = energyOf(samples, middle - moment / 2, middle + moment / 2);
    if (energy < quietest) [best, quietest] = [middle, energy];
  }
  return best;
}

function energyOf(samples: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = Math.max(0, from); i < Math.min(samples.length, to); i++) sum += samples[i] * samples[i];
  return sum;
}
