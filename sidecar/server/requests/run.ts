/** @file Trains: the one job that lives as long as a run. Runs in a worker. */
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import type { Experiment } from '../../config/experiment.ts';
import { parseExperiment } from '../../config/parse.ts';
import { loadExperiment } from '../../config/resolve.ts';
import { devices } from '../../config/schema.ts';
import { UserError } from '../../errors.ts';
import type { RunEvent } from '../../protocol/events.ts';
import { openRun, readResolved, runFiles } from '../../runs/run.ts';
import { loadStudy } from '../../studies/study.ts';
import { type PointRequest, trainPoint } from '../../studies/train-point.ts';
import { runExperiment } from '../../training/experiment-run.ts';
import { experimentOf } from '../../training/hold.ts';
import { VERSION } from '../../version.ts';
import type { JobContext } from './context.ts';

export const runParams = z.strictObject({
  experiment: z.string().max(4096).refine(isAbsolute).optional(),
  device: z.enum(devices).optional(),
  /** Absolute folder of a run whose settings are taken. */
  like: z.string().max(4096).refine(isAbsolute).optional(),
  overrides: z.array(z.string().max(1000)).max(100).optional(),
  from: z.strictObject({ path: z.string().max(4096), step: z.number().int().min(0).optional() }).optional(),
  /** Absolute folder of a run to go on with, in place of an experiment. */
  resume: z.string().max(4096).refine(isAbsolute).optional(),
  /** A new run is to be found again by this. */
  job: z.string().max(200).optional(),
  /** One point of a sweep, in place of an experiment. */
  sweep: z
    .strictObject({
      file: z.string().max(4096).refine(isAbsolute),
      identity: z.string().max(100),
    })
    .optional(),
});

export interface TrainContext extends JobContext {
  checkpointAsked(): boolean;
  onRun(run: { id: string; name: string }): void;
  onStage(stage: RunEvent & { type: 'stage' }): void;
  /** Something stands in a log that was not there before; `last` where it says how the run ended. */
  onLogged(last: boolean): void;
}

export interface TrainResult {
  state: 'done' | 'stopped' | 'failed';
  reason?: string;
}

export async function trainJob(raw: unknown, context: TrainContext): Promise<TrainResult> {
  const params = runParams.parse(raw);
  const common = {
    version: VERSION,
    signal: context.signal,
    checkpointAsked: context.checkpointAsked,
    onRun: context.onRun,
    onEvent(event: RunEvent) {
      if (event.type === 'stage') context.onStage(event);
      else context.onLogged(['done', 'stopped', 'failed'].includes(event.type));
    },
  };
  if (params.sweep) return trainOf(params.sweep, params.device, common, context.workspace);
  const loaded = await load(params);
  const { state, reason } = await runExperiment({
    ...common,
    root: context.workspace,
    experiment: loaded.experiment,
    configText: loaded.text,
    device: params.device ?? loaded.experiment.device,
    resume: params.resume,
    job: params.job,
    from: params.from,
  });
  return { state, reason };
}

type Sweep = NonNullable<z.output<typeof runParams>['sweep']>;

/** The point is found by what it is: the file may have been changed since it was chosen. */
async function trainOf(
  { file, identity }: Sweep,
  device: PointRequest['device'],
  common: PointRequest,
  root: string,
): Promise<TrainResult> {
  const study = await loadStudy(file, root);
  const point = study.points.find((one) => one.identity === identity);
  // No longer asked for: whoever chose it looks at the file again.
  if (!point) return { state: 'done' };
  const outcome = await trainPoint(study, point, { ...common, device });
  return outcome.kind === 'trained'
    ? { state: outcome.result.state, reason: outcome.result.reason }
    : { state: 'done' };
}

async function load(params: z.output<typeof runParams>): Promise<{ experiment: Experiment; text: string }> {
  if (params.resume) return { ...experimentOf(params.resume), text: '' };
  if (!params.like) return loadExperiment(params.experiment ?? '', params.overrides);
  const run = openRun(params.like);
  const file = join(run.path, runFiles.resolved);
  // A resolved experiment is one like any other, with every default and absolute path written out.
  const { experiment, problems } = parseExperiment(JSON.stringify(readResolved(run) ?? null), file, params.overrides);
  if (!experiment) throw new UserError(problems);
  return { experiment, text: readFileSync(join(run.path, runFiles.config), 'utf8') };
}
