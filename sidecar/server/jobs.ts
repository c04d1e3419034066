/** @file Every request that computes, by name. Only the worker imports it: nothing of it may block the socket. */
import { DEVICES, tryDevice } from '../engine/devices.ts';
import { exportRun } from '../export/index.ts';
import { fetchCuda } from '../hub/cuda.ts';
import type { ExportForm } from '../protocol/forms.ts';
import { writeReport } from '../report/index.ts';
import type { JobContext } from './requests/context.ts';
import { detectDataset, inspectDataset } from './requests/dataset.ts';
import { estimateJob } from './requests/estimate.ts';
import { downloadModel, inspectModel } from './requests/model.ts';
import { previewPublication, publishFolder } from './requests/publish.ts';
import { type TrainContext, trainJob } from './requests/run.ts';

export const jobs = {
  train: (params: unknown, context: TrainContext) => trainJob(params, context),
  devices: async () => {
    const devices = [];
    for (const device of DEVICES) devices.push(await tryDevice(device));
    return { devices };
  },
  estimate: estimateJob,
  'dataset/detect': detectDataset,
  'dataset/inspect': inspectDataset,
  'model/inspect': inspectModel,
  'model/download': downloadModel,
  'hub/preview': previewPublication,
  'hub/publish': publishFolder,
  'cuda/fetch': (_: unknown, context: JobContext) => fetchCuda(context),
  export: async (params: unknown, _context: JobContext) => {
    const { path, out, as } = params as { path: string; out: string; as: ExportForm };
    const { notes } = await exportRun(path, out, { as });
    return { path: out, notes };
  },
  report: async (params: unknown, _context: JobContext) => {
    const { path, out } = params as { path: string; out: string };
    await writeReport(path, out);
    return { path: out };
  },
};

export type JobName = keyof typeof jobs;
