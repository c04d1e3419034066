/**
 * @file SpecAugment (Park et al. 2019) as ML-SUPERB's recipe in ESPnet has it, on the summed hidden states: time warp,
 * frequency masks, time masks, zeros. Drawn by key and clip, never by call order.
 */
import type { Feed } from '../engine/session.ts';
import { type Key, keyedRandom } from '../random.ts';
import type { SpokenBatch } from './batch.ts';

export interface SpecAugment {
  /** Frames by which the warped centre may move; 0 for none. */
  warpWindow: number;
  widthMasks: number;
  /** Columns that one masks at most. */
  widthMost: number;
  timeMasks: number;
  /** Share of a clip's frames that one masks at most. */
  timeShare: number;
}

/** The recipe's own. */
export const ML_SUPERB_AUGMENT: SpecAugment = {
  warpWindow: 5,
  widthMasks: 2,
  widthMost: 26,
  timeMasks: 10,
  timeShare: 0.05,
};

type Uniform = () => number;
/** A whole number of low … high, both among them. */
const whole = (uniform: Uniform, low: number, high: number) => low + Math.floor(uniform() * (high - low + 1));

/** 0 where masked. A mask's width is drawn of 0 … most, its start so that the widest mask still fits. */
function mask(size: number, masks: number, most: number, uniform: Uniform): Float32Array {
  const kept = new Float32Array(size).fill(1);
  const widths = Array.from({ length: masks }, () => whole(uniform, 0, Math.min(most, size)));
  const places = Math.max(1, size - Math.max(0, ...widths));
  for (const width of widths) {
    const start = whole(uniform, 0, places - 1);
    kept.fill(0, start, start + width);
  }
  return kept;
}

/** Keys' cubic convolution with a = −0.75, PyTorch's "bicubic" (Keys 1981, eq. 4). */
function cubic(distance: number): number {
  const [x, a] = [Math.abs(distance), -0.75];
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/**
 * Writes the rows that stretch frames `from` … `to` − 1 over rows `first` … `last` − 1 of a square matrix: row i reads the
 * place (i + ½)·scale − ½, as PyTorch's `interpolate` does where corners are not aligned.
 */
export function stretch(
  matrix: Float32Array,
  side: number,
  [from, to]: readonly [number, number],
  [first, last]: readonly [number, number],
): void {
  const scale = (to - from) / (last - first);
  for (let row = first; row < last; row++) {
    const place = (row - first + 0.5) * scale - 0.5;
    const below = Math.floor(place);
    for (let tap = below - 1; tap <= below + 2; tap++) {
      const column = from + Math.min(to - from - 1, Math.max(0, tap));
      matrix[row * side + column] += cubic(place - tap);
    }
  }
}

/** What a clip of `frames` frames is multiplied by [side, side]: its centre moved, its ends kept; the identity beyond. */
function warp(frames: number, side: number, window: number, uniform: Uniform): Float32Array {
  const matrix = new Float32Array(side * side);
  for (let i = 0; i < side; i++) matrix[i * side + i] = 1;
  if (window < 1 || frames - window <= window) return matrix;
  const centre = whole(uniform, window, frames - window - 1);
  const moved = whole(uniform, centre - window, centre + window - 1) + 1;
  matrix.fill(0, 0, frames * side);
  stretch(matrix, side, [0, centre], [0, moved]);
  stretch(matrix, side, [centre, frames], [moved, frames]);
  return matrix;
}

/** The feeds of `specAugmentInputs`. The share of time is of a clip's own frames, so that no neighbour changes a draw. */
export function specAugmentFeeds(
  options: SpecAugment,
  { width }: { width: number },
  { clips, bindings: { T: frames } }: SpokenBatch,
  key: Key,
): Record<string, Feed> {
  const { warpWindow, widthMasks, widthMost, timeMasks, timeShare } = options;
  const warps = new Float32Array(clips.length * frames * frames);
  const times = new Float32Array(clips.length * frames).fill(1);
  const widths = new Float32Array(clips.length * width);
  clips.forEach(({ id, frames: own }, b) => {
    const uniform = keyedRandom('spec-augment', ...key, id);
    warps.set(warp(own, frames, warpWindow, uniform), b * frames * frames);
    widths.set(mask(width, widthMasks, widthMost, uniform), b * width);
    times.set(mask(own, timeMasks, Math.floor(timeShare * own), uniform), b * frames);
  });
  return {
    'augment.warp': { data: warps, shape: [clips.length, frames, frames] },
    'augment.time': { data: times, shape: [clips.length, frames, 1] },
    'augment.width': { data: widths, shape: [clips.length, 1, width] },
  };
}
