/**
 * @file Starts jobs, hands back what they say, and ends those that do not end when asked. A training is a thread of this
 * process; whatever else reads a stranger's file is a process of its own, whose end harms no training. It must not know
 * what a job does.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, type Problem } from '../errors.ts';
import { outOfMemory } from '../machine.ts';
import type { FromJob, JobData, ToJob } from './job-messages.ts';

/** A job's own error, with what a person can act on. */
export class JobError extends Error {
  override readonly name = 'JobError';
  readonly problems: readonly Problem[];
  /**
   * `user`: a person can cure it. `internal`: our fault. `died`: it ended without a word. `ended`: it was asked to stop,
   * did not, and was ended.
   */
  readonly kind: 'user' | 'internal' | 'died' | 'ended';

  constructor(message: string, problems: readonly Problem[], kind: JobError['kind']) {
    super(message);
    this.problems = problems;
    this.kind = kind;
  }
}

export interface Job {
  /** The result; rejects with a JobError, also where it died without a word. */
  done: Promise<unknown>;
  /** After a `stop` it has `graceMs` to end by itself. */
  send(message: ToJob): void;
}

/** What runs a job: a thread or a process. */
interface Host {
  send(message: ToJob | { type: 'job'; data: JobData }): void;
  onMessage(listener: (message: FromJob) => void): void;
  /** Told once, when it is gone. */
  onEnd(listener: (how: string) => void): void;
  end(): void;
}

// Beside this file in dist/.
const script = new URL('./worker.js', import.meta.url);
/** A training finishes its step and writes a checkpoint; anything else has nothing to lose. */
const graceMs = { train: 120_000, other: 2_000 };
/** What a process may take that reads strangers' files. */
const heapMegabytes = 2048;

export function startJob(data: JobData, onMessage: (message: FromJob) => void): Job {
  const host = data.job === 'train' ? thread() : child();
  let overdue: NodeJS.Timeout | undefined;
  let wasEnded = false;
  const done = new Promise<unknown>((resolve, reject) => {
    host.onMessage((message) => {
      if (message.type === 'result') resolve(message.result);
      else if (message.type === 'error')
        reject(new JobError(message.message, message.problems, message.internal ? 'internal' : 'user'));
      else onMessage(message);
    });
    host.onEnd((how) => {
      clearTimeout(overdue);
      if (wasEnded) reject(new JobError('It did not stop when it was asked to, and was ended.', [], 'ended'));
      else if (/out of memory/.test(how)) {
        const { message, problems } = outOfMemory(how);
        reject(new JobError(message, problems, 'user'));
      } else if (data.job === 'train') reject(new JobError(`internal: ${how}`, [], 'died'));
      else reject(new JobError(describe(died(data.job, how)), [died(data.job, how)], 'user'));
    });
  });
  host.send({ type: 'job', data });
  return {
    done,
    send(message) {
      host.send(message);
      if (message.type !== 'stop' || overdue) return;
      const grace = data.job === 'train' ? graceMs.train : graceMs.other;
      overdue = setTimeout(() => {
        wasEnded = true;
        host.end();
      }, grace);
      overdue.unref();
    },
  };
}

const died = (job: string, how: string): Problem => ({
  code: 'job.died',
  tried: `finish ${job}`,
  why: `${how}, perhaps for want of memory; a run beside it goes on.`,
  cure: 'Leave out the file that was being read, or give the machine more memory; the log of the sidecar may say more.',
});

function thread(): Host {
  // Nothing of the parent's arguments is added.
  const worker = new Worker(script, { argv: [], execArgv: [] });
  return {
    send: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.on('message', listener),
    onEnd(listener) {
      worker.on('error', (error) => listener(error.message));
      worker.on('exit', (code) => listener(`the worker ended with code ${code}`));
    },
    end: () => void worker.terminate(),
  };
}

const children = new Set<ReturnType<typeof fork>>();
process.on('exit', () => {
  for (const one of children) one.kill('SIGKILL');
});

function child(): Host {
  const one = fork(fileURLToPath(script), [], {
    execArgv: [`--max-old-space-size=${heapMegabytes}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.add(one);
  return {
    send: (message) => void (one.connected && one.send(message, () => {})),
    onMessage: (listener) => one.on('message', (message) => listener(message as FromJob)),
    onEnd(listener) {
      one.on('error', (error) => listener(error.message));
      one.on('exit', (code, signal) => {
        children.delete(one);
        listener(`its process ended with ${signal ?? `code ${code}`}`);
      });
    },
    end: () => void one.kill('SIGKILL'),
  };
}
