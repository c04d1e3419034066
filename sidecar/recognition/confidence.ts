/**
 * @file How sure a recogniser may be of a word: a temperature fitted on speech that did not train it (Guo et al. 2017,
 * section 4.2), and what it is worth on other speech, as the expected calibration error (section 2). Pure.
 */
import { align } from './align.ts';
import { decodePrefix } from './decode.ts';
import type { Tokens } from './tokens.ts';
import { wordsOf } from './words.ts';

export interface Calibration {
  /** Divides the logits. */
  temperature: number;
  /** Words that it was fitted on. */
  fitted: number;
  /** On words that it was not fitted on: their number, and the expected calibration error with it and without (0 … 1). */
  tested: number;
  error: number;
  errorBefore: number;
}

export type Confidence = Calibration | { uncalibrated: string };

export const isCalibrated = (one: Confidence | undefined): one is Calibration =>
  one !== undefined && 'temperature' in one;

/** What was heard in a clip, and what was said. */
export interface Heard {
  /** [frames, vocabulary], the clip's own. */
  logits: Float32Array;
  reference: string;
}

/** A word that was heard: how sure, and whether it was said. */
export interface Judged {
  confidence: number;
  right: boolean;
}

/** Fewer tell nothing of tenths. */
const LEAST_WORDS = 50;
const BINS = 10;
/** Temperatures that are tried: from a half to eight, each a twentieth of an octave above the one before. */
const TRIED = Array.from({ length: 81 }, (_, i) => 2 ** (-1 + i / 20));
/** A certainty that was wrong would weigh without end. */
const SUREST = 0.999;

/** @param fit what chose the parameters @param test what is scored: neither trained */
export function calibrate(fit: readonly Heard[], test: readonly Heard[], tokens: Tokens): Confidence {
  const judgedAt = judging(fit, tokens);
  const words = judgedAt(1);
  const right = words.filter((word) => word.right).length;
  if (words.length < LEAST_WORDS)
    return {
      uncalibrated: `${words.length} words were heard in the speech that chooses; ${LEAST_WORDS} are the fewest.`,
    };
  if (right === 0 || right === words.length)
    return {
      uncalibrated: `all ${words.length} words that were heard in the speech that chooses are ${right === 0 ? 'wrong' : 'right'}.`,
    };
  const temperature = TRIED.map((t) => ({ t, cost: surprise(judgedAt(t)) })).reduce((a, b) =>
    b.cost < a.cost ? b : a,
  ).t;
  const testedAt = judging(test, tokens);
  const [before, after] = [testedAt(1), testedAt(temperature)];
  if (after.length < LEAST_WORDS)
    return {
      uncalibrated: `${after.length} words were heard in the speech that is scored; ${LEAST_WORDS} are the fewest.`,
    };
  return {
    temperature,
    fitted: words.length,
    tested: after.length,
    error: calibrationError(after),
    errorBefore: calibrationError(before),
  };
}

/** Every word by any temperature; decoded and held against what was said once. */
function judging(all: readonly Heard[], tokens: Tokens): (temperature: number) => Judged[] {
  const vocabulary = tokens.symbols.length;
  const clips = all.map(({ logits, reference }) => {
    const decoded = decodePrefix(logits, vocabulary);
    const heard = wordsOf(align(logits, vocabulary, decoded) ?? [], tokens).words.map(({ text }) => text);
    const said = reference
      .replace(/^\s*\[[^[\]\s]+\]/u, '')
      .split(/\s+/u)
      .filter(Boolean);
    return { logits, decoded, right: heardRightly(said, heard) };
  });
  return (temperature) =>
    clips.flatMap(({ logits, decoded, right }) =>
      wordsOf(align(logits, vocabulary, decoded, { temperature }) ?? [], tokens).words.map(({ confidence }, i) => {
        return { confidence, right: right[i] };
      }),
    );
}

/** Of each word that was heard, whether a best alignment (Levenshtein 1966) puts it on the same word. */
export function heardRightly(said: readonly string[], heard: readonly string[]): boolean[] {
  const costs = Array.from({ length: said.length + 1 }, (_, i) =>
    Uint32Array.from({ length: heard.length + 1 }, (_, j) => (i === 0 ? j : i)),
  );
  for (let i = 1; i <= said.length; i++)
    for (let j = 1; j <= heard.length; j++)
      costs[i][j] = Math.min(
        costs[i - 1][j - 1] + Number(said[i - 1] !== heard[j - 1]),
        costs[i - 1][j] + 1,
        costs[i][j - 1] + 1,
      );
  const right = heard.map(() => false);
  let [i, j] = [said.length, heard.length];
  while (i > 0 && j > 0) {
    const same = said[i - 1] === heard[j - 1];
    if (costs[i][j] === costs[i - 1][j - 1] + Number(!same)) {
      right[j - 1] = same;
      i--;
      j--;
    } else if (costs[i][j] === costs[i - 1][j] + 1) i--;
    else j--;
  }
  return right;
}

/** Mean −log of the probability that was given to what is so, in nats. */
function surprise(words: readonly Judged[]): number {
  const of = (confidence: number) => Math.min(SUREST, Math.max(1 - SUREST, confidence));
  return (
    words.reduce((sum, { confidence, right }) => sum - Math.log(right ? of(confidence) : 1 - of(confidence)), 0) /
    words.length
  );
}

/** Mean over words of how far apart, in its tenth, mean confidence and share of right words are. */
export function calibrationError(words: readonly Judged[]): number {
  const bins = Array.from({ length: BINS }, () => ({ confidence: 0, right: 0 }));
  for (const { confidence, right } of words) {
    const bin = bins[Math.min(BINS - 1, Math.floor(confidence * BINS))];
    bin.confidence += confidence;
    bin.right += Number(right);
  }
  return bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.right), 0) / words.length;
}

/** In a sentence, for whoever reads a confidence. */
export function sayConfidence(one: Confidence | undefined): string {
  if (!isCalibrated(one))
    return `Confidence is not calibrated: ${one?.uncalibrated ?? 'an older MiLorE kept this recogniser.'}`;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return `Confidence is calibrated: temperature ${one.temperature.toFixed(2)}, fitted on ${one.fitted} words that did not train it; on ${one.tested} others it is off by ${percent(one.error)} on average (expected calibration error; ${percent(one.errorBefore)} without).`;
}
