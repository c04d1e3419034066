/**
 * @file Sums over an interval, by language: whatever an objective measures frame by frame, and what the routers did.
 * Plain data, so that a checkpoint can carry it.
 */
import type { SiteUse } from '../protocol/events.ts';
import { type Measurement, units } from '../protocol/measurement.ts';
import type { Outcome } from './learner.ts';

/** Of one measure over clips: Σv, Σv² and Σv·n, where v is a clip's sum over its n frames. */
interface ClipSums {
  sum: number;
  squares: number;
  cross: number;
}

export interface Tally {
  /** Masked frames, and Σn² over clips. */
  frames: number;
  squaredFrames: number;
  clips: number;
  measures: Record<string, ClipSums>;
  gates: number[];
  loads: number[];
  entropyNats: number[];
}

export type Meter = Record<string, Tally>;

const empty = (): Tally => ({
  frames: 0,
  squaredFrames: 0,
  clips: 0,
  measures: {},
  gates: [],
  loads: [],
  entropyNats: [],
});

/** Every measure's sum over each clip's masked frames; `maskedOf[b]` is the number of masked frames of clip b. */
export function clipSums({ perFrame }: Outcome, maskedOf: readonly number[]): Record<string, number>[] {
  let first = 0;
  return maskedOf.map((frames) => {
    const sums: Record<string, number> = {};
    for (const [measure, values] of Object.entries(perFrame)) {
      let value = 0;
      for (let i = first; i < first + frames; i++) value += values[i];
      sums[measure] = value;
    }
    first += frames;
    return sums;
  });
}

/** Adds a batch's outcome; `languages[b]` is the language of clip b and `maskedOf[b]` its number of masked frames. */
export function tally(meter: Meter, outcome: Outcome, languages: readonly string[], maskedOf: readonly number[]): void {
  const ofClips = clipSums(outcome, maskedOf);
  languages.forEach((language, b) => {
    meter[language] ??= empty();
    const sums = meter[language];
    const frames = maskedOf[b];
    for (const [measure, value] of Object.entries(ofClips[b])) {
      if (Number.isNaN(value)) continue; // nothing of this clip is measured by it
      sums.measures[measure] ??= { sum: 0, squares: 0, cross: 0 };
      const of = sums.measures[measure];
      of.sum += value;
      of.squares += value * value;
      of.cross += value * frames;
    }
    sums.frames += frames;
    sums.squaredFrames += frames * frames;
    sums.clips++;
    addRow(sums.gates, outcome.gates, b, languages.length);
    addRow(sums.loads, outcome.loads ?? outcome.gates, b, languages.length);
    addRow(sums.entropyNats, outcome.entropy, b, languages.length);
  });
}

function addRow(sums: number[], rows: Float32Array | undefined, b: number, count: number): void {
  if (!rows) return;
  const width = rows.length / count;
  for (let i = 0; i < width; i++) sums[i] = (sums[i] ?? 0) + rows[b * width + i];
}

/** A measure's mean over all frames, so that every frame counts alike however long its clip. */
export const mean = ({ frames, measures }: Tally, measure: string): number => measures[measure].sum / frames;

/**
 * Standard error of that mean with clips as the independent draws: of a ratio of sums, linearised (Cochran 1977,
 * Sampling Techniques, chapter 6). Undefined for fewer than two clips.
 */
export function standardError(tally: Tally, measure: string): number | undefined {
  const { frames, squaredFrames, clips } = tally;
  if (clips < 2) return undefined;
  const ratio = mean(tally, measure);
  const { squares, cross } = tally.measures[measure];
  const residuals = Math.max(0, squares - 2 * ratio * cross + ratio * ratio * squaredFrames);
  return Math.sqrt((clips / (clips - 1)) * residuals) / frames;
}

/** Every measure of every language. */
export function measurements(arm: string, meter: Meter): Measurement[] {
  return Object.entries(meter).flatMap(([language, sums]) =>
    Object.keys(sums.measures).map((measure) => ({
      arm,
      language,
      measure,
      unit: units[measure] ?? '',
      value: mean(sums, measure),
      spread: standardError(sums, measure),
    })),
  );
}

/** One language's use of every expert. */
export function utilisation(
  sums: Tally,
  sites: readonly { layer: number; target: string; experts: number }[],
): SiteUse[] {
  let at = 0;
  return sites.map(({ layer, target, experts }, i) => {
    const gates = sums.gates.slice(at, at + experts).map((g) => g / sums.clips);
    const loads = sums.loads.slice(at, at + experts);
    at += experts;
    const total = loads.reduce((a, b) => a + b, 0) || 1;
    const entropy = gates.reduce((h, p) => (p > 0 ? h - p * Math.log(p) : h), 0);
    return {
      layer,
      target,
      gates,
      load: loads.map((l) => (l / total) * experts),
      effectiveExperts: Math.exp(entropy),
      effectivePerFrame: Math.exp(sums.entropyNats[i] / sums.clips),
    };
  });
}
