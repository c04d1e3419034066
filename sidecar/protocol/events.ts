/** @file What a run says while it trains; every event is one line of its log. */
import type { Measurement } from './measurement.ts';
import type { StopReason } from './reason.ts';

/** How a run's log is written; a log without it is of version 1 (MiLorE 0.2.0). */
export const LOG_VERSION = 2;

export type StageName = 'scan' | 'features' | 'units' | 'calibrate' | 'head' | 'train' | 'evaluate';

/** How far what comes before the first step is, 0 to 1, and how long it will take still. */
export interface Whole {
  share: number;
  leftSeconds?: number;
}

export type RunEvent =
  | { type: 'started'; version: typeof LOG_VERSION; step: number; steps: number; device: string; deviceNotes: string[] }
  /** `leftSeconds`: of this stage, where that can be told; `whole`: of all that comes before the first step. */
  | {
      type: 'stage';
      name: StageName;
      done: number;
      total: number;
      detail?: string;
      leftSeconds?: number;
      whole?: Whole;
    }
  | { type: 'note'; level: 'info' | 'warning'; text: string }
  | ({ type: 'corpus' } & CorpusSummary)
  /** What is to be drawn of each language, once, and at every evaluation what has been. */
  | { type: 'sampling'; step: number; batchSeconds: number; languages: Record<string, SamplingUse> }
  /** A stage begins with this step; told where there is more than one. */
  | { type: 'entered'; step: number; stage: number; of: number; add: string[]; steps: number }
  /** Means over the steps since the last. */
  | { type: 'metrics'; step: number; values: Measurement[] }
  /** Where the time went since the last, by what it was spent on: by the clock, and of all threads of the process. */
  | { type: 'spent'; step: number; seconds: Record<string, number>; processorSeconds: Record<string, number> }
  /** Held-out speech. */
  | { type: 'evaluation'; step: number; values: Measurement[] }
  /** No arm made this update, since the named one could not. */
  | { type: 'skipped'; step: number; arm: string; reason: string; inARow: number }
  | { type: 'checkpoint'; step: number }
  | { type: 'stopped'; step: number; reason: StopReason }
  | { type: 'failed'; step: number; reason: string }
  | { type: 'done'; step: number; seconds: number };

export interface SamplingUse {
  /** Clips that can be drawn, and how many different ones have been. */
  clips: number;
  used: number;
  /** Of those that can be drawn. */
  poolSeconds: number;
  /** Given so far. */
  seconds: number;
  /** Of all seconds given so far, and what it is to be. */
  share: number;
  wantedShare: number;
  /** Of this language's seconds, those of its most heard clip. */
  largestClipShare: number;
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
  /** Pieces that were whole but shorter than audio.minSeconds. */
  dropped: { pieces: number; seconds: number };
  /** Usable, and not used: beyond `hours`, or in a split that is neither trained on nor measured. Absent in older logs. */
  aside?: { beyondHours: number; unused: number };
  /** Of each of its data, in their order, as it is noted and where; empty where nobody noted one. Absent in older logs. */
  licences?: { licence?: string; from?: string }[];
  notes: string[];
}

export interface UtilisationPoint {
  step: number;
  languages: Record<string, SiteUse[]>;
}

export interface SiteUse {
  /** From 0, as tensors are named; where a person reads, layers count from 1. */
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
