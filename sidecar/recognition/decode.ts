/** @file From a clip's logits to its tokens, by either of two ways that do not always agree; which one is always named. */

/** `frames`: the likeliest token of each frame. `prefix`: CTC's prefix search of width 1, as ML-SUPERB's recipe decodes. */
export type Decoding = 'frames' | 'prefix';
export const DECODINGS: readonly Decoding[] = ['prefix', 'frames'];

/** One clip's logits [frames, vocabulary] as log-probabilities, in double precision. */
export function logProbabilities(logits: Float32Array, vocabulary: number): Float64Array {
  const out = Float64Array.from(logits);
  for (let start = 0; start < out.length; start += vocabulary) {
    const row = out.subarray(start, start + vocabulary);
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const total = top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0));
    for (let v = 0; v < vocabulary; v++) row[v] -= total;
  }
  return out;
}

/** The likeliest token of every frame, repeats once, blanks left out (Graves et al. 2006, section 3.2, best path). */
export function decodeFrames(logits: Float32Array, vocabulary: number, blank = 0): number[] {
  const found: number[] = [];
  let before = blank;
  for (let start = 0; start < logits.length; start += vocabulary) {
    let best = 0;
    for (let v = 1; v < vocabulary; v++) if (logits[start + v] > logits[start + best]) best = v;
    if (best !== blank && best !== before) found.push(best);
    before = best;
  }
  return found;
}

const add = (a: number, b: number): number => {
  const top = Math.max(a, b);
  return top === Number.NEGATIVE_INFINITY ? top : top + Math.log1p(Math.exp(Math.min(a, b) - top));
};

/** log-probability, by frame, of having spelled a prefix and ending in its last label, or in a blank. */
interface Prefix {
  labels: number[];
  label: Float64Array;
  blank: Float64Array;
}

/**
 * Prefix search of width 1: from the empty prefix on, the token whose prefix has the greatest probability of all that may
 * follow is taken, until the prefix as a whole is likelier than every longer one (Graves 2012, section 7.5.2; Watanabe et
 * al. 2017, algorithm 2). It sums over alignments, where `decodeFrames` takes the one best.
 */
export function decodePrefix(logits: Float32Array, vocabulary: number, blank = 0): number[] {
  const p = logProbabilities(logits, vocabulary);
  const frames = p.length / vocabulary;
  const never = () => new Float64Array(frames).fill(Number.NEGATIVE_INFINITY);
  const empty = never();
  for (let t = 0, sum = 0; t < frames; t++) empty[t] = sum += p[t * vocabulary + blank];
  let prefix: Prefix = { labels: [], label: never(), blank: empty };
  const probabilities = p.map(Math.exp);
  while (prefix.labels.length < frames) {
    let best = -1;
    let bestScore = add(prefix.label[frames - 1], prefix.blank[frames - 1]);
    const scores = prefixScores(prefix, probabilities, vocabulary);
    for (let token = 0; token < vocabulary; token++) {
      if (token === blank) continue;
      const repeats = token === prefix.labels.at(-1);
      const score = repeats ? prefixScore(prefix, token, p, vocabulary) : scores[token];
      if (score > bestScore) [best, bestScore] = [token, score];
    }
    if (best < 0) break;
    prefix = extended(prefix, best, p, vocabulary, blank);
  }
  return prefix.labels;
}

/** What may have been spelled before frame t so that `token` is new there; the empty prefix stands before frame 0. */
function before({ labels, label, blank }: Prefix, token: number, t: number): number {
  if (t === 0) return labels.length === 0 ? 0 : Number.NEGATIVE_INFINITY;
  return token === labels.at(-1) ? blank[t - 1] : add(blank[t - 1], label[t - 1]);
}

/** log-probability of everything that begins with the prefix and `token`. */
function prefixScore(prefix: Prefix, token: number, p: Float64Array, vocabulary: number): number {
  let score = Number.NEGATIVE_INFINITY;
  for (let t = 0; t * vocabulary < p.length; t++)
    score = add(score, before(prefix, token, t) + p[t * vocabulary + token]);
  return score;
}

/**
 * The same for every token that is not the prefix's last at once: they share what may stand before, so that one pass over the
 * frames in plain probabilities does, where thousands of tokens in logarithms would take seconds a clip.
 */
function prefixScores(prefix: Prefix, probabilities: Float64Array, vocabulary: number): Float64Array {
  const other = -1;
  const frames = probabilities.length / vocabulary;
  const weights = Float64Array.from({ length: frames }, (_, t) => before(prefix, other, t));
  const top = weights.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const sums = new Float64Array(vocabulary);
  for (let t = 0; t < frames; t++) {
    const weight = Math.exp(weights[t] - top);
    if (!(weight > 0)) continue;
    for (let v = 0, at = t * vocabulary; v < vocabulary; v++, at++) sums[v] += weight * probabilities[at];
  }
  return sums.map((sum) => top + Math.log(sum));
}

function extended(prefix: Prefix, token: number, p: Float64Array, vocabulary: number, blank: number): Prefix {
  const frames = p.length / vocabulary;
  const next: Prefix = {
    labels: [...prefix.labels, token],
    label: new Float64Array(frames),
    blank: new Float64Array(frames),
  };
  for (let t = 0; t < frames; t++) {
    const stays = t === 0 ? Number.NEGATIVE_INFINITY : next.label[t - 1];
    const rests = t === 0 ? Number.NEGATIVE_INFINITY : add(next.label[t - 1], next.blank[t - 1]);
    next.label[t] = add(stays, before(prefix, token, t)) + p[t * vocabulary + token];
    next.blank[t] = rests + p[t * vocabulary + blank];
  }
  return next;
}

/** @param logits of the clip's own frames alone */
export const decodeBy = (how: Decoding, logits: Float32Array, vocabulary: number, blank = 0): number[] =>
  how === 'frames' ? decodeFrames(logits, vocabulary, blank) : decodePrefix(logits, vocabulary, blank);
