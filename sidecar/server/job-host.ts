/** @file Starts jobs in threads of their own and hands back what they say. It must not know what a job does. */
import { Worker } from 'node:worker_threads';
import type { Problem } from '../errors.ts';
import type { FromJob, JobData, ToJob } from './job-messages.ts';

/** A job's own error, with what a person can act on. */
export class JobError extends Error {
  override readonly name = 'JobError';
  readonly problems: readonly Problem[];
  /** `user`: a person can cure it. `internal`: our fault. `died`: the thread ended without a word. */
  readonly kind: 'user' | 'internal' | 'died';

  constructor(message: string, problems: readonly Problem[], kind: 'user' | 'internal' | 'died') {
    super(message);
    this.problems = problems;
    this.kind = kind;
  }
}

export interface Job {
  /** The result; rejects with a JobError, also where the thread died without a word. */
  done: Promise<unknown>;
  send(message: ToJob): void;
}

export function startJob(data: JobData, onMessage: (message: FromJob) => void): Job {
  // Beside this file in dist/; nothing of the parent's environment or arguments is added.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: data, argv: [], execArgv: [] });
  const done = new Promise<unknown>((resolve, reject) => {
    worker.on('message', (message: FromJob) => {
      if (message.type === 'result') resolve(message.result);
      else if (message.type === 'error')
        reject(new JobError(message.message, message.problems, message.internal ? 'internal' : 'user'));
      else onMessage(message);
    });
    worker.on('error', (error) => reject(new JobError(`internal: ${error.message}`, [], 'died')));
    worker.on('exit', (code) => reject(new JobError(`internal: the worker ended with code ${code}`, [], 'died')));
  });
  return { done, send: (message) => worker.postMessage(message) };
}
