/** @file How close a product in 8 bits comes to float32, and how channels that stick out are evened out. Pure numbers. */

export interface Closeness {
  /** Of the two results as vectors; 1 where one of them is a multiple of the other. */
  cosine: number;
  /** ‖approximate − exact‖ / ‖exact‖. */
  relativeError: number;
}

export function closeness(approximate: Float32Array, exact: Float32Array): Closeness {
  let [ours, theirs, apart] = [0, 0, 0];
  for (let i = 0; i < exact.length; i++) {
    const [a, b] = [approximate[i], exact[i]];
    ours += a * a;
    theirs += b * b;
    apart += (a - b) * (a - b);
  }
  return closenessOf(ours, theirs, apart);
}

/** From ‖approximate‖², ‖exact‖² and ‖approximate − exact‖². */
export function closenessOf(ours: number, theirs: number, apart: number): Closeness {
  if (theirs === 0) return { cosine: ours === 0 ? 1 : 0, relativeError: ours === 0 ? 0 : Number.POSITIVE_INFINITY };
  // 2⟨a, b⟩ = ‖a‖² + ‖b‖² − ‖a − b‖²
  const cosine = ours === 0 ? 0 : (ours + theirs - apart) / (2 * Math.sqrt(ours * theirs));
  return { cosine, relativeError: Math.sqrt(apart / theirs) };
}

/**
 * SmoothQuant's migration (Xiao et al. 2023, eq. 4, α = 1/2) in powers of two, which change no digit: channel j of the left
 * side is divided by 2^shift_j and row j of the matrix multiplied by it, where 2^shift_j is about √(max|x_j| / max|w_j|)
 * over the median of that. Zero nearly everywhere, unless a channel sticks out.
 * @param largest the largest size of each channel of what is multiplied
 * @param matrixLargest the largest of the matrix for each channel
 */
export function smoothingShifts(largest: Float32Array, matrixLargest: Float32Array): number[] {
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
