/** @file A logged point: the means of an interval as measurements, and each language's use of the experts. */
import { measurements, utilisation } from '../learning/meter.ts';

import { norm } from '../optim/adamw.ts';
import type { UtilisationPoint } from '../protocol/events.ts';
import { type Measurement, units } from '../protocol/measurement.ts';
import type { Arm } from './arms.ts';
import type { Training } from './loop.ts';
import type { Progress } from './state.ts';

/** A site with a router. */
export interface RoutedSite {
  layer: number;
  target: string;
  experts: number;
}

/** Says what the interval brought and begins the next; gives back the experts' use, where there are routers. */
export function logInterval(
  { arms, sites, sink }: Training,
  progress: Progress,
  learningRate: number,
  audioSecondsPerSecond: number,
): UtilisationPoint | undefined {
  const { meters, interval, step, skipped } = progress;
  const values: Measurement[] = arms.flatMap(({ name }) => measurements(name, meters[name] ?? {}));
  const add = (arm: string, measure: string, value: number) =>
    values.push({ arm, measure, unit: units[measure], value });
  if (interval.steps > 0) {
    for (const { name } of arms) {
      add(name, 'loss', interval.loss[name] / interval.steps);
      add(name, 'gradientNorm', interval.gradientNorm[name] / interval.steps);
    }
  }
  const [first] = arms;
  add(
    first.name,
    'adapterNorm',
    normOf(first, (name) => first.learner.parameters.group(name) !== 'head'),
  );
  add(
    first.name,
    'loraBNorm',
    normOf(first, (name) => name.endsWith('.lora_B')),
  );
  const penalty = first.learner.heldPenalty();
  if (penalty !== undefined) add(first.name, 'ewcPenalty', penalty);
  add('run', 'learningRate', learningRate);
  add('run', 'audioSecondsPerSecond', audioSecondsPerSecond);
  add('run', 'residentBytes', process.memoryUsage().rss);
  add('run', 'skippedSteps', skipped);
  sink.emit({ type: 'metrics', step, values });
  const use = sites.length > 0 ? useOf(progress, first, sites) : undefined;
  if (use) sink.utilisation(use);
  progress.meters = {};
  progress.interval = { gradientNorm: {}, loss: {}, steps: 0 };
  return use;
}

function useOf({ meters, step }: Progress, { name }: Arm, sites: readonly RoutedSite[]): UtilisationPoint {
  const languages = Object.entries(meters[name] ?? {}).map(([code, sums]) => [code, utilisation(sums, sites)]);
  return { step, languages: Object.fromEntries(languages) };
}

function normOf({ learner: { parameters } }: Arm, keep: (name: string) => boolean): number {
  const squares = parameters.names.filter(keep).map((name) => norm(parameters.view(name)) ** 2);
  return Math.sqrt(squares.reduce((sum, one) => sum + one, 0));
}
