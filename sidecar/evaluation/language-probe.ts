/**
 * @file Which language is this? A linear probe on means over windows of 0.24 s, fitted on clips that train and asked about
 * held-out ones. The same probe on log-mel energies stands beside it: what no model was needed for. Pure.
 */
import type { ProbeResult } from './assessed.ts';
import { fitProbe } from './probe.ts';

/** Frames of a window: 0.24 s at 50 frames a second. */
export const WINDOW = 12;
/** Of each language that the probe is fitted on, in seconds. */
export const PROBE_SECONDS = 60;

/** A clip's windows, [windows · width]. */
export interface WindowedClip {
  hash: string;
  language: string;
  rows: Float32Array;
}

/**
 * Means over windows of the mean over layers, in which every frame of a layer has the same root mean square: layers differ
 * by orders of magnitude, and the loudest alone would be heard.
 * @param layers [frames · width] each
 */
export function pooledStates(layers: readonly Float32Array[], width: number): Float32Array {
  const frames = layers[0].length / width;
  const mean = new Float32Array(frames * width);
  for (const states of layers)
    for (let t = 0; t < frames; t++) {
      let squares = 0;
      for (let d = 0; d < width; d++) squares += states[t * width + d] ** 2;
      const scale = 1 / (Math.sqrt(squares / width) + 1e-8) / layers.length;
      for (let d = 0; d < width; d++) mean[t * width + d] += scale * states[t * width + d];
    }
  return windowMeans(mean, width);
}

/** Means over whole windows; what is left at the end belongs to none. */
export function windowMeans(rows: Float32Array, width: number): Float32Array {
  const windows = Math.floor(rows.length / width / WINDOW);
  const means = new Float32Array(windows * width);
  for (let w = 0; w < windows; w++)
    for (let t = w * WINDOW; t < (w + 1) * WINDOW; t++)
      for (let d = 0; d < width; d++) means[w * width + d] += rows[t * width + d] / WINDOW;
  return means;
}

/** Fits on `train`, asks about `test`. Languages are those of both, in the order given. */
export function probeLanguages(
  features: ProbeResult['features'],
  languages: readonly string[],
  train: readonly WindowedClip[],
  test: readonly WindowedClip[],
  width: number,
): ProbeResult {
  const classOf = new Map(languages.map((language, i) => [language, i]));
  const known = (clips: readonly WindowedClip[]) => clips.filter(({ language }) => classOf.has(language));
  const fitted = known(train);
  const rows = new Float32Array(fitted.reduce((sum, clip) => sum + clip.rows.length, 0));
  const classes = new Uint8Array(rows.length / width);
  let at = 0;
  for (const clip of fitted) {
    rows.set(clip.rows, at * width);
    const windows = clip.rows.length / width;
    classes.fill(classOf.get(clip.language)!, at, at + windows);
    at += windows;
  }
  const classify = fitProbe({ rows, width, classes }, languages.length);
  const counts = languages.map(() => languages.map(() => 0));
  const clips = known(test).map(({ hash, language, rows: own }) => {
    const truth = classOf.get(language)!;
    const found = classify(own);
    for (const one of found) counts[truth][one]++;
    return { hash, count: found.filter((one) => one === truth).length, of: found.length };
  });
  return { features, languages: [...languages], counts, clips };
}
