/**
 * @file What a run is about to take before anything was measured: time on a processor, and memory. It must not know the
 * engine: the arithmetic of a step is counted from shapes, and a test holds it against the graph's own count.
 */
import type { BaseConfig } from '../architecture/config.ts';
import { frameFlops } from '../architecture/flops.ts';
import { framesOf, SAMPLE_RATE_HZ } from '../architecture/time.ts';
import { batchesOf, type Experiment, totalSteps } from './experiment.ts';
import { sizeOf } from './size.ts';

/** Products of one step (a multiply-add as two), over all frames of a batch. */
export interface StepWork {
  frames: number;
  /** Forward, and backward of all that lies between the loss and a parameter. */
  trainFlops: number;
  /** Forward alone: an evaluation, or the control, whose head is all that learns. */
  forwardFlops: number;
}

/**
 * The arithmetic of a step on `clips` clips of `seconds` each, front-end features already cached. By frame and block,
 * with d = hidden, f = feedForward, T = frames of a clip: 2·(4d² + 2df) for the projections and 4·T·d for attention.
 * Backward, a frozen product costs as much again (no weight gradient), a trained one and attention twice.
 */
export function stepWork(experiment: Experiment, base: BaseConfig, clips: number, seconds: number): StepWork {
  const { feedForward, hidden, layers } = base;
  const { adapter, head, mask, units } = experiment;
  const each = framesOf(base, Math.round(seconds * SAMPLE_RATE_HZ));
  const frames = clips * each;
  const { front, projections, attention } = frameFlops(base, each);
  // Spans overlap: at probability p a share of 1 − e^−p of the frames is hidden, and only those meet the head.
  const predicted = (1 - Math.exp(-mask.probability)) * 2 * head.projection * (hidden + units.clusters);
  const { experts, routers } = sizeOf(experiment, base);
  const adapted = adapter.kind === 'lora-mixture' ? 2 * (experts + routers) : 0;
  // After the last attention only hidden frames go on, unless experts are chosen there for all.
  const spared =
    adapter.kind === 'lora-mixture' ? 0 : Math.exp(-mask.probability) * 2 * hidden * (hidden + 2 * feedForward);
  const blocks = layers * (projections + attention) - spared;
  const forward = front + blocks + adapted + predicted;
  let backward = 2 * predicted;
  if (adapter.kind === 'full') backward += 2 * (front + blocks);
  if (adapter.kind === 'lora-mixture') backward += layers * (projections + 2 * attention) + 2 * adapted;
  return { frames, trainFlops: frames * (forward + backward), forwardFlops: frames * forward };
}

/**
 * Measured: 12 × 768, four clips of 5 s, two threads of an AMD EPYC: 286 GFLOP/s (docs/performance.md). Assumed: speed grows
 * with the threads up to eight, and small products reach less: d / (d + 400) of a width d, over the same of 768.
 */
export function flopsPerSecond({ hidden }: BaseConfig, threads: number): number {
  const reached = (hidden / (hidden + 400)) * (1168 / 768);
  return (286e9 / 2) * Math.min(8, Math.max(1, threads)) * reached;
}

export interface Expected {
  /** Of one step on a processor with so many threads. */
  stepSeconds: number;
  /** The same with the control. */
  wholeStepSeconds: number;
  /** Of starting the head. */
  startSeconds: number;
  /** Of measuring held-out speech once, where there is as much of it as may be measured. */
  measurementSeconds: number;
  /** Steps, control, head start and measurements; preparing the audio is not in it. */
  totalSeconds: number;
  /** Peak of the process. */
  peakBytes: number;
}

/** Process, runtime, its libraries, decoders in threads of their own and what preparing leaves, without any weight. */
const processBytes = 450 * 2 ** 20;
/** The arena's gaps and the gradients in flight, over what is kept for the backward pass. */
const slack = 1.3;

/**
 * Before any measurement, hence "about". Clips are taken to be as long as `audio.joinSeconds` or a third of `maxSeconds`.
 * Memory = process + the weights once (a step and an evaluation take turns, and arms share them) + four vectors
 * of what trains (parameters, gradient, two moments) + activations kept for the backward pass, by frame and block
 * 6d + f + heads·T numbers, and as many more as `slack` says; fp32 throughout.
 */
export function expectRun(experiment: Experiment, base: BaseConfig, threads: number): Expected {
  const { adapter, audio, training, evaluation, languages, head } = experiment;
  const seconds = Math.min(training.batchSeconds, audio.joinSeconds ?? audio.maxSeconds / 3);
  const clips = Math.max(1, Math.round(training.batchSeconds / seconds));
  const { frames, trainFlops, forwardFlops } = stepWork(experiment, base, clips, seconds);
  const speed = flopsPerSecond(base, threads);
  const stepSeconds = (trainFlops * batchesOf(training)) / speed;
  const batchForward = forwardFlops / speed;

  const controlled = experiment.control && adapter.kind !== 'none';
  // A teacher hears each batch once more; the base as one is heard by a control anyway.
  const taught = training.lwf.weight > 0 && adapter.kind !== 'none';
  const more = training.lwf.teacher === 'stage' ? Number(controlled) + Number(taught) : Number(controlled || taught);
  const wholeStepSeconds = stepSeconds + more * batchesOf(training) * batchForward;
  const startSeconds = head.warmupSteps * batchForward;
  const measurements = Math.ceil(totalSteps(experiment) / evaluation.every) + 1;
  const heldOut = (Object.keys(languages).length * evaluation.secondsPerLanguage) / training.batchSeconds;
  const measurementSeconds = heldOut * batchForward * (controlled ? 2 : 1);

  const size = sizeOf(experiment, base);
  const trained = size.experts + size.routers + size.baseTrained + size.head;
  const perBlock = 6 * base.hidden + base.feedForward + (base.heads * frames) / clips;
  const kept = adapter.kind === 'none' ? 2 : base.layers;
  return {
    stepSeconds,
    wholeStepSeconds,
    startSeconds,
    measurementSeconds,
    totalSeconds: totalSteps(experiment) * wholeStepSeconds + startSeconds + measurements * measurementSeconds,
    peakBytes: processBytes + 4 * size.base + 16 * trained + slack * 4 * frames * kept * perBlock,
  };
}
