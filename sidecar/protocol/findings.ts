/**
 * @file What a run was found to have learned and to have forgotten: every measure as a matrix R[row][language], row 0 the
 * base, row i after stage i, each number with its interval. What the dashboard's Evaluation tab and the report show.
 * It imports nothing.
 */

export type Verdict = 'better' | 'worse' | 'cannot tell';
export type Better = 'lower' | 'higher';

/** A number with its interval. Without `value` it was not measured; without `low` and `high` there is no interval; `reason` says why. */
export interface Finding {
  value?: number;
  low?: number;
  high?: number;
  /** What was drawn by the bootstrap, and how many there are of it. */
  by?: 'speaker' | 'utterance';
  drawn?: number;
  reason?: string;
}

/** A difference; without an interval it is "cannot tell". */
export interface Change extends Finding {
  verdict: Verdict;
}

export interface Cell extends Finding {
  /** This number minus that of `against`, on the same utterances. Absent in the row that is compared with. */
  change?: Change;
}

/** One measure in every row and language. */
export interface FindingTable {
  /** `loss`, `accuracy`, `ownHeadLoss`, `ownHeadAccuracy`, `languageIdentification`, `abxWithin`, `abxAcross`, `cer`, … */
  measure: string;
  /** `nats` or `share` (0 to 1). */
  unit: string;
  better: Better;
  /**
   * What a change is against: `base` is row 0 of the same table; `control` is the head trained as long on the frozen base,
   * in the same row, its numbers in `compared`.
   */
  against: 'base' | 'control';
  /** By row, then by language; a language without a cell was never measured. */
  rows: Record<string, Cell>[];
  /** Where `against` is `control`: the control's own numbers. */
  compared?: Record<string, Finding>[];
  /** Each row's mean over the languages seen so far, and what they gained since they entered (negative: forgotten). */
  average: Finding[];
  backwardTransfer: Finding[];
  /**
   * How much better the languages that entered are than in a run of each alone (`alone`), or, where none was named, what
   * the stages before had gained them over the base (`base`).
   */
  forwardTransfer: Finding[];
  /** Absent in older files, where it is `alone`. */
  forwardAgainst?: 'alone' | 'base';
  /** After the last row. */
  worst?: { language: string; value: number };
  /** The most that a language lost in one stage, as a positive number; absent where none lost anything. */
  largestLoss?: { language: string; row: number; value: number };
  /** Under the table, in words: what makes its numbers weaker than they look. */
  notes: string[];
}

/** Of a classifier of languages: `counts[i][j]` windows of `languages[i]` were taken for `languages[j]`. */
export interface Confusion {
  row: number;
  /** `states`: hidden states of the model; `log-mel`: the same probe on a spectrogram, which no model has seen. */
  features: 'states' | 'log-mel';
  languages: string[];
  counts: number[][];
  accuracy: Finding;
  /** Always the commonest language of what is scored. */
  chance: number;
}

/** 1 − linear CKA of a language's frames against the base's same layer: 0 unchanged. Hidden state 0 is the encoder's input. */
export interface Drift {
  row: number;
  language: string;
  layers: (number | null)[];
}

/** An utterance that went worst, or lost most since the base. */
export interface Example {
  id: string;
  speaker?: string;
  seconds: number;
  /** Where its sound lies; absent where a clip is joined of several. */
  path?: string;
  startSeconds?: number;
  value: number;
  /** The base's, or the control's. */
  before?: number;
  reference?: string;
  /** What the recogniser heard, after and before. */
  heard?: string;
  heardBefore?: string;
}

export interface Examples {
  measure: string;
  language: string;
  /** The last row. */
  row: number;
  worst: Example[];
  lostMost: Example[];
}

export interface Findings {
  version: 1;
  /** Row 0 is the base. */
  rows: { row: number; step: number; add: string[]; seconds: number }[];
  /** In the experiment's order; `entered` is the row after which it had been learned, 0 for what the base knows. */
  languages: {
    code: string;
    role: 'existing' | 'new';
    entered: number;
    seconds: number;
    utterances: number;
    speakers: number;
  }[];
  tables: FindingTable[];
  confusions: Confusion[];
  drift: Drift[];
  examples: Examples[];
  /** What was not measured, and why. */
  skipped: { measure: string; reason: string }[];
  /** Seconds of measuring after the stages over seconds of training them; absent where one was trained in several legs. */
  costShare?: number;
  /** Exact counts: of the base, and of what trained. */
  parameters?: { base: number; experts: number; routers: number; baseTrained: number; head: number };
  /** Of the bootstrap. */
  draws: number;
  level: number;
  seed: number;
}
