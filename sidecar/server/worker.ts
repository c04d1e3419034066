/**
 * @file A thread or a process that does one job and ends. A training step blocks its thread, so the socket lives in
 * another one. What it says and hears are the messages of job-host.ts.
 */
import '../engine/telemetry.ts';
import { parentPort } from 'node:worker_threads';
import { type Problem, UserError } from '../errors.ts';
import { inWords } from '../machine.ts';
import type { FromJob, JobData, ToJob } from './job-messages.ts';
import { jobs } from './jobs.ts';

const controller = new AbortController();
let checkpoint = false;

const say = (message: FromJob): void => {
  if (parentPort) parentPort.postMessage(message);
  else process.send?.(message, undefined, undefined, () => {});
};

function hear(message: ToJob | { type: 'job'; data: JobData }): void {
  if (message.type === 'job') void work(message.data);
  else if (message.type === 'stop') controller.abort(message.reason);
  else checkpoint = true;
}

if (parentPort) parentPort.on('message', hear);
else {
  process.on('message', hear);
  // Whoever asked is gone: nobody would hear the answer.
  process.on('disconnect', () => process.exit(1));
}

async function work({ job, params, workspace }: JobData): Promise<void> {
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
      onStage: ({ name, done, total, detail, leftSeconds, whole }) =>
        say({ type: 'stage', stage: name, done, total, detail, leftSeconds, whole }),
      onLogged: (last) => say({ type: 'logged', last }),
    });
    say({ type: 'result', result });
  } catch (error) {
    // Asked for by a person, so no fault of ours.
    if (controller.signal.aborted && (job !== 'train' || error === controller.signal.reason))
      say({ type: 'error', internal: false, message: 'stopped on request', problems: [] });
    else say({ type: 'error', ...faultOf(error) });
  }
  // The channel keeps us alive; nothing is left to hear.
  if (parentPort) parentPort.close();
  else process.disconnect?.();
}

function faultOf(fault: unknown): { internal: boolean; message: string; problems: readonly Problem[] } {
  const error = inWords(fault);
  const { message = String(error), stack } = (error ?? {}) as Error;
  if (error instanceof UserError) return { internal: false, message, problems: error.problems };
  process.stderr.write(`${stack ?? message}\n`);
  return { internal: true, message: `internal: ${message}`, problems: [] };
}
