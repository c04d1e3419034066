/** @file What a worker and its host say to each other. */
import type { Problem } from '../errors.ts';
import type { Whole } from '../protocol/events.ts';
import type { StopReason } from '../protocol/reason.ts';
import type { JobName } from './jobs.ts';

export interface JobData {
  job: JobName;
  params: unknown;
  workspace: string;
}

export type ToJob = { type: 'stop'; reason: StopReason } | { type: 'checkpoint' };

export type FromJob =
  | { type: 'progress'; done: number; total: number; detail?: string }
  | { type: 'run'; id: string; name: string }
  | { type: 'stage'; stage: string; done: number; total: number; detail?: string; leftSeconds?: number; whole?: Whole }
  /** `last`: the run has said how it ended; its thread follows. */
  | { type: 'logged'; last: boolean }
  | { type: 'result'; result: unknown }
  | { type: 'error'; internal: boolean; message: string; problems: readonly Problem[] };
