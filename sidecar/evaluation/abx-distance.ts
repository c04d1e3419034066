/** @file How far two stretches of frames lie apart: dynamic time warping over angles or Euclidean distances. Pure. */

export type FrameDistance = 'cosine' | 'euclidean';

/** Frames of unit length [frames, width]. */
export interface Stretch {
  data: Float64Array;
  frames: number;
}

/** Frames `from` … `to` − 1, each scaled to length 1; a frame of zeros points everywhere alike, as in libri-light. */
export function unitFrames(rows: Float32Array, width: number, from: number, to: number): Stretch {
  const data = Float64Array.from(rows.subarray(from * width, to * width));
  for (let frame = 0; frame < to - from; frame++) {
    const own = data.subarray(frame * width, (frame + 1) * width);
    const length = Math.sqrt(own.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < width; i++) own[i] = length > 0 ? own[i] / length : 1 / Math.sqrt(width);
  }
  return { data, frames: to - from };
}

/** arccos⟨a, b⟩ / π, or ‖a − b‖. */
function apart(a: Float64Array, i: number, b: Float64Array, j: number, width: number, kind: FrameDistance): number {
  let sum = 0;
  if (kind === 'cosine') {
    for (let k = 0; k < width; k++) sum += a[i * width + k] * b[j * width + k];
    return Math.acos(Math.min(1, Math.max(-1, sum))) / Math.PI;
  }
  for (let k = 0; k < width; k++) sum += (a[i * width + k] - b[j * width + k]) ** 2;
  return Math.sqrt(sum);
}

/**
 * The cost along the cheapest path ÷ the path's length (libri-light's `dtw.pyx`; where ways cost the same, diagonally
 * first, then back in b, then back in a).
 */
export function warpedDistance(a: Stretch, b: Stretch, width: number, kind: FrameDistance): number {
  const [n, m] = [a.frames, b.frames];
  const cost = new Float64Array(n * m);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) {
      const here = apart(a.data, i, b.data, j, width, kind);
      let best = Number.POSITIVE_INFINITY;
      if (i > 0 && j > 0) best = cost[(i - 1) * m + j - 1];
      if (i > 0) best = Math.min(best, cost[(i - 1) * m + j]);
      if (j > 0) best = Math.min(best, cost[i * m + j - 1]);
      cost[i * m + j] = here + (i === 0 && j === 0 ? 0 : best);
    }
  let [i, j, steps] = [n - 1, m - 1, 1];
  while (i > 0 && j > 0) {
    const [diagonal, left, up] = [cost[(i - 1) * m + j - 1], cost[i * m + j - 1], cost[(i - 1) * m + j]];
    if (diagonal <= left && diagonal <= up) [i, j] = [i - 1, j - 1];
    else if (left <= up) j--;
    else i--;
    steps++;
  }
  return cost[n * m - 1] / (steps + i + j);
}
