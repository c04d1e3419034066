/**
 * @file What the guide to a new experiment shows and hears: composed by its host from what the workspace has, drawn by a
 * page that computes nothing. Structured clone both ways; the page is told everything at every change.
 */
import type { JoinReason } from './kept.ts';
import type { Length } from './steps.ts';

export type GuideRole = 'new' | 'existing' | 'off';

/** What a person chose; what is left out is as proposed. */
export interface GuideChoice {
  name?: string;
  roles: Record<string, GuideRole>;
  /** `model:NAME`, or `hub:ID` of the catalogue. */
  base?: string;
  /** File beside the weights; empty: none. */
  head?: string;
  /** 0: never. */
  joinSeconds?: number;
  minSeconds?: number;
  replay?: number;
  length?: Length;
}

export interface GuideLanguage {
  code: string;
  name: string;
  datasets: string[];
  role: GuideRole;
  /** Undefined until all of it was read. */
  seconds?: number;
  clips?: number;
  speakers?: number;
  /** Share that was read, where it is being read. */
  busy?: number;
}

/** What is known of the head that a base was pre-trained with. */
export type GuideHead =
  /** It lies with the weights and is found by itself. */
  | { kind: 'found' }
  /** Files beside the weights that are heads of this base. */
  | { kind: 'files'; files: string[]; chosen: string }
  /** In another file of the model's page. */
  | { kind: 'checkpoint'; file: string; bytes: number }
  | { kind: 'nowhere' }
  /** Pre-trained without a head of units. */
  | { kind: 'none' }
  /** Nobody has looked yet. */
  | { kind: 'unread' };

export interface GuideBase {
  /** `model:NAME` or `hub:ID`. */
  key: string;
  name: string;
  parameters?: number;
  /** Of the download; absent where it is here. */
  bytes?: number;
  licence?: string;
  /** Whether the licence allows commercial use, where that is known. */
  commercial?: boolean;
  /** How many, or which one. */
  languages?: number | { code: string; name: string };
  head: GuideHead;
  here: boolean;
  /** Why it cannot be trained. */
  fault?: 'tensors' | 'no-config';
}

export interface GuideKept {
  value: number;
  seconds: number;
  share: number;
  exact: boolean;
  proposed: boolean;
}

export interface GuideTime {
  length: Length;
  steps: number;
  firstCurveSeconds: number;
  totalSeconds: number;
}

/** What keeps the experiment from being written. */
export type GuideMissing =
  | 'workspace'
  | 'trust'
  | 'data'
  | 'unread'
  | 'new-language'
  | 'base'
  | 'base-not-here'
  | 'base-fault'
  | 'name'
  | 'name-taken';

export interface GuideView {
  name: string;
  languages: GuideLanguage[];
  bases: GuideBase[];
  /** Key of the chosen. */
  base?: string;
  joins: GuideKept[];
  joinSeconds: number;
  joinReason: JoinReason;
  minimums: GuideKept[];
  minSeconds: number;
  /** Undefined where no language is existing. */
  replay?: number;
  replays: number[];
  times: GuideTime[];
  length: Length;
  preparationSeconds: number;
  peakBytes: number;
  /** Whether this machine has run something. */
  measured: boolean;
  missing: GuideMissing[];
  /** What is under way, in the person's words. */
  busy?: { what: string; share?: number };
}

/** From the host. */
export type ToGuide =
  | { type: 'hello'; words: Record<string, string>; language: string }
  | { type: 'view'; view: GuideView };

export const guideActions = [
  'openFolder',
  'openSample',
  'addDataset',
  'addBase',
  'sampleBase',
  'download',
  'create',
  'train',
] as const;
export type GuideAction = (typeof guideActions)[number];

/** From the page. */
export type FromGuide =
  | { type: 'ready' }
  | { type: 'choose'; choice: GuideChoice }
  | { type: 'act'; action: GuideAction }
  | { type: 'fault'; message: string };
