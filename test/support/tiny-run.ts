/** @file Real runs that take seconds: the reference's tiny HuBERT, a little of the sample's speech, in this process. */
import { loadExperiment } from '../../sidecar/config/resolve.ts';
import type { RunEvent } from '../../sidecar/protocol/events.ts';
import { type RunRequest, type RunResult, runExperiment } from '../../sidecar/training/experiment-run.ts';
import { VERSION } from '../../sidecar/version.ts';
import { tinyWorkspace } from './tiny.ts';

export interface TinyRun {
  result: RunResult;
  events: RunEvent[];
}

/** Runs an experiment of one workspace again and again, each time with other settings. */
export function tinyRuns(settings = '') {
  const { root, experiment: file } = tinyWorkspace(settings);
  const run = async (overrides: string[] = [], more: Partial<RunRequest> = {}): Promise<TinyRun> => {
    const { experiment, text } = await loadExperiment(file, ['training.steps=4', 'evaluation.every=4', ...overrides]);
    const events: RunEvent[] = [];
    const result = await runExperiment({
      root,
      experiment,
      configText: text,
      device: 'cpu',
      version: VERSION,
      onEvent: (event) => void events.push(event),
      signal: new AbortController().signal,
      ...more,
    });
    return { result, events };
  };
  return { root, file, run };
}

export const notesOf = ({ events }: TinyRun): string =>
  events.flatMap((event) => (event.type === 'note' ? event.text : [])).join('\n');

export function eventsOf<T extends RunEvent['type']>({ events }: TinyRun, type: T) {
  return events.filter((event): event is RunEvent & { type: T } => event.type === type);
}
