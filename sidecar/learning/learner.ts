/**
 * @file What a learner is: one model that learns, its parameters, the graph of its step, and the update. Two learners can
 * share a batch, which is how the control is trained beside the adapted model. Where the numbers live is each learner's
 * own affair: host-learner.ts, device-learner.ts.
 */
import { sites } from '../architecture/mixture.ts';
import { siteShape } from '../architecture/sites.ts';
import { type Feed, floats, type Session } from '../engine/session.ts';
import type { Bindings } from '../engine/shape.ts';
import { dropoutInput, EXPERTS } from '../model/adapters/mixture.ts';
import { type LearnableConfig, MEASURING } from '../model/config.ts';
import type { Parameters } from '../model/parameters.ts';
import { KEPT, KEPT_LOGITS } from '../objectives/retention.ts';
import type { AdamWOptions, OptimiserState } from '../optim/adamw.ts';
import type { Key } from '../random.ts';
import { dropoutMask } from './dropout.ts';

/** Clips of equal length as the graphs take them. */
export interface Batch {
  clips: number;
  /** Of each clip, where it is known. */
  languages?: readonly (string | undefined)[];
  frames: number;
  /** Cached convolutional features [clips·frames, C], or the waveform [clips, 1, samples] when pre-training. */
  speech: Feed;
  /** 1 where masked [clips·frames]. */
  mask: Float32Array;
  /** The masked rows, ascending. */
  masked: BigInt64Array;
  /** The units of the masked rows. */
  labels: Float32Array;
  /** The same by the units of a head that only measures; those of `labels` where they are not told. */
  measuringLabels?: Float32Array;
  /** The same by the base's own units, where it has a head. */
  baseLabels?: Float32Array;
  /** 1 at masked rows whose logits were kept, and the logits [M, units]; absent where none were. */
  kept?: { has: Float32Array; logits: Float32Array };
  /** Lengths between the convolutions when pre-training. */
  bindings?: Bindings;
  /** What dropout is drawn by; needed where a learner has any. */
  key?: Key;
}

export interface Outcome {
  loss: number;
  /**
   * What the objective measures at every masked frame: `loss`, `accuracy`, and those of the base's own head. NaN at frames
   * where there is nothing to measure.
   */
  perFrame: Record<string, Float32Array>;
  /** [clips, Σ experts], [clips, Σ experts], [clips, sites]. */
  gates?: Float32Array;
  loads?: Float32Array;
  entropy?: Float32Array;
}

/** Peak rates of this update, by what a parameter belongs to; a rate of 0 leaves parameter and moments as they are. */
export interface Rates {
  adapter: number;
  head: number;
}

/** What keeps a model near to where it was: numbers in the order of the parameters. */
export interface Held {
  start: Float32Array;
  /** Strength times importance; 0 where a parameter moves freely. */
  weight: Float32Array;
}

export interface Learner {
  readonly config: LearnableConfig;
  /** Main memory's copy. Call `pull` before reading it, `push` after writing to it. */
  readonly parameters: Parameters;
  /** The same for the moments; may be replaced before a `push`. */
  optimiser: OptimiserState;
  /** Adds `weight` times the gradient of the mean masked loss to the accumulated gradient. */
  accumulate(batch: Batch, weight?: number): Promise<Outcome>;
  evaluate(batch: Batch): Promise<Outcome>;
  /** Remembers the parameters of the base as they are now: what `pullToAnchor` pulls to. */
  anchor(): Promise<void>;
  /**
   * Adds the gradient of `strength` / 2 · Σ (θ − θ₀)² over the base's parameters, `strength` · (θ − θ₀), to what has been
   * accumulated (L2-SP: Li, Grandvalet & Davoine 2018, eq. 3, where α is `strength`). Needs an anchor.
   */
  pullToAnchor(strength: number): Promise<void>;
  /** From here on `pullToHeld` pulls there; without it, nowhere. */
  hold(held?: Held): Promise<void>;
  /**
   * Adds the gradient of the penalty ½ · Σ wᵢ (θᵢ − θ*ᵢ)², wᵢ (θᵢ − θ*ᵢ), to what has been accumulated (EWC: Kirkpatrick et al.
   * 2017, eq. 3, where wᵢ is λ·Fᵢ). Where nothing is held it adds nothing.
   */
  pullToHeld(): Promise<void>;
  /** That penalty, of main memory's copy; undefined where nothing is held. */
  heldPenalty(): number | undefined;
  /** What a teacher of `config.retention` is: numbers in the order of the parameters; the learner's own unless told. */
  teach(teacher?: Float32Array): Promise<void>;
  /** L2 norm of the accumulated gradient: asked before an update, so that all arms make it or none. */
  gradientNorm(): Promise<number>;
  /**
   * Applies and clears the accumulated gradient; returns its norm before clipping. A norm that is not finite changes
   * nothing and still clears.
   */
  update(rates: Rates, options: AdamWOptions): Promise<number>;
  /** Forgets the accumulated gradient. */
  discard(): void;
  /** A copy of the accumulated gradient, in the order of the parameters. */
  readGradient(): Promise<Float32Array>;
  /** Puts another in its place, in the same order. */
  writeGradient(gradient: Float32Array): Promise<void>;
  /** Brings main memory's parameters and moments up to date. */
  pull(): Promise<void>;
  /** Makes main memory's parameters and moments the ones that learn. */
  push(): Promise<void>;
  /** Gives back what computes until it is asked for again; the numbers stay. */
  rest(): Promise<void>;
  release(): Promise<void>;
}

/** What a step is fed beside what its evaluation is: the numbers that dropout leaves out. */
export function dropoutFeeds({ clips, frames, key = [] }: Batch, { adapter, base }: LearnableConfig) {
  const feeds: Record<string, Feed> = {};
  if (adapter.kind !== 'lora-mixture' || !adapter.mixture.dropout) return feeds;
  for (const site of sites(base, adapter.mixture)) {
    const shape = [clips * frames, siteShape(base, site).in];
    const name = dropoutInput(site);
    feeds[name] = { data: dropoutMask(shape[0] * shape[1], adapter.mixture.dropout, name, ...key), shape };
  }
  return feeds;
}

/** ½ · Σ wᵢ (θᵢ − θ*ᵢ)². */
export function penaltyOf({ start, weight }: Held, now: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < now.length; i++) sum += weight[i] * (now[i] - start[i]) ** 2;
  return sum / 2;
}

export const withoutAnchor = () => new Error('internal: a pull to an anchor that was never set');

/**
 * Which expert each frame goes to, where they go by language; nothing otherwise. A language that has none is heard by the first,
 * which the existing ones share.
 */
export function expertFeeds(
  { adapter, base }: LearnableConfig,
  languages: readonly (string | undefined)[],
  frames: number,
): Record<string, Feed> {
  if (adapter.kind !== 'lora-mixture' || adapter.mixture.router.kind !== 'language') return {};
  const { experts, router } = adapter.mixture;
  const count = experts[base.layers - 1];
  const data = new Float32Array(languages.length * frames * count);
  for (const [clip, language] of languages.entries()) {
    const expert = router.languages?.[language ?? ''] ?? 0;
    for (let t = 0; t < frames; t++) data[(clip * frames + t) * count + expert] = 1;
  }
  return { [EXPERTS]: { data, shape: [languages.length * frames, count] } };
}

/** Everything of a batch that the step and its evaluation are fed, without the parameters. */
export function batchFeeds(batch: Batch, config: LearnableConfig): Record<string, Feed> {
  const rows = batch.clips * batch.frames;
  const count = batch.masked.length;
  const feeds: Record<string, Feed> = {
    [config.adapter.kind === 'scratch' ? 'wave' : 'features']: batch.speech,
    mask: { data: batch.mask, shape: [rows, 1] },
    masked: { data: batch.masked, shape: [count, 1] },
    labels: { data: batch.labels, shape: [count, 1] },
    inverseFrames: { data: Float32Array.of(1 / rows), shape: [1] },
    frameWeight: { data: new Float32Array(count).fill(1 / count), shape: [count, 1] },
  };
  if (config.measuringHead)
    feeds[`${MEASURING}labels`] = { data: batch.measuringLabels ?? batch.labels, shape: [count, 1] };
  Object.assign(feeds, expertFeeds(config, batch.languages ?? new Array(batch.clips).fill(undefined), batch.frames));
  if (config.retention?.replayed) {
    const { units } = config.head;
    const { has, logits } = batch.kept ?? { has: new Float32Array(count), logits: new Float32Array(count * units) };
    feeds[KEPT] = { data: has, shape: [count, 1] };
    feeds[KEPT_LOGITS] = { data: logits, shape: [count, units] };
  }
  if (batch.baseLabels) feeds['base.labels'] = { data: batch.baseLabels, shape: [count, 1] };
  return feeds;
}

export const batchBindings = (batch: Batch): Bindings => ({
  B: batch.clips,
  T: batch.frames,
  M: batch.masked.length,
  ...batch.bindings,
});

/** From the outputs of a step or an evaluation; an evaluation has no `loss` of its own, so it is the mean. */
export function outcome(out: Awaited<ReturnType<Session['run']>>, { kept }: Pick<Batch, 'kept'> = {}): Outcome {
  const optional = (name: string) => (out[name] ? floats(out[name]) : undefined);
  const loss = floats(out.nll);
  const perFrame: Outcome['perFrame'] = { loss, accuracy: floats(out.correct) };
  if (out['base.nll']) {
    perFrame.ownHeadLoss = floats(out['base.nll']);
    perFrame.ownHeadAccuracy = floats(out['base.correct']);
  }
  if (out.logitDistance && kept)
    perFrame.logitDistance = floats(out.logitDistance).map((x, i) => (kept.has[i] ? x : Number.NaN));
  if (out.distillation) perFrame.distillation = floats(out.distillation);
  return {
    loss: optional('loss')?.[0] ?? loss.reduce((a, b) => a + b, 0) / loss.length,
    perFrame,
    gates: optional('gates'),
    loads: optional('loads'),
    entropy: optional('entropy'),
  };
}
