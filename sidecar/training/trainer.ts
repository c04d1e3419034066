/**
 * @file The loop: draw, step, update, log, evaluate, checkpoint. It is handed learners and data, and knows neither
 * audio nor files; everything it says goes through `emit` and `save`.
 */
import type { Experiment } from '../config/experiment.ts';
import { evaluateHeldOut, type HeldOutClip } from '../evaluation/heldout.ts';
import { assemble, type Slot, type Sources } from '../learning/batch.ts';
import type { Learner } from '../learning/learner.ts';
import { spanMask } from '../learning/mask.ts';
import { baseScore, type Meter, score, tally, utilisation } from '../learning/meter.ts';
import { norm, rateFactor } from '../learning/optimiser.ts';
import {
  type EvaluationResult,
  type LanguageResult,
  type RunEvent,
  stopReasons,
  type UtilisationPoint,
} from '../protocol/events.ts';
import type { Progress } from './state.ts';

const FRAMES_PER_SECOND = 50;
const SKIPS_THAT_STOP = 10;

export interface TrainingClip extends HeldOutClip {
  id: string;
}

export interface Draw {
  clipIndex: number[];
  /** Every clip is cropped to this many frames. */
  frames: number;
  cropStart: number[];
}

export interface Sampler {
  next(step: number): Draw;
  state(): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: the state is the sampler's own; it checks what it is given.
  restore(state: any): void;
}

export interface Training {
  experiment: Experiment;
  adapted: Learner;
  control?: Learner;
  sampler: Sampler;
  clips: readonly TrainingClip[];
  heldOut: readonly HeldOutClip[];
  sources: Sources;
  /** The base's own scores by its own frozen head, by language. */
  baseOwn?: Meter;
  sites: readonly { layer: number; target: string; experts: number }[];
  emit(event: RunEvent): void;
  emitUtilisation(point: UtilisationPoint): void;
  /** What a step saw: clip ids and hashes. */
  emitBatch(step: number, seen: { id: string; hash: string; start: number; frames: number }[]): void;
  save(progress: Progress): void;
  /** Aborted: finish the step, write a checkpoint, leave. */
  signal: AbortSignal;
  /** Asked after each step: whether someone wants a checkpoint now. */
  checkpointAsked?(): boolean;
}

export type Ending =
  | { state: 'done'; evaluation: EvaluationResult }
  | { state: 'stopped' }
  | { state: 'failed'; reason: string };

export const fresh = (): Progress => ({
  step: 0,
  sampler: undefined,
  skipped: 0,
  skippedInARow: 0,
  meters: { adapted: {}, control: {} },
  interval: { gradientNorm: 0, loss: 0, steps: 0 },
});

/** Draws one batch of `step`; the draw of accumulation part `part` has a number of its own. */
export function drawBatch(
  { experiment, sampler, clips, sources }: Pick<Training, 'experiment' | 'sampler' | 'clips' | 'sources'>,
  phase: string,
  draw: number,
) {
  const { clipIndex, frames, cropStart } = sampler.next(draw);
  const chosen = clipIndex.map((i) => clips[i]);
  const slots: Slot[] = chosen.map(({ hash }, b) => ({
    hash,
    start: cropStart[b],
    mask: spanMask(frames, experiment.mask, experiment.seed, phase, draw, b, hash),
  }));
  return {
    batch: assemble(slots, frames, sources),
    languages: chosen.map(({ language }) => language),
    masked: slots.map(({ mask }) => mask.reduce((a, b) => a + b, 0)),
    seen: chosen.map(({ id, hash }, b) => ({ id, hash, start: cropStart[b], frames })),
  };
}

/** Trains from `progress` to the end, or until the signal. */
export async function train(training: Training, progress: Progress): Promise<Ending> {
  const { experiment, adapted, control, sampler, emit, signal } = training;
  const { steps, accumulate, learningRate, headLearningRate } = experiment.training;
  if (progress.sampler !== undefined) sampler.restore(progress.sampler);
  let audioSeconds = 0;
  let since = performance.now();
  const warned = new Set<string>();
  const warn = (key: string, text: string) => {
    if (!warned.has(key)) emit({ type: 'note', level: 'warning', text });
    warned.add(key);
  };

  while (progress.step < steps) {
    const step = progress.step + 1;
    let loss = 0;
    let finite = true;
    for (let part = 0; part < accumulate; part++) {
      const { batch, languages, masked, seen } = drawBatch(training, 'train', (step - 1) * accumulate + part);
      training.emitBatch(step, seen);
      const outcome = await adapted.accumulate(batch, 1 / accumulate);
      finite &&= Number.isFinite(outcome.loss);
      loss += outcome.loss / accumulate;
      if (Number.isFinite(outcome.loss)) tally(progress.meters.adapted, outcome, languages, masked);
      if (control) tally(progress.meters.control, await control.accumulate(batch, 1 / accumulate), languages, masked);
      audioSeconds += (batch.clips * batch.frames) / FRAMES_PER_SECOND;
    }
    const factor = rateFactor(step, experiment.training);
    const rates = { adapter: learningRate * factor, head: headLearningRate * factor };
    const gradient = finite ? await adapted.update(rates, experiment.training) : Number.NaN;
    if (Number.isFinite(gradient)) {
      progress.skippedInARow = 0;
      progress.interval.gradientNorm += gradient;
      progress.interval.loss += loss;
      progress.interval.steps++;
    } else {
      adapted.discard();
      progress.skipped++;
      progress.skippedInARow++;
      const reason = finite ? 'the gradient is not finite' : `the loss is ${loss}`;
      emit({ type: 'skipped', step, reason, inARow: progress.skippedInARow });
      if (progress.skippedInARow >= SKIPS_THAT_STOP) {
        const why = `${SKIPS_THAT_STOP} steps in a row were skipped: ${reason}. Lower training.learningRate, or look at the batches of these steps.`;
        emit({ type: 'failed', step, reason: why });
        return { state: 'failed', reason: why };
      }
    }
    await control?.update({ adapter: 0, head: rates.head }, experiment.training);
    progress.step = step;
    emit({ type: 'stage', name: 'train', done: step, total: steps });

    if (step === Math.max(1, Math.round(steps * experiment.training.warmupFraction))) {
      await adapted.pull();
      warnOfDeadAdapter(training, warn);
    }
    if (step % experiment.log.every === 0 || step === steps) {
      const seconds = (performance.now() - since) / 1000;
      await adapted.pull();
      logInterval(training, progress, rates.adapter, audioSeconds / seconds, warn);
      audioSeconds = 0;
      since = performance.now();
    }
    const evaluating = step % experiment.evaluation.every === 0 || step === steps;
    progress.sampler = sampler.state();
    if (signal.aborted && step < steps) {
      await pull(training);
      training.save(progress);
      emit({ type: 'checkpoint', step });
      emit({ type: 'stopped', step, reason: String(signal.reason ?? stopReasons.asked) });
      return { state: 'stopped' };
    }
    if (step % experiment.checkpoint.every === 0 || step === steps || training.checkpointAsked?.()) {
      await pull(training);
      training.save(progress);
      emit({ type: 'checkpoint', step });
    }
    if (evaluating) {
      const before = performance.now();
      const evaluation = await evaluate(training);
      emit({ type: 'evaluation', step, ...evaluation });
      since += performance.now() - before;
      if (step === steps) return { state: 'done', evaluation };
    }
  }
  return { state: 'done', evaluation: await evaluate(training) };
}

/** What a checkpoint holds is main memory's copy. */
const pull = async ({ adapted, control }: Training) => {
  await adapted.pull();
  await control?.pull();
};

/** Adapted model and control on held-out speech. */
export async function evaluate(training: Training): Promise<EvaluationResult> {
  const { experiment, adapted, control, heldOut, sources, baseOwn } = training;
  const frames = Math.round(experiment.training.batchSeconds * FRAMES_PER_SECOND);
  const of = (learner: Learner) => evaluateHeldOut(learner, heldOut, sources, experiment.mask, frames);
  const ours = await of(adapted);
  const theirs = control && (await of(control));
  const languages: Record<string, LanguageResult> = {};
  for (const [code, { role }] of Object.entries(experiment.languages)) {
    if (!ours[code]) continue;
    languages[code] = {
      role,
      adapted: score(ours[code]),
      control: theirs && score(theirs[code]),
      ownHead: baseOwn && { adapted: baseScore(ours[code]), base: baseScore(baseOwn[code]) },
    };
  }
  return { languages };
}

function logInterval(
  { experiment, adapted, sites, emit, emitUtilisation }: Training,
  progress: Progress,
  learningRate: number,
  audioSecondsPerSecond: number,
  warn: (key: string, text: string) => void,
): void {
  const { meters, interval, step } = progress;
  const scores = (meter: Meter) => Object.fromEntries(Object.entries(meter).map(([code, sums]) => [code, score(sums)]));
  const count = Math.max(1, interval.steps);
  const squares = (keep: (name: string) => boolean) =>
    Math.sqrt(
      adapted.parameters.names
        .filter(keep)
        .reduce((total, name) => total + norm(adapted.parameters.view(name)) ** 2, 0),
    );
  emit({
    type: 'metrics',
    step,
    learningRate,
    gradientNorm: interval.gradientNorm / count,
    lossNats: interval.loss / count,
    languages: scores(meters.adapted),
    control: Object.keys(meters.control).length > 0 ? scores(meters.control) : undefined,
    adapterNorm: squares((name) => adapted.parameters.group(name) !== 'head'),
    loraBNorm: squares((name) => name.endsWith('.lora_B')),
    audioSecondsPerSecond,
    residentBytes: process.memoryUsage().rss,
    skippedSteps: progress.skipped,
  });
  if (sites.length > 0) {
    const languages = Object.fromEntries(
      Object.entries(meters.adapted).map(([code, sums]) => [code, utilisation(sums, sites)]),
    );
    emitUtilisation({ step, languages });
    if (step >= experiment.training.steps * experiment.training.warmupFraction) warnOfRouting(languages, warn);
  }
  progress.meters = { adapted: {}, control: {} };
  progress.interval = { gradientNorm: 0, loss: 0, steps: 0 };
}

/** B starts at zero and must not stay there: a known bug of adapters that are wired in but never reached. */
function warnOfDeadAdapter({ adapted }: Training, warn: (key: string, text: string) => void): void {
  for (const name of adapted.parameters.names)
    if (name.endsWith('.lora_B') && adapted.parameters.view(name).every((x) => x === 0))
      warn(
        name,
        `${name} is still zero after the warm-up: this site learns nothing. Raise training.learningRate or leave the site out.`,
      );
}

function warnOfRouting(languages: UtilisationPoint['languages'], warn: (key: string, text: string) => void): void {
  const all = Object.values(languages);
  all[0]?.forEach(({ layer, target, gates }, i) => {
    const where = `layer ${layer + 1}, ${target}`;
    gates.forEach((_, e) => {
      if (all.every((uses) => uses[i].load[e] < 0.02))
        warn(
          `dead ${i} ${e}`,
          `Expert ${e + 1} of ${where} is dead: every language gives it under 2 % of a fair load. Raise adapter.router.balance.`,
        );
    });
    if (gates.length > 1 && all.every((uses) => uses[i].effectiveExperts < 1.2))
      warn(
        `collapsed ${i}`,
        `The router of ${where} has collapsed onto one expert. Lower the learning rate or raise adapter.router.balance or zLoss.`,
      );
  });
}
