/** @file How close a product in 8 bits comes to float32, and how channels that stick out are evened out. Pure numbers. */

export interface Closeness {
  /** Of the two results as vectors; 1 where one of them is a multiple of the other. */
  cosine: number;
  /** ‖approximate − exact‖ / ‖exact‖. */
  relativeError: number;
}

export function closeness(approximate: Float32Array, exact: Float32Array): Closeness {
  let [dot, ours, theirs, apart] = [0, 0, 0, 0];
  for (let i = 0; i < exact.length; i++) {
    const [a, b] = [approximate[i], exact[i]];
    dot += a * b;
    ours += a * a;
    theirs += b * b;
    apart += (a - b) * (a - b);
  }
  if (theirs === 0) return { cosine: ours === 0 ? 1 : 0, relativeError: ours === 0 ? 0 : Number.POSITIVE_INFINITY };
  return { cosine: ours === 0 ? 0 : dot / Math.sqrt(ours * theirs), relativeError: Math.sqrt(apart / theirs) };
}

/**
 * SmoothQuant's migration (Xiao et al. 2023, eq. 4, α = 1/2) in powers of two, which change no digit: channel j of the left
 * side is divided by 2^shift_j and row j of the matrix multiplied by it, where 2^shift_j is about √(max|x_j| / max|w_j|)
 * over the median of that. Zero nearly everywhere, unless a channel sticks out.
 * @param left [rows, channels], what is multiplied
 * @param matrixLargest the largest of the matrix for each channel
 */
export function smoothingShifts(left: Float32Array, matrixLargest: Float32Array): number[] {
  const channels = matrixLargest.length;
  const largest = new Float32Array(channels);
  for (let i = 0; i < left.length; i++) {
    const j = i % channels;
    const size = Math.abs(left[i]);
    if (size > largest[j]) largest[j] = size;
  }
  const ratio = Array.from(largest, (x, j) => (x > 0 && matrixLargest[j] > 0 ? Math.sqrt(x / matrixLargest[j]) : 0));
  const known = ratio.filter((r) => r > 0).sort((a, b) => a - b);
  const median = known[known.length >> 1] ?? 1;
  // Bounded, so that no product leaves float32's range.
  return ratio.map((r) => (r === 0 ? 0 : Math.max(-16, Math.min(16, Math.round(Math.log2(r / median))))));
}

/** The largest size of W [out, in] for each of what is summed over: columns on the way forward, rows on the way back. */
export function largestOf(matrix: Float32Array, [out, ins]: readonly number[], direction: 'forward' | 'backward') {
  const largest = new Float32Array(direction === 'forward' ? ins : out);
  for (let o = 0; o < out; o++)
    for (let i = 0; i < ins; i++) {
      const at = direction === 'forward' ? i : o;
      const size = Math.abs(matrix[o * ins + i]);
      if (size > largest[at]) largest[at] = size;
    }
  return largest;
}
