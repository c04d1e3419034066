/**
 * @file The loop: draw, step, log, evaluate, checkpoint. It is handed arms and data, and knows neither audio nor files;
 * everything it says goes through its sink.
 */
import { batchesOf } from '../config/experiment.ts';
import type { Rows, Sampler } from '../corpus/index.ts';
import { type ClipScore, evaluateAllHeldOut, type HeldOutSpeech } from '../evaluation/heldout.ts';
import type { Sources } from '../learning/batch.ts';
import { measurements, tally } from '../learning/meter.ts';
import { rateFactor } from '../optim/schedule.ts';
import type { Measurement } from '../protocol/measurement.ts';
import type { StopReason } from '../protocol/reason.ts';
import type { Ranks } from '../ranks/ranks.ts';
import { everyone, isMine } from '../ranks/share.ts';
import { mustBeAlike } from './agree.ts';
import type { Arm } from './arms.ts';
import { drawStep, type TrainingClip } from './draw.ts';
import { logInterval, type RoutedSite } from './interval.ts';
import type { UnitsPlan } from './prepare/units.ts';
import { ReadAhead } from './read-ahead.ts';
import { samplingEvent } from './sampling.ts';
import type { Sink } from './sink.ts';
import type { Stage } from './stages.ts';
import { type CheckpointMeaning, type Progress, saveState } from './state.ts';
import { takeStep } from './step.ts';
import { now, type Spent, type Stopwatch } from './stopwatch.ts';
import { Watch } from './watch.ts';

const SKIPS_THAT_STOP = 10;

export interface Training {
  /** The stage that is trained: its steps, its experiment. */
  stage: Stage;
  /** The first is what the run is for. */
  arms: readonly Arm[];
  sampler: Sampler;
  clips: Rows<TrainingClip>;
  heldOut: HeldOutSpeech;
  sources: Sources;
  /** What the frozen base's own head says of held-out speech, where it has one. */
  base: readonly Measurement[];
  sites: readonly RoutedSite[];
  /** What the parameters stand for, written into every checkpoint. */
  meaning: CheckpointMeaning;
  /** What is predicted in this stage. */
  units: UnitsPlan;
  framesPerSecond: number;
  /** Of all stages. */
  totalSteps: number;
  sink: Sink;
  /** Those that train this together. */
  ranks: Ranks;
  watch: Stopwatch;
  /** Aborted: finish the step, write a checkpoint, leave. */
  signal: AbortSignal;
  /** Asked after each step: whether someone wants a checkpoint now. */
  checkpointAsked?(): boolean;
  /** Told what so many steps took. */
  onSpent?(spent: Spent, steps: number): void;
}

/** Held-out speech after a step. */
export interface HeldOutMeasured {
  values: Measurement[];
  /** By arm. */
  clips: Record<string, ClipScore[]>;
  /** That it took. */
  seconds: number;
}

export type Ending =
  | { state: 'done'; evaluation: HeldOutMeasured }
  | { state: 'stopped' }
  | { state: 'failed'; reason: string };

export const fresh = (): Progress => ({
  step: 0,
  sampler: undefined,
  skipped: 0,
  skippedInARow: 0,
  meters: {},
  interval: { gradientNorm: {}, loss: {}, steps: 0 },
});

/**
 * Trains from `progress` to the end of the stage, or until the signal.
 * @param logged of a run that goes on, kinds of events that the log has of its step: a kill may have come between its
 *   checkpoint and its evaluation, which is then made up for
 */
export async function train(training: Training, progress: Progress, logged?: ReadonlySet<string>): Promise<Ending> {
  const { stage, sampler, sink, signal, watch } = training;
  const { experiment, start, end } = stage;
  const { steps, learningRate, headLearningRate, warmupFraction } = experiment.training;
  const batches = batchesOf(experiment.training);
  const { ranks } = training;
  const sharing = { ranks, exact: experiment.training.shards !== undefined, watch };
  if (progress.sampler !== undefined) sampler.restore(progress.sampler);
  let measured: HeldOutMeasured | undefined;
  if (logged && isMeasuredAt(progress.step, stage)) measured = await measure(training, progress.step, logged);
  const alarm = new Watch((text) => sink.emit({ type: 'note', level: 'warning', text }));
  const pace = new Pace();
  let told = progress.step;
  const draw = (step: number) => {
    const first = (step - start - 1) * batches;
    const draws = Array.from({ length: batches }, (_, part) => first + part);
    return drawStep(experiment, sampler, training.clips, 'train', draws, training.sources.kept);
  };
  const ahead = new ReadAhead(draw, sampler, training.sources, (index) => isMine(ranks, index));

  while (progress.step < end) {
    const step = progress.step + 1;
    const ownStep = step - start;
    const drawn = await watch.during('load', () => ahead.take(step));
    const { shards } = drawn;
    const seen = shards.flatMap((shard) => shard.seen);
    await watch.during('log', () => sink.batch(step, seen));
    const factor = rateFactor(ownStep, experiment.training);
    const rates = { adapter: learningRate * factor, head: headLearningRate * factor };
    // Not where a measurement tells what has been drawn so far, and not beyond the stage.
    if (!isMeasuredAt(step, stage)) await watch.during('load', () => ahead.begin(step + 1));
    const { fetched } = drawn;
    const result = await takeStep(training.arms, shards, training.sources, rates, experiment.training, {
      ...sharing,
      fetched,
    });
    pace.audioSeconds +=
      shards.reduce((sum, { frames, crops }) => sum + frames * crops.length, 0) / training.framesPerSecond;
    if (result.made) {
      progress.skippedInARow = 0;
      await watch.during('log', () => remember(progress, result));
    } else {
      const { arm, reason } = result;
      progress.skipped++;
      progress.skippedInARow++;
      sink.emit({ type: 'skipped', step, arm, reason, inARow: progress.skippedInARow });
      if (progress.skippedInARow >= SKIPS_THAT_STOP) {
        const why = `${SKIPS_THAT_STOP} steps in a row were skipped: in the ${arm} arm ${reason}. Lower training.learningRate, or look at the batches of these steps.`;
        sink.emit({ type: 'spent', step, ...watch.take() });
        sink.emit({ type: 'failed', step, reason: why });
        return { state: 'failed', reason: why };
      }
    }
    progress.step = step;
    progress.sampler = drawn.sampler;
    sink.emit({ type: 'stage', name: 'train', done: step, total: training.totalSteps });

    const warm = Math.max(1, Math.round(steps * warmupFraction));
    if (ownStep === warm) {
      await pull(training.arms);
      alarm.adapter(training.arms[0]);
    }
    if (step % experiment.log.every === 0 || step === end) {
      await pull(training.arms);
      const use = await watch.during('log', () => logInterval(training, progress, rates.adapter, pace.lap()));
      const spent = watch.take();
      training.onSpent?.(spent, step - told);
      told = step;
      sink.emit({ type: 'spent', step, ...spent });
      if (use && ownStep >= warm) alarm.routing(use);
    }
    const wishes = await everyone(ranks, {
      stop: signal.aborted ? stopReason(signal) : undefined,
      checkpoint: training.checkpointAsked?.() === true,
    });
    const stop = wishes.find((wish) => wish.stop)?.stop;
    if (stop && step < training.totalSteps) {
      await checkpoint(training, progress);
      // How a run ended stands last in its log: its status is read from there.
      sink.emit({ type: 'spent', step, ...watch.take() });
      sink.emit({ type: 'stopped', step, reason: stop });
      return { state: 'stopped' };
    }
    if (step % experiment.checkpoint.every === 0 || step === end || wishes.some((wish) => wish.checkpoint))
      await checkpoint(training, progress);
    if (isMeasuredAt(step, stage)) {
      const began = performance.now();
      measured = await measure(training, step);
      pace.pause(performance.now() - began);
    }
  }
  return { state: 'done', evaluation: measured ?? (await evaluate(training)) };
}

/** Whether held-out speech is measured after a step. */
export const isMeasuredAt = (step: number, { experiment, end }: Stage): boolean =>
  step % experiment.evaluation.every === 0 || step === end;

/** Logs held-out speech and what was drawn so far, where the log does not have it. */
async function measure(training: Training, step: number, logged: ReadonlySet<string> = new Set()) {
  const measured = logged.has('evaluation') ? undefined : await evaluate(training);
  if (measured) training.sink.emit({ type: 'evaluation', step, values: measured.values });
  if (!logged.has('sampling')) training.sink.emit(samplingEvent(step, training));
  return measured;
}

/** Every arm on held-out speech; by the base's own head the adapted one alone, beside the base. */
export async function evaluate({
  arms,
  heldOut,
  base,
  ranks,
  watch,
}: Pick<Training, 'arms' | 'heldOut' | 'base' | 'ranks' | 'watch'>): Promise<HeldOutMeasured> {
  const began = now();
  const values: Measurement[] = [];
  const clips: HeldOutMeasured['clips'] = {};
  const scores = await evaluateAllHeldOut(
    arms.map(({ learner }) => learner),
    heldOut,
    ranks,
  );
  for (const [i, { name }] of arms.entries()) {
    values.push(...measurements(name, scores[i].meter));
    clips[name] = scores[i].clips;
  }
  watch.add('evaluate', began);
  return { values: [...values, ...base], clips, seconds: now().clock - began.clock };
}

/** Whoever aborts says why; a plain abort is a wish. */
const stopReason = ({ reason }: AbortSignal): StopReason =>
  typeof reason === 'object' && reason !== null && 'code' in reason && typeof reason.code === 'string'
    ? (reason as StopReason)
    : { code: 'asked' };

/** What is remembered of a step until the next logged point. */
function remember({ meters, interval }: Progress, step: Awaited<ReturnType<typeof takeStep>> & { made: true }): void {
  for (const { arm, shard, outcome } of step.outcomes) {
    meters[arm] ??= {};
    tally(meters[arm], outcome, shard.languages, shard.masked);
  }
  for (const arm of Object.keys(step.loss)) {
    interval.loss[arm] = (interval.loss[arm] ?? 0) + step.loss[arm];
    interval.gradientNorm[arm] = (interval.gradientNorm[arm] ?? 0) + step.gradientNorm[arm];
  }
  interval.steps++;
}

/** What a checkpoint holds is main memory's copy. */
async function pull(arms: readonly Arm[]): Promise<void> {
  for (const { learner } of arms) await learner.pull();
}

async function checkpoint(training: Training, progress: Progress): Promise<void> {
  const { arms, sink, watch, meaning, ranks } = training;
  await watch.during('checkpoint', async () => {
    await pull(arms);
    await mustBeAlike(ranks, arms, progress.step);
    sink.save(progress.step, saveState(arms, progress, meaning));
  });
  training.sink.emit({ type: 'checkpoint', step: progress.step });
}

/** Audio-seconds a second of training, evaluations left out. */
class Pace {
  audioSeconds = 0;
  private since = performance.now();

  lap(): number {
    const now = performance.now();
    const rate = this.audioSeconds / ((now - this.since) / 1000);
    this.audioSeconds = 0;
    this.since = now;
    return rate;
  }

  pause(ms: number): void {
    this.since += ms;
  }
}
