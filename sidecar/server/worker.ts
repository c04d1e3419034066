/**
 * @file A thread that does one job and ends. A training step blocks its thread, so the socket lives in another one.
 * What it says and hears are the messages of job-host.ts.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type Problem, UserError } from '../errors.ts';
import type { FromJob, JobData, ToJob } from './job-messages.ts';
import { jobs } from './jobs.ts';

const { job, params, workspace } = workerData as JobData;
const say = (message: FromJob) => parentPort?.postMessage(message);
const controller = new AbortController();
let checkpoint = false;

parentPort?.on('message', (message: ToJob) => {
  if (message.type === 'stop') controller.abort(message.reason);
  else checkpoint = true;
});

try {
  const result = await jobs[job](params, {
    workspace,
    signal: controller.signal,
    progress: (done, total, detail) => say({ type: 'progress', done, total, detail }),
    checkpointAsked() {
      const asked = checkpoint;
      checkpoint = false;
      return asked;
    },
    onRun: ({ id, name }) => say({ type: 'run', id, name }),
    onStage: (stage, done, total, detail) => say({ type: 'stage', stage, done, total, detail }),
    onLogged: (last) => say({ type: 'logged', last }),
  });
  say({ type: 'result', result });
} catch (error) {
  // Asked for by a person, so no fault of ours.
  if (controller.signal.aborted) say({ type: 'error', internal: false, message: 'stopped on request', problems: [] });
  else say({ type: 'error', ...faultOf(error) });
}
// The port keeps the thread alive; nothing is left to hear.
parentPort?.close();

function faultOf(error: unknown): { internal: boolean; message: string; problems: readonly Problem[] } {
  const { message = String(error), stack } = (error ?? {}) as Error;
  if (error instanceof UserError) return { internal: false, message, problems: error.problems };
  process.stderr.write(`${stack ?? message}\n`);
  return { internal: true, message: `internal: ${message}`, problems: [] };
}
