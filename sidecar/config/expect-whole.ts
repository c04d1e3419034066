/**
 * @file How long a run takes from the press to its end, and to the first curve: preparing the audio, starting, steps,
 * measurements. By arithmetic until this machine has run something, then scaled by what that took. It must not know the
 * engine, nor the file system.
 */
import type { BaseConfig } from '../architecture/config.ts';
import { frameFlops } from '../architecture/flops.ts';
import { framesPerSecond, SAMPLE_RATE_HZ } from '../architecture/time.ts';
import { expectRun, flopsPerSecond } from './expect.ts';
import { type Experiment, totalSteps } from './experiment.ts';
import type { Pace } from './pace.ts';

/** Seconds of speech by language. */
export type Speech = Readonly<Record<string, number>>;

export interface Whole {
  /** Reading the recordings, the front end, units: once for each base and its data, kept from then on. */
  preparationSeconds: number;
  /** Until held-out speech was measured for the second time: two points are a curve. */
  firstCurveSeconds: number;
  /** Until the end. */
  totalSeconds: number;
  /** Peak of the process. */
  peakBytes: number;
  /** Whether something has run on this machine and this says how fast it was. */
  measured: boolean;
}

/** Of a processor's time, by a second of speech: decoding, resampling and hashing. Measured (docs/performance.md). */
const SCAN = 0.03;
/** Convolutions reach so much of what matrix products do; fitting units takes so much beside the pass to their layer. Measured. */
const CONVOLUTION_REACHES = 0.47;
const FIT = 2.5;
/** Probes before the first step and after the last, by second of held-out speech and layer: so much, and by width. Measured. */
const PROBE = { layer: 0.02, width: 8e-5 };

/** Floating-point operations of the front end's convolutions for a second of speech: 2·kernel·in·out of each at its rate. */
export function convolutionFlops({
  convDim,
  convKernel,
  convStride,
}: Pick<BaseConfig, 'convDim' | 'convKernel' | 'convStride'>): number {
  let rate = SAMPLE_RATE_HZ;
  let total = 0;
  for (const [i, out] of convDim.entries()) {
    rate /= convStride[i];
    total += 2 * rate * convKernel[i] * (convDim[i - 1] ?? 1) * out;
  }
  return total;
}

/** Seconds that reading `speechSeconds`, the front end and units take on a processor with so many threads. */
export function expectPreparation(
  { units }: Pick<Experiment, 'units'>,
  base: BaseConfig,
  threads: number,
  speechSeconds: number,
): number {
  const speed = flopsPerSecond(base, threads);
  const frames = framesPerSecond(base);
  // Clips of some ten seconds.
  const { front, projections, attention } = frameFlops(base, 10 * frames);
  const layer =
    units.layer === 'auto' ? Math.max(1, Math.round(0.75 * base.layers)) : Math.min(units.layer, base.layers);
  const toUnits = frames * (front + layer * (projections + attention));
  const second =
    SCAN / Math.max(1, threads) + convolutionFlops(base) / (CONVOLUTION_REACHES * speed) + (FIT * toUnits) / speed;
  return speechSeconds * second;
}

/** Of every language at most what is measured, and what is held out of it. */
export function heldOutSeconds(
  { languages, evaluation }: Pick<Experiment, 'languages' | 'evaluation'>,
  speech: Speech,
) {
  let sum = 0;
  for (const [code, { heldOut, hours }] of Object.entries(languages)) {
    const has = Math.min(speech[code] ?? Number.POSITIVE_INFINITY, (hours ?? Number.POSITIVE_INFINITY) * 3600);
    sum += Math.min(evaluation.secondsPerLanguage, heldOut * has);
  }
  return sum;
}

/**
 * @param speech of the languages whose length is known; the others are prepared in no time, so tell it where any is missing
 * @param pace of this machine, where something has run on it
 */
export function expectWhole(
  experiment: Experiment,
  base: BaseConfig,
  threads: number,
  speech: Speech,
  pace?: Pace,
): Whole {
  const { stepSeconds, startSeconds, measurementSeconds, peakBytes, ...run } = expectRun(experiment, base, threads);
  const stepsFactor = pace?.steps ?? 1;
  const preparationFactor = pace?.preparation ?? stepsFactor;
  const { evaluation, languages } = experiment;
  const heard = Object.entries(languages).reduce(
    (sum, [code, { hours }]) => sum + Math.min(speech[code] ?? 0, (hours ?? Number.POSITIVE_INFINITY) * 3600),
    0,
  );
  const preparationSeconds = preparationFactor * expectPreparation(experiment, base, threads, heard);
  // What is held out is seldom as much as may be measured.
  const full = Object.keys(languages).length * evaluation.secondsPerLanguage;
  const share = full > 0 ? heldOutSeconds(experiment, speech) / full : 1;
  const measurement = stepsFactor * measurementSeconds * share;
  const probes = evaluation.probes
    ? (preparationFactor * share * full * base.layers * (PROBE.layer + PROBE.width * base.hidden)) /
      Math.max(1, threads)
    : 0;
  const steps = totalSteps(experiment);
  const measurements = 1 + Math.ceil(steps / evaluation.every);
  const start = preparationSeconds + stepsFactor * startSeconds + probes + measurement;
  const stages = experiment.stages?.length ?? 1;
  return {
    preparationSeconds,
    firstCurveSeconds: start + Math.min(steps, evaluation.every) * stepsFactor * run.wholeStepSeconds + measurement,
    totalSeconds:
      start + steps * stepsFactor * run.wholeStepSeconds + (measurements - 1) * measurement + stages * probes,
    peakBytes,
    measured: pace !== undefined,
  };
}
