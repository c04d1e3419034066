/** @file Where everything goes that a run says: its logs, its checkpoints, TensorBoard, and whoever listens. */
import { join } from 'node:path';
import type { RunEvent, UtilisationPoint } from '../protocol/events.ts';
import type { Measurement } from '../protocol/measurement.ts';
import { type Keeping, writeCheckpoint } from '../runs/checkpoints.ts';
import { type Claim, mustHold } from '../runs/claim.ts';
import { type RunDir, RunLogs, runFiles } from '../runs/run.ts';
import { startHeartbeat } from '../runs/status.ts';
import { TensorBoardWriter } from '../runs/tensorboard.ts';
import type { MaskedShard } from './draw.ts';
import type { Preparation } from './preparation.ts';
import { Remaining } from './remaining.ts';

/** All that a run at work knows of the outside. */
export interface Sink {
  emit(event: RunEvent): void;
  utilisation(point: UtilisationPoint): void;
  /** What a step saw: clip ids and hashes. */
  batch(step: number, seen: MaskedShard['seen']): void;
  /** The files of a checkpoint. */
  save(step: number, files: Record<string, Uint8Array>): void;
  /** Throws where the run's folder is gone, or another process has the run. */
  mustHold(tried: string): void;
}

/** What whoever runs an experiment does with it beside. */
export interface RunsSink extends Sink {
  /** The last step that was told of. */
  readonly step: number;
  /** Takes back what was written after the checkpoint that the run goes on from; `undefined` begins anew. */
  begin(resumedAt: number | undefined): void;
  close(): void;
}

/** Of a rank that is not the first: what there is to say is said there. */
export class QuietSink implements RunsSink {
  step = 0;
  begin(): void {}
  emit(event: RunEvent): void {
    if ('step' in event) this.step = event.step;
  }
  utilisation(): void {}
  batch(): void {}
  save(): void {}
  mustHold(): void {}
  close(): void {}
}

export class RunSink implements RunsSink {
  private readonly logs: RunLogs;
  private readonly stopBeating: () => void;
  private board?: TensorBoardWriter;
  private readonly remaining = new Remaining();
  step = 0;

  constructor(
    private readonly run: RunDir,
    private readonly claim: Claim,
    private readonly checkpoints: Keeping,
    private readonly onEvent: (event: RunEvent) => void,
    private readonly preparation?: Preparation,
  ) {
    this.logs = new RunLogs(run);
    this.stopBeating = startHeartbeat(run, () => this.step);
  }

  begin(resumedAt: number | undefined): void {
    if (resumedAt !== undefined) this.logs.resumed(resumedAt);
    this.board = new TensorBoardWriter(join(this.run.path, runFiles.tensorboard), { resumeFromStep: resumedAt });
  }

  emit(event: RunEvent): void {
    if ('step' in event) this.step = event.step;
    if (event.type === 'stage') {
      const leftSeconds = this.remaining.of(event, performance.now() / 1000);
      const whole = this.preparation?.of(event, performance.now() / 1000);
      if (leftSeconds !== undefined) event = { ...event, leftSeconds };
      if (whole) event = { ...event, whole };
    }
    // Progress of a stage is for the screen; the log keeps what a paper could need.
    if (event.type !== 'stage') this.logs.log.append({ ...event });
    if (event.type === 'metrics') this.board?.scalars(event.step, scalars('train', event.values));
    if (event.type === 'evaluation') this.board?.scalars(event.step, scalars('heldout', event.values));
    this.onEvent(event);
  }

  utilisation(point: UtilisationPoint): void {
    this.logs.utilisation.append({ type: 'utilisation', ...point });
  }

  batch(step: number, seen: MaskedShard['seen']): void {
    this.logs.batches.append({ type: 'batch', step, seen });
  }

  /** Nothing is written where the run's folder is gone, or another process has the run. */
  mustHold(tried: string): void {
    mustHold(this.claim, this.run, tried);
  }

  save(step: number, files: Record<string, Uint8Array>): void {
    this.mustHold(`write the checkpoint of step ${step}`);
    this.logs.sync();
    this.board?.sync();
    try {
      writeCheckpoint(this.run, step, files, this.checkpoints);
    } catch (error) {
      // The folder may have gone since.
      this.mustHold(`write the checkpoint of step ${step}`);
      throw error;
    }
  }

  close(): void {
    this.stopBeating();
    try {
      this.board?.close();
      this.logs.sync();
    } finally {
      this.logs.close();
      this.claim.release();
    }
  }
}

/** `heldout/loss/adapted/fin`, `train/learningRate`: one TensorBoard tag a measurement. */
function scalars(side: string, values: readonly Measurement[]): Record<string, number> {
  return Object.fromEntries(
    values.map(({ arm, language, measure, value }) => [
      [side, measure, arm === 'run' ? undefined : arm, language].filter((part) => part !== undefined).join('/'),
      value,
    ]),
  );
}
