/** @file Measures what an experiment costs. Runs in a worker. */
import { isAbsolute } from 'node:path';
import * as z from 'zod';
import { loadExperiment } from '../../config/resolve.ts';
import { devices } from '../../config/schema.ts';
import { estimate } from '../../training/estimate.ts';
import type { JobContext } from './context.ts';

const estimateParams = z.object({
  experiment: z.string().max(4096).refine(isAbsolute),
  device: z.enum(devices).optional(),
  overrides: z.array(z.string().max(1000)).max(100).optional(),
});

export async function estimateJob(raw: unknown, { workspace, signal, progress }: JobContext) {
  const params = estimateParams.parse(raw);
  const { experiment } = await loadExperiment(params.experiment, params.overrides);
  return estimate(experiment, { cache: workspace, device: params.device ?? experiment.device, signal, progress });
}
