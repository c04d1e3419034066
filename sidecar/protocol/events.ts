/** @file What a run says while it trains; every event is one line of its log. */

/** Why a run was stopped because someone wanted it so: written to its log, told by the dashboard in a person's language. */
export const stopReasons = {
  asked: 'asked to stop',
  preparing: 'asked to stop while preparing',
  sidecar: 'the sidecar was stopped',
} as const;

export type RunEvent =
  | { type: 'started'; step: number; steps: number; device: string; deviceNotes: string[] }
  | {
      type: 'stage';
      name: 'scan' | 'features' | 'units' | 'head' | 'train' | 'evaluate';
      done: number;
      total: number;
      detail?: string;
    }
  | { type: 'note'; level: 'info' | 'warning'; text: string }
  | ({ type: 'corpus' } & CorpusSummary)
  | ({ type: 'metrics' } & StepMetrics)
  | ({ type: 'evaluation'; step: number } & EvaluationResult)
  | { type: 'skipped'; step: number; reason: string; inARow: number }
  | { type: 'checkpoint'; step: number }
  | { type: 'stopped'; step: number; reason: string }
  | { type: 'failed'; step: number; reason: string }
  | { type: 'done'; step: number; seconds: number };

export interface Score {
  /** Mean cross-entropy of a masked frame. */
  lossNats: number;
  /** Share of masked frames whose unit is predicted, 0 to 1. */
  accuracy: number;
  frames: number;
}

/** What a language brought, and every recording that was left out, with its reason. */
export interface CorpusSummary {
  language: string;
  role: 'existing' | 'new';
  trainSeconds: number;
  heldOutSeconds: number;
  utterances: number;
  speakers: number;
  skipped: { path: string; reasonCode: string; reason: string }[];
  notes: string[];
}

export interface StepMetrics {
  step: number;
  /** Peak rate times the schedule. */
  learningRate: number;
  /** Before clipping, mean over the interval. */
  gradientNorm: number;
  lossNats: number;
  languages: Record<string, Score>;
  control?: Record<string, Score>;
  /** L2 norm over all adapter parameters, and over all lora_B. */
  adapterNorm: number;
  loraBNorm: number;
  audioSecondsPerSecond: number;
  residentBytes: number;
  skippedSteps: number;
}

export interface EvaluationResult {
  languages: Record<string, LanguageResult>;
}

export interface LanguageResult {
  role: 'existing' | 'new';
  adapted: Score;
  /** The same head trained as long on the frozen base. */
  control?: Score;
  /** By the base's own frozen head, on its own units. */
  ownHead?: { adapted: Score; base: Score };
}

export interface UtilisationPoint {
  step: number;
  languages: Record<string, SiteUse[]>;
}

export interface SiteUse {
  layer: number;
  target: string;
  /** Mean gate of each expert, sums to 1. */
  gates: number[];
  /** Load over the ideal load: 1 fair, 0 dead. */
  load: number[];
  /** exp(entropy of the mean gates): 1 … experts. */
  effectiveExperts: number;
  /** exp(mean entropy of a single frame's gates). */
  effectivePerFrame: number;
}
