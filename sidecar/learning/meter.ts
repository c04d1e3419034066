/** @file Sums over a logging interval, by language: losses, frames, and what the routers did. Plain data, so that a checkpoint can carry it. */
import type { Score, SiteUse } from '../protocol/events.ts';
import type { Outcome } from './learner.ts';

export interface Tally {
  /** Masked frames. */
  frames: number;
  lossNats: number;
  correct: number;
  baseLossNats: number;
  baseCorrect: number;
  /** Clips behind the sums of gates, loads and entropy. */
  clips: number;
  gates: number[];
  loads: number[];
  entropyNats: number[];
}

export type Meter = Record<string, Tally>;

const empty = (): Tally => ({
  frames: 0,
  lossNats: 0,
  correct: 0,
  baseLossNats: 0,
  baseCorrect: 0,
  clips: 0,
  gates: [],
  loads: [],
  entropyNats: [],
});

/** Adds a batch's outcome; `languages[b]` is the language of clip b and `maskedOf[b]` its number of masked frames. */
export function tally(meter: Meter, outcome: Outcome, languages: readonly string[], maskedOf: readonly number[]): void {
  let frame = 0;
  languages.forEach((language, b) => {
    meter[language] ??= empty();
    const sums = meter[language];
    for (let i = 0; i < maskedOf[b]; i++, frame++) {
      sums.frames++;
      sums.lossNats += outcome.nll[frame];
      sums.correct += outcome.correct[frame];
      if (outcome.base) {
        sums.baseLossNats += outcome.base.nll[frame];
        sums.baseCorrect += outcome.base.correct[frame];
      }
    }
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

export const score = ({ frames, lossNats, correct }: Tally): Score => ({
  lossNats: lossNats / frames,
  accuracy: correct / frames,
  frames,
});

/** By the base's own frozen head. */
export const baseScore = ({ frames, baseLossNats, baseCorrect }: Tally): Score => ({
  lossNats: baseLossNats / frames,
  accuracy: baseCorrect / frames,
  frames,
});

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
