/** @file Errors of a hypothesis against a transcript: edit distance, and what is a symbol of a text. Pure. */

/** Of one utterance. `errors` may be more than `length`: what was inserted counts. */
export interface Errors {
  errors: number;
  /** Symbols of the reference. */
  length: number;
}

/** The least number of substitutions, deletions and insertions that turn one into the other (Levenshtein 1966). */
export function editDistance(reference: readonly string[], hypothesis: readonly string[]): number {
  let before = Uint32Array.from({ length: hypothesis.length + 1 }, (_, j) => j);
  let row = new Uint32Array(before.length);
  for (let i = 1; i <= reference.length; i++) {
    row[0] = i;
    for (let j = 1; j <= hypothesis.length; j++) {
      const replaced = before[j - 1] + (reference[i - 1] === hypothesis[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, before[j] + 1, row[j - 1] + 1);
    }
    [before, row] = [row, before];
  }
  return before[hypothesis.length];
}

/** How a text becomes symbols before it is scored, by the name that a table prints. */
export type Normalisation = keyof typeof normalisations;

const ASCII_PUNCTUATION = /[!-/:-@[-`{-~]/g;
const UNICODE_PUNCTUATION = /\p{P}/gu;
/** Written without spaces between words: version 2.0 of ML-SUPERB takes them out. */
const UNSPACED: ReadonlySet<string> = new Set(['cmn', 'jpn', 'tha', 'yue']);
/** From a `[` to the last `]` that no parenthesis stands before, both among it, as the recipe has it. */
const withoutBrackets = (text: string) => text.replace(/\[[^()]*\]/gu, '');
const upper = (text: string) => text.replace(ASCII_PUNCTUATION, '').toUpperCase().trim();

export const normalisations = {
  /** ML-SUPERB's monolingual preparation (ESPnet `egs2/ml_superb/asr1/local`): ASCII punctuation out, upper case. */
  'ml-superb-mono': (text: string) => upper(text),
  /** Its multilingual preparation: what stands in brackets goes out first. */
  'ml-superb-multi': (text: string) => upper(withoutBrackets(text)),
  /** Version 2.0: Unicode punctuation out, and spaces where the script has none. */
  'ml-superb-2': (text: string, language?: string) => {
    const bare = text.replace(UNICODE_PUNCTUATION, '').toUpperCase().trim();
    return language && UNSPACED.has(language) ? bare.replace(/\s+/gu, '') : bare;
  },
  /** Phones, parted by white space: nothing of them is punctuation. */
  phones: (text: string) => text.split(/\s+/u).filter(Boolean).join(' '),
  /** As it is. */
  none: (text: string) => text,
} satisfies Record<string, (text: string, language?: string) => string>;

/** Characters by code point; a space is one of them. */
export const characters = (text: string): string[] => [...text];
/** Phones, or words: what white space parts. */
export const byWhiteSpace = (text: string): string[] => text.split(/\s+/u).filter((part) => part !== '');

export const errorsOf = (reference: readonly string[], hypothesis: readonly string[]): Errors => ({
  errors: editDistance(reference, hypothesis),
  length: reference.length,
});

/** Σ errors ÷ Σ symbols over utterances: a long one counts for more. `undefined` where no reference has a symbol. */
export function pooledRate(utterances: readonly Errors[]): number | undefined {
  const length = utterances.reduce((sum, utterance) => sum + utterance.length, 0);
  return length > 0 ? utterances.reduce((sum, { errors }) => sum + errors, 0) / length : undefined;
}

/** The first tag of a hypothesis, as in `[deu] GUTEN TAG`; undefined where there is none. */
export const firstTag = (hypothesis: string): string | undefined => /\[([^[\]\s]+)\]/u.exec(hypothesis)?.[1];
/** 1 where the first tag is the language that was spoken, else 0; no tag is wrong. Its mean is the LID accuracy. */
export const languageRight = (hypothesis: string, language: string): number =>
  Number(firstTag(hypothesis) === language);
/** A hypothesis without its tags, for the error rate. */
export const withoutTags = (hypothesis: string): string => hypothesis.replace(/\[[^[\]\s]+\]/gu, '').trim();
