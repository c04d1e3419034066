/**
 * @file What a run is doing, told from its log and its heartbeat, never from a lock: no run hangs in "running".
 * It must not write anything but the heartbeat.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../disk.ts';
import { bornAt, isAlive } from '../processes.ts';
import { type Reason, reasonIn } from '../protocol/reason.ts';
import { isRecord, readJson } from './files.ts';
import { type LoggedEvent, readTail } from './log.ts';

export interface Heartbeat {
  pid: number;
  host: string;
  time: string;
  step: number;
  /** When the process began, in the kernel's ticks: tells it from a later one with the same number. Linux only. */
  born?: string;
}

export interface Status {
  state: 'running' | 'done' | 'failed' | 'interrupted';
  reason?: Reason;
  step: number;
  steps: number;
  /** The process last seen at it. */
  pid?: number;
  /** Of one that is running, the machine that it runs on. */
  host?: string;
}

const staleMs = 15_000;
/** Where the process cannot be asked (another host) or its identity cannot be told, silence decides, later. */
const silentMs = 120_000;

export function writeHeartbeat(run: { path: string }, step: number): void {
  const beat: Heartbeat = {
    pid: process.pid,
    host: hostname(),
    time: new Date().toISOString(),
    step,
    born: bornAt(process.pid),
  };
  writeFileAtomic(join(run.path, 'heartbeat.json'), JSON.stringify(beat), { durable: false });
}

/** Beats every few seconds until the returned function is called; a beat that cannot be written is left out. */
export function startHeartbeat(run: { path: string }, step: () => number, everyMs = 5000): () => void {
  const beat = () => {
    try {
      writeHeartbeat(run, step());
    } catch {
      // A full disk must not stop a run here; the log will say it.
    }
  };
  beat();
  const timer = setInterval(beat, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function readHeartbeat(run: { path: string }): Heartbeat | undefined {
  const value = readJson(join(run.path, 'heartbeat.json'), 10_000);
  if (!isRecord(value) || !Number.isSafeInteger(value.pid) || (value.pid as number) <= 0) return undefined;
  if (typeof value.time !== 'string' || typeof value.step !== 'number') return undefined;
  return value as unknown as Heartbeat;
}

function isAtIt(beat: Heartbeat, silence: number): boolean {
  if (!isAlive(beat.pid)) return false;
  const born = bornAt(beat.pid);
  if (born !== undefined && beat.born !== undefined) return born === beat.born;
  return silence < silentMs;
}

const lifecycle = new Set(['started', 'resumed', 'done', 'failed', 'stopped']);

/** Why the process at it can be taken for gone, or undefined while it is at it. */
function gone(beat: Heartbeat | undefined, nowMs: number, last: LoggedEvent | undefined): Reason | undefined {
  if (!beat) {
    const begun = Date.parse(last?.time ?? '') || 0;
    return nowMs - begun < staleMs ? undefined : { code: 'unattended' };
  }
  const silence = nowMs - (Date.parse(beat.time) || 0);
  const here = beat.host === hostname();
  // A process of this machine that is gone is gone, however fresh its last sign: so a killed run resumes at once.
  if (here ? isAtIt(beat, silence) : silence < silentMs) return undefined;
  const seconds = Math.max(0, Math.round(silence / 1000));
  return { code: 'vanished', pid: beat.pid, seconds, ...(here ? {} : { host: beat.host }) };
}

/** A run that has ended says so in its last lines; of two thousand runs the rest of their tails is not read. */
const smallTail = 4096;

function tailOf(run: { path: string }): LoggedEvent[] {
  const path = join(run.path, 'log.jsonl');
  const few = readTail(path, smallTail);
  return few.some(({ type }) => lifecycle.has(type)) ? few : readTail(path);
}

/** Reads the end of the log and the heartbeat; costs the same however long the run. */
export function deriveStatus(run: { path: string }, nowMs = Date.now()): Status {
  const events = tailOf(run);
  const beat = readHeartbeat(run);
  let last: LoggedEvent | undefined;
  let step = 0;
  let steps = 0;
  for (const event of events) {
    if (lifecycle.has(event.type)) last = event;
    if (typeof event.step === 'number') step = event.step;
    if (event.type === 'resumed' && typeof event.fromStep === 'number') step = Math.max(0, event.fromStep);
    if (typeof event.steps === 'number') steps = event.steps;
  }
  if (steps === 0) {
    const resolved = readJson(join(run.path, 'resolved.json'));
    const { training, stages } = isRecord(resolved) ? resolved : {};
    const stretches = Array.isArray(stages) ? stages : [training];
    for (const one of stretches) if (isRecord(one) && typeof one.steps === 'number') steps += one.steps;
  }
  if (last?.type === 'done') return { state: 'done', step, steps };
  if (last?.type === 'failed') {
    const text = typeof last.reason === 'string' ? last.reason : '';
    return { state: 'failed', reason: { code: 'error', text }, step, steps };
  }
  if (last?.type === 'stopped')
    return { state: 'interrupted', reason: reasonIn(last.reason, { code: 'stopped' }), step, steps };
  const why = gone(beat, nowMs, events.at(-1));
  if (why) return { state: 'interrupted', reason: why, step, steps, pid: beat?.pid };
  return { state: 'running', step: Math.max(step, beat?.step ?? 0), steps, pid: beat?.pid, host: beat?.host };
}
