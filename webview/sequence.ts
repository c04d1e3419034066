/** @file The order of a log's events: duplicates fall away, a gap is noticed. Pure. */
import type { LogName } from '../sidecar/protocol/log.ts';
import { number, object } from './fields.ts';

export interface Track {
  /** Sequence number of the newest event taken in. */
  log: number;
  gaps: number;
  count: number;
}

/** A log's place among the tracks; a run's id may hold anything. */
export const trackKey = (run: string, log: LogName): string => `${run}\n${log}`;
export const runOf = (key: string): string => key.slice(0, key.lastIndexOf('\n'));
export const logOf = (key: string): string => key.slice(key.lastIndexOf('\n') + 1);

export const freshTrack: Track = { log: 0, gaps: 0, count: 0 };

export interface Admitted {
  track: Track;
  /** Those to take in, in order. */
  events: unknown[];
  /** The log was told from its beginning: what was known of it is void. */
  anew: boolean;
  /** Each as [last seen, next seen]. */
  gaps: [number, number][];
}

/** A line each; one that is no JSON is left out, and missed by its number. */
export function parseLines(lines: unknown): unknown[] {
  if (typeof lines !== 'string') return [];
  return lines.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });
}

/** Which events of a batch are news. An event behind a gap is taken in: a hole that is said is better than silence. */
export function admit(known: Track, batch: readonly unknown[], first: boolean): Admitted {
  let { log, gaps, count } = first ? freshTrack : known;
  const events: unknown[] = [];
  const found: [number, number][] = [];
  for (const event of batch) {
    const seq = number(object(event).seq);
    if (!Number.isSafeInteger(seq) || seq <= log) continue;
    if (seq !== log + 1) {
      gaps++;
      found.push([log, seq]);
    }
    log = seq;
    count++;
    events.push(event);
  }
  return { track: { log, gaps, count }, events, anew: first, gaps: found };
}
