/**
 * @file The one run that is at work, and its thread: begins, stops, asks for a checkpoint, says how it ended.
 * It must not know clients; whoever wants to hear subscribes.
 */
import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { RunProgress, RunStateChange } from '../protocol/messages.ts';
import type { StopReason } from '../protocol/reason.ts';
import { forsake } from '../runs/claim.ts';
import { LogWriter } from '../runs/log.ts';
import { runFiles, runsFolder } from '../runs/run.ts';
import { deriveStatus } from '../runs/status.ts';
import { type Job, type JobError, startJob } from './job-host.ts';
import type { FromJob } from './job-messages.ts';
import type { TrainResult } from './requests/run.ts';

interface Active {
  job: Job;
  /** Known once the run has its folder. */
  run?: { id: string; name: string };
  progress?: RunProgress;
  /** It has said how it ended and is putting its things away. */
  ending: boolean;
  /** Somebody who is connected asked it to stop. */
  asked: boolean;
}

export interface Ended extends TrainResult {
  asked: boolean;
}

interface Events {
  /** Something was written to a run's logs. */
  logged: [run: string];
  progress: [RunProgress];
  state: [RunStateChange];
}

export class Runner extends EventEmitter<Events> {
  readonly #workspace: string;
  #active: Active | undefined;
  #closed = false;

  constructor(workspace: string) {
    super();
    this.#workspace = workspace;
  }

  get active(): { run: string; name: string; progress?: RunProgress } | undefined {
    const { run, progress } = this.#active ?? {};
    return run ? { run: run.id, name: run.name, progress } : undefined;
  }

  get busy(): boolean {
    return this.#active !== undefined;
  }

  /** Resolves with the run's id when its folder exists; rejects where it never comes to that. */
  async start(params: Record<string, unknown>): Promise<string> {
    if (this.#active?.ending) await this.#active.job.done.catch(() => {});
    return this.begin(params).started;
  }

  /** `ended` tells how it ended, also where it never came to a run. @throws UserError where another is at work */
  begin(params: Record<string, unknown>): { started: Promise<string>; ended: Promise<Ended> } {
    if (this.#closed)
      throw new UserError({
        code: 'serve.ending',
        tried: 'start a run',
        why: 'the sidecar is about to end.',
        cure: 'Try again in a moment; another one will be started.',
      });
    if (this.#active)
      throw new UserError({
        code: 'serve.busy',
        tried: 'start a run',
        why: `${this.#active.run?.name ?? 'another one'} is training here already, and two would share one machine.`,
        cure: 'Wait for it, or stop it; it can be resumed later.',
      });
    let told = (_id: string) => {};
    let refused = (_error: unknown) => {};
    const started = new Promise<string>((resolve, reject) => {
      told = resolve;
      refused = reject;
    });
    const active: Active = {
      ending: false,
      asked: false,
      job: startJob({ job: 'train', params, workspace: this.#workspace }, (message) => {
        this.#hear(active, message);
        if (message.type === 'run') told(message.id);
      }),
    };
    this.#active = active;
    const ended = active.job.done.then(
      (result): Ended => {
        this.#ended(active, result as TrainResult);
        return { ...(result as TrainResult), asked: active.asked };
      },
      (error: JobError): Ended => {
        const stopped = error.kind === 'ended';
        const result: TrainResult = stopped ? { state: 'stopped' } : { state: 'failed', reason: error.message };
        this.#ended(active, result, error);
        refused(error);
        return { ...result, asked: active.asked };
      },
    );
    // Whoever waits for the end alone does not hear of a start that never was.
    started.catch(() => {});
    return { started, ended };
  }

  stop(id: string, reason: StopReason): void {
    const active = this.#mustBe(id, 'stop');
    active.asked = true;
    active.job.send({ type: 'stop', reason });
  }

  checkpoint(id: string): void {
    this.#mustBe(id, 'write a checkpoint of').job.send({ type: 'checkpoint' });
  }

  /** Takes no further run, stops what is at work and waits for its end. */
  async close(reason: StopReason): Promise<void> {
    this.#closed = true;
    const active = this.#active;
    active?.job.send({ type: 'stop', reason });
    await active?.job.done.catch(() => {});
  }

  #mustBe(id: string, what: string): Active {
    if (this.#active?.run?.id === id) return this.#active;
    throw new UserError({
      code: 'serve.not-running',
      tried: `${what} the run ${id}`,
      why: 'it is not at work here.',
      cure: 'It may have ended, or it was started in a terminal: stop it there.',
    });
  }

  #hear(active: Active, message: FromJob): void {
    if (message.type === 'run') {
      active.run = { id: message.id, name: message.name };
      this.emit('state', { run: message.id, name: message.name, state: 'started' });
    } else if (!active.run) return;
    else if (message.type === 'logged') {
      active.ending ||= message.last;
      this.emit('logged', active.run.id);
    } else if (message.type === 'stage') {
      const { type: _, ...told } = message;
      active.progress = { run: active.run.id, ...told };
      this.emit('progress', active.progress);
    }
  }

  #ended(active: Active, { state, reason }: TrainResult, error?: JobError): void {
    this.#active = undefined;
    const { run } = active;
    if (!run) return;
    if (error) this.#recordDeath(active, run.id, error);
    this.emit('logged', run.id);
    this.emit('state', { run: run.id, name: run.name, state, reason });
  }

  /** A thread that could not say its end itself, and whose process is alive: without this the run would look at work. */
  #recordDeath({ progress }: Active, id: string, { kind, message }: JobError): void {
    const path = join(runsFolder(this.#workspace), id);
    try {
      forsake({ path });
      if (deriveStatus({ path }).state !== 'running') return;
      const log = new LogWriter(join(path, runFiles.log));
      const step = progress?.stage === 'train' ? progress.done : 0;
      // Asked to stop and ended: its last checkpoint stands, and it can go on from there.
      if (kind === 'ended') log.append({ type: 'stopped', step, reason: { code: 'asked' } });
      else log.append({ type: 'failed', step, reason: message });
      log.close();
    } catch (error) {
      // Where nothing can be written, on a full disk, taking the sign of life away can still be done.
      rmSync(join(path, runFiles.heartbeat), { force: true });
      process.stderr.write(`could not record the end of ${id}: ${(error as Error).message}\n`);
    }
  }
}
