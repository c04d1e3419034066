/** @file How much speech an experiment's languages have, as a run would find it; what was read is kept for the run. */
import { join } from 'node:path';
import type { Speech } from '../config/expect-whole.ts';
import type { Experiment } from '../config/experiment.ts';
import { makeLanguage } from './prepare/language.ts';

interface Reading {
  /** The workspace. */
  cache: string;
  signal: AbortSignal;
  /** Of one language's recordings. */
  progress(code: string, done: number, total: number): void;
}

/** Seconds by language. @throws UserError where data cannot be read, or nothing usable is in them */
export async function speechOf(experiment: Experiment, { cache, signal, progress }: Reading): Promise<Speech> {
  const speech: Record<string, number> = {};
  for (const [code, spec] of Object.entries(experiment.languages)) {
    const { summary } = await makeLanguage(code, spec, experiment, {
      cacheDir: join(cache, '.milore', 'cache', 'corpus'),
      signal,
      onProgress: (done, total) => progress(code, done, total),
    });
    speech[code] = summary.trainSeconds + summary.heldOutSeconds;
  }
  return speech;
}
