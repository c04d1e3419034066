/**
 * @file Lets the one run of this sidecar be the queue's next, whenever none is at work. The queue's file is asked every few
 * seconds, since the editor and the terminal change it too. It must not know clients.
 */
import { existsSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { queueFile } from '../runs/queue.ts';
import { hasWork, type Outcome, settle, type Taken, type Task, takeNext, type Worker } from '../studies/queue-work.ts';
import type { Runner } from './runner.ts';

const lookMs = 2000;

export class QueueRunner {
  readonly #runner: Runner;
  readonly #worker: Worker;
  #timer: NodeJS.Timeout | undefined;
  #tick: Promise<void> = Promise.resolve();
  #working = false;
  #held = false;

  constructor(workspace: string, runner: Runner, everyMs = lookMs) {
    this.#runner = runner;
    this.#worker = { root: workspace, device: 'auto' };
    this.#timer = setInterval(() => this.look(), everyMs);
    this.#timer.unref();
  }

  /** Whether there is something left to do here: the sidecar stays for it. */
  get busy(): boolean {
    return this.#working || (!this.#held && existsSync(queueFile(this.#worker.root)) && hasWork(this.#worker));
  }

  /** Takes nothing more; what is at work goes on. */
  hold(): void {
    this.#held = true;
  }

  /** Takes nothing more, and resolves when what was at work has been put back. The run itself is its runner's to stop. */
  async close(): Promise<void> {
    this.#held = true;
    clearInterval(this.#timer);
    await this.#tick;
  }

  look(): void {
    if (this.#held || this.#working || this.#runner.busy || !existsSync(queueFile(this.#worker.root))) return;
    this.#working = true;
    this.#tick = this.#step()
      .catch((error: Error) => void process.stderr.write(`the queue: ${error.message}\n`))
      .finally(() => {
        this.#working = false;
      });
  }

  async #step(): Promise<void> {
    const next = await takeNext(this.#worker);
    if (next.kind !== 'taken') return;
    const { taken } = next;
    // Somebody was quicker, or the end came: it is put back as it was.
    if (this.#held || this.#runner.busy) return settle(this.#worker.root, taken, { state: 'stopped', asked: false });
    await settle(this.#worker.root, taken, await this.#train(taken));
  }

  async #train({ task, device, item }: Taken): Promise<Outcome> {
    try {
      const { state, reason, asked } = await this.#runner.begin(paramsOf(task, item.device ? device : undefined)).ended;
      if (state === 'stopped') return { state, asked };
      return state === 'failed' ? { state, reason: reason ?? 'it failed' } : { state };
    } catch (error) {
      // It never came to a run.
      const { message } = error as Error;
      const passing = error instanceof UserError && error.problems.some(({ code }) => code.startsWith('serve.'));
      return passing ? { state: 'stopped', asked: false } : { state: 'failed', reason: message };
    }
  }
}

function paramsOf(task: Task, device: string | undefined): Record<string, unknown> {
  if (task.kind === 'resume') return { resume: task.run, device };
  if (task.kind === 'point') return { sweep: { file: task.file, identity: task.identity }, device };
  return { experiment: task.file, overrides: task.overrides, job: task.job, device };
}
