/** @file Where a run's time goes: seconds by name, by the clock and of all cores, added up until they are told. */
import { performance } from 'node:perf_hooks';

/** What a run's time is told by. Of a step: `load`, `compute`, `share` (among ranks), `update`, `log`. */
export type Work =
  | 'base'
  | 'scan'
  | 'features'
  | 'units'
  | 'calibrate'
  | 'head'
  | 'importance'
  | 'load'
  | 'compute'
  | 'share'
  | 'update'
  | 'log'
  | 'checkpoint'
  | 'evaluate'
  | 'assess';

/** By what it was spent on. */
export interface Spent {
  seconds: Record<string, number>;
  processorSeconds: Record<string, number>;
}

export class Stopwatch {
  private readonly seconds = new Map<Work, { clock: number; processor: number }>();

  /** Times `work`, also where it throws. */
  async during<T>(name: Work, work: () => Promise<T> | T): Promise<T> {
    const began = now();
    try {
      return await work();
    } finally {
      this.add(name, began);
    }
  }

  /** @param since what `now` gave */
  add(name: Work, since: Now): void {
    const { clock, processor } = now();
    const sum = this.seconds.get(name) ?? { clock: 0, processor: 0 };
    sum.clock += clock - since.clock;
    sum.processor += processor - since.processor;
    this.seconds.set(name, sum);
  }

  /** What was timed since the last time it was asked, in seconds to the tenth of a millisecond. */
  take(): Spent {
    const of = (read: (sum: Now) => number) =>
      Object.fromEntries([...this.seconds].map(([name, sum]) => [name, Math.round(read(sum) * 1e4) / 1e4]));
    const spent = { seconds: of(({ clock }) => clock), processorSeconds: of(({ processor }) => processor) };
    this.seconds.clear();
    return spent;
  }
}

interface Now {
  clock: number;
  processor: number;
}

/** In seconds; the processor's are of the whole process, all threads. */
export function now(): Now {
  const { user, system } = process.cpuUsage();
  return { clock: performance.now() / 1000, processor: (user + system) / 1e6 };
}
