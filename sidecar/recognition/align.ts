/** @file When each symbol was said: the likeliest alignment of tokens that are known, and how sure each is. */
import { logProbabilities } from './decode.ts';

export interface Said {
  token: number;
  /** Frames of logits, the last not among them. */
  from: number;
  to: number;
  /** The largest probability that the token has in its frames, 0 … 1: as good as the temperature that it was told by. */
  confidence: number;
}

/**
 * The one likeliest path of CTC's lattice that spells `tokens` (Viterbi over blank, token, blank, …; Graves et al. 2006,
 * section 4.1 has its states), in frames of logits [frames, vocabulary]. Undefined where they do not fit.
 * @param temperature divides the logits for how sure each token is (Guo et al. 2017, section 4.2)
 */
export function align(
  logits: Float32Array,
  vocabulary: number,
  tokens: readonly number[],
  { blank = 0, temperature = 1 }: { blank?: number; temperature?: number } = {},
): Said[] | undefined {
  const p = logProbabilities(logits, vocabulary);
  // Times go by the probabilities as they are; only how sure each is goes by the temperature.
  const q =
    temperature === 1
      ? p
      : logProbabilities(
          logits.map((x) => x / temperature),
          vocabulary,
        );
  const frames = p.length / vocabulary;
  if (tokens.length === 0 || frames === 0) return tokens.length === 0 ? [] : undefined;
  const states = 2 * tokens.length + 1;
  const labelOf = (state: number) => (state % 2 === 1 ? tokens[(state - 1) / 2] : blank);
  // How many states back the best path into a state came from.
  const back = new Uint8Array(frames * states);
  let best = new Float64Array(states).fill(Number.NEGATIVE_INFINITY);
  best[0] = p[blank];
  best[1] = p[tokens[0]];
  for (let t = 1; t < frames; t++) {
    const next = new Float64Array(states);
    for (let s = 0; s < states; s++) {
      let [steps, most] = [0, best[s]];
      if (s > 0 && best[s - 1] > most) [steps, most] = [1, best[s - 1]];
      // A blank may be left out between two tokens that differ.
      const skips = s > 1 && s % 2 === 1 && labelOf(s) !== labelOf(s - 2);
      if (skips && best[s - 2] > most) [steps, most] = [2, best[s - 2]];
      back[t * states + s] = steps;
      next[s] = most + p[t * vocabulary + labelOf(s)];
    }
    best = next;
  }
  let state = best[states - 1] >= best[states - 2] ? states - 1 : states - 2;
  if (best[state] === Number.NEGATIVE_INFINITY) return undefined;
  const said = tokens.map((token): Said => ({ token, from: frames, to: 0, confidence: 0 }));
  for (let t = frames - 1; t >= 0; t--) {
    if (state % 2 === 1) {
      const one = said[(state - 1) / 2];
      one.from = t;
      one.to = Math.max(one.to, t + 1);
      one.confidence = Math.max(one.confidence, Math.exp(q[t * vocabulary + one.token]));
    }
    state -= back[t * states + state];
  }
  return said;
}
