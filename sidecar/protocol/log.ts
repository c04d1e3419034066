/** @file An event as it stands in a run's log: one of ours, or one that a later version writes. */
import type { RunEvent, UtilisationPoint } from './events.ts';

/** `resumed` takes back every event of a later step that was logged before it. */
export type LogRecord = (RunEvent | { type: 'resumed'; fromStep: number }) & Stamp;
export type UtilisationRecord = ({ type: 'utilisation' } & UtilisationPoint) & Stamp;

interface Stamp {
  /** Consecutive from 1 within one file. */
  seq: number;
  /** ISO 8601. */
  time: string;
}

/** Which of a run's files a sequence number counts in. */
export type LogName = 'log' | 'utilisation';

export type RunState = 'running' | 'done' | 'failed' | 'interrupted';
