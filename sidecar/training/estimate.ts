/**
 * @file What an experiment will cost here: its exact parameters, and some real steps on speech that is only noise of
 * the right shape. Nothing is decoded and nothing is written but the cache of weights that a run would write too.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { BaseConfig } from '../architecture/config.ts';
import { siteName, TARGETS } from '../architecture/sites.ts';
import { expectWhole, type Speech } from '../config/expect-whole.ts';
import { batchesOf, type Experiment, totalSteps } from '../config/experiment.ts';
import { requireDevice } from '../engine/devices.ts';
import { eightBitInstructions } from '../engine/instructions.ts';
import type { DeviceName } from '../engine/session.ts';
import { assemble, type Sources } from '../learning/batch.ts';
import type { Batch, Learner } from '../learning/learner.ts';
import { spanMask } from '../learning/mask.ts';
import { openLearners } from '../learning/open-learner.ts';
import { accumulateTogether, evaluateTogether } from '../learning/together.ts';
import type { LearnableConfig } from '../model/config.ts';
import { countParameters } from '../objectives/count.ts';
import type { Estimate } from '../protocol/messages.ts';
import { normals } from '../random.ts';
import { type QuantisedProducts, quantise, type Recipe } from '../weights/quantised.ts';
import { planArms } from './arms.ts';
import { loadFrozenBase } from './prepare/base.ts';
import { learnableConfig } from './prepare/learnable.ts';
import { rememberedPace, rememberSteps } from './remember-pace.ts';

/** Steps measured after one that claims the memory; fewer where they take long. */
const measured = 5;
const budgetMs = 20_000;

export interface EstimateOptions {
  cache: string;
  /** Where it is known how much there is, the whole time is told too. */
  speech?: Speech;
  device: DeviceName | 'auto';
  signal: AbortSignal;
  progress(done: number, total: number): void;
}

export async function estimate(experiment: Experiment, options: EstimateOptions): Promise<Estimate> {
  const { cache, signal, progress } = options;
  const { chosen } = await requireDevice(options.device, 'measure a step');
  const frozen = loadFrozenBase(experiment, join(cache, '.milore', 'cache'), () => {});
  const { base, file, trainMask, framesPerSecond } = frozen;
  const config = learnableConfig(experiment, base, trainMask);
  const count = countParameters(config, base);
  const session = { device: chosen.device };
  const batch = noiseBatch(experiment, base.config.convDim.at(-1) ?? 512, framesPerSecond, base.head !== undefined);
  const models = planArms(experiment, config).map((arm) => ({ config: arm.config, baseHead: base.head }));
  const products = chosen.device === 'cpu' && worthTrying(experiment) ? quantisable(config) : {};
  const also = Object.keys(products).length > 0;
  const rounds = (measured + 1) * (also ? 2 : 1);
  const time = async (done: number, quantised?: QuantisedProducts) => {
    const learners = await openLearners(models, base, file, experiment.seed, session, quantised);
    try {
      return await timeSteps(experiment, learners, batch, signal, (i) => progress(done + i, rounds));
    } finally {
      for (const learner of learners) await learner.release();
    }
  };
  const exact = await time(0);
  rememberSteps(cache, experiment, chosen.device, base.config, exact.stepSeconds);
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  // How long it takes does not depend on which numbers are rounded: nothing is calibrated on noise.
  const int8 = also ? await time(measured + 1, quantise(file, products)) : undefined;
  const steps = totalSteps(experiment);
  const { batchSeconds } = experiment.training;
  const { every, secondsPerLanguage } = experiment.evaluation;
  const languages = Object.keys(experiment.languages).length;
  const evaluations = 1 + Math.ceil(steps / every);
  const total = ({ stepSeconds }: { stepSeconds: number }) =>
    steps * stepSeconds + evaluations * ((languages * secondsPerLanguage) / batchSeconds) * exact.evaluateSeconds;
  return {
    device: chosen.device,
    base: count.base,
    experts: count.experts + count.baseTrained,
    routers: count.routers,
    head: count.head,
    shareWithoutHead: count.shareWithoutHead,
    stepSeconds: exact.stepSeconds,
    totalSeconds: total(exact),
    ...(options.speech ? { whole: wholeOf(experiment, base.config, options.speech, cache, chosen.device) } : {}),
    ...(int8 ? { int8: { stepSeconds: int8.stepSeconds, totalSeconds: total(int8) } } : {}),
    peakBytes,
  };
}

/** As the editor has it above the experiment, at the pace that was measured just now. */
function wholeOf(experiment: Experiment, base: BaseConfig, speech: Speech, cache: string, device: string) {
  const pace = rememberedPace(cache, device, base);
  const whole = expectWhole(experiment, base, availableParallelism(), speech, pace);
  return { preparationSeconds: whole.preparationSeconds, totalSeconds: whole.totalSeconds };
}

/** Median of some real steps of all arms, and an evaluation. */
async function timeSteps(
  experiment: Experiment,
  learners: readonly Learner[],
  batch: Batch,
  signal: AbortSignal,
  onProgress: (done: number) => void,
) {
  const batches = batchesOf(experiment.training);
  const times: number[] = [];
  const began = performance.now();
  for (let i = 0; i <= measured && (times.length === 0 || performance.now() - began < budgetMs); i++) {
    signal.throwIfAborted();
    const start = performance.now();
    await accumulateTogether(learners, batch);
    const halfway = performance.now();
    for (const learner of learners) await learner.update({ adapter: 1e-9, head: 1e-9 }, experiment.training);
    const end = performance.now();
    // The first claims memory; it counts only where nothing else was measured.
    if (i === 1) times.length = 0;
    times.push(((halfway - start) * batches + end - halfway) / 1000);
    onProgress(i);
  }
  const start = performance.now();
  await evaluateTogether(learners, batch);
  const evaluateSeconds = (performance.now() - start) / 1000;
  onProgress(measured + 1);
  times.sort((a, b) => a - b);
  return { stepSeconds: times[times.length >> 1], evaluateSeconds };
}

/** Where the processor is not made for it, only whoever asks for 8 bits wants to know. */
const worthTrying = ({ compute }: Experiment) => compute !== 'float32' || eightBitInstructions().has;

/** Every frozen projection in 8 bits, as a calibration leaves them where nothing sticks out. */
function quantisable({ base, adapter }: LearnableConfig): Recipe {
  if (adapter.kind === 'full') return {};
  const way = { kind: 'int8' } as const;
  const all = Array.from({ length: base.layers }, (_, layer) => TARGETS.map((target) => siteName({ layer, target })));
  return Object.fromEntries(all.flat().map((name) => [name, { forward: way, backward: way }]));
}

/** As many clips of equal length as a batch holds, of at most ten seconds each. */
function noiseBatch(experiment: Experiment, width: number, framesPerSecond: number, withOwnUnits: boolean) {
  const { audio, training, mask, units, seed } = experiment;
  const clipSeconds = Math.min(audio.joinSeconds ?? 10, audio.maxSeconds, training.batchSeconds);
  const clips = Math.max(1, Math.round(training.batchSeconds / clipSeconds));
  const frames = Math.max(mask.length + 1, Math.round(clipSeconds * framesPerSecond));
  const noise = normals(frames * width, seed, 'estimate');
  const labels = Uint16Array.from({ length: frames }, (_, i) => i % units.clusters);
  const sources: Sources = {
    features: { width, read: () => noise },
    units: () => labels,
    baseUnits: withOwnUnits ? () => new Uint16Array(frames) : undefined,
  };
  const crops = Array.from({ length: clips }, (_, b) => ({
    hash: String(b),
    start: 0,
    mask: spanMask(frames, mask, seed, 'estimate', b),
  }));
  return assemble(crops, frames, sources);
}
