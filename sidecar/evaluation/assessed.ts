/**
 * @file What was measured of one row, utterance by utterance, as a run keeps it: row 0 before the first step, row i after
 * stage i. Every interval, difference and matrix is worked out from these, so that none needs the model again.
 */
import type { Better, Drift } from '../protocol/findings.ts';

/** A clip of held-out speech. */
export interface AssessedClip {
  hash: string;
  /** As the data set calls it. */
  id: string;
  language: string;
  speaker?: string;
  seconds: number;
  /** Where its sound lies; absent where it is joined of several. */
  path?: string;
  startSeconds?: number;
}

/** Of one utterance: what was counted, and of how many; where something was read, what was there and what was heard. */
export interface Count {
  hash: string;
  count: number;
  of: number;
  reference?: string;
  heard?: string;
}

/** One measure of one model in one language: a ratio of sums over clips. */
export interface Score {
  measure: string;
  unit: string;
  better: Better;
  arm: string;
  language: string;
  counts: Count[];
}

/** How a probe of languages took the windows of held-out speech. */
export interface ProbeResult {
  features: 'states' | 'log-mel';
  languages: string[];
  /** `counts[i][j]` windows of `languages[i]` taken for `languages[j]`. */
  counts: number[][];
  /** By clip: windows taken rightly, and all. */
  clips: { hash: string; count: number; of: number }[];
}

export interface Assessed {
  version: 1;
  row: number;
  step: number;
  /** What was added in the stage before. */
  add: string[];
  /** That the measurements took, and that the training before them did. */
  seconds: number;
  trainingSeconds?: number;
  clips: AssessedClip[];
  /** Utterances that were read, where a recogniser was: they are not joined to clips. */
  utterances?: AssessedClip[];
  scores: Score[];
  probes: ProbeResult[];
  drift: Omit<Drift, 'row'>[];
  skipped: { measure: string; reason: string }[];
}
