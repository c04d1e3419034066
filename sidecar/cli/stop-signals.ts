/**
 * @file What asks a run to stop: a person at the keyboard, a scheduler's signals, and the end of the allocation. Each
 * asks once for a checkpoint; schedulers repeat themselves, so only a person's second Ctrl-C means "at once".
 */
import { reserveMs } from '../jobs/reserve.ts';
import type { StopReason } from '../protocol/reason.ts';

/** SIGUSR1 would open Node's debugger on a port and SIGUSR2 end the process, were nobody listening. */
const asked = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
type Asked = (typeof asked)[number];

/** Signals of a scheduler: the job is to be taken away, and may come back. */
const scheduled: readonly string[] = asked.filter((signal) => signal !== 'SIGINT');

export interface StopSignals {
  signal: AbortSignal;
  /** Whether it was the scheduler who asked, or its time that ran out. */
  readonly scheduled: boolean;
  release(): void;
}

/** @param endsMs when the allocation ends, in milliseconds since 1970 */
export function stopSignals(endsMs: number | undefined): StopSignals {
  const controller = new AbortController();
  let byScheduler = false;
  const ask = (reason: StopReason, what: string, then: string) => {
    process.stderr.write(`\n${what}: writing a checkpoint after this step${then}.\n`);
    controller.abort(reason);
  };
  const stop = (signal: Asked) => {
    if (controller.signal.aborted) {
      if (signal === 'SIGINT' && !byScheduler) process.exit(1);
      return;
    }
    byScheduler = scheduled.includes(signal);
    ask({ code: 'signal', signal }, signal, byScheduler ? '' : '; once more to leave at once');
  };
  for (const signal of asked) process.on(signal, stop);
  let timer: NodeJS.Timeout | undefined;
  const wait = (untilMs: number): void => {
    timer = setTimeout(
      () => {
        if (controller.signal.aborted) return;
        if (Date.now() < untilMs) return wait(untilMs);
        byScheduler = true;
        ask({ code: 'allocation' }, 'The allocation ends soon', '');
      },
      Math.min(longestMs, untilMs - Date.now()),
    ).unref();
  };
  if (endsMs !== undefined) wait(endsMs - reserveMs(endsMs - Date.now()));
  for (const signal of early) stop(signal);
  return {
    signal: controller.signal,
    get scheduled() {
      return byScheduler;
    },
    release() {
      for (const signal of asked) process.off(signal, stop);
      clearTimeout(timer);
    },
  };
}

/** setTimeout counts in 32 bits, 24.8 days, and takes more for nothing at all. */
const longestMs = 2 ** 31 - 1;

/** What came before anybody was there to be told. */
const early: Asked[] = [];

/** From the first moment of the process on: a signal that comes while modules are read must not be lost, or worse. */
export function listenEarly(): void {
  const note = (signal: Asked) => void early.push(signal);
  for (const signal of scheduled as readonly Asked[]) process.on(signal, note);
}
