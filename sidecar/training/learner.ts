/**
 * @file One model that learns: its parameters, the graph of its step, and the update. Two learners can share a batch,
 * which is how the control is trained beside the adapted model.
 */

import { type Feed, floats, type Session, type SessionOptions } from '../engine/session.ts';
import type { Bindings } from '../engine/shape.ts';
import type { BaseHead, BaseModel } from '../model/checkpoint/huggingface.ts';
import { evaluationGraph, isHead, type LearnableConfig, parameterSpecs, stepGraph } from '../model/learnable.ts';
import { Parameters } from '../model/parameters.ts';
import type { WeightFile } from '../model/weights.ts';
import { type AdamWOptions, adamW, newState, type OptimiserState } from './optimiser.ts';

/** Clips of equal length as the graphs take them. */
export interface Batch {
  clips: number;
  frames: number;
  /** Cached convolutional features [clips·frames, C], or the waveform [clips, 1, samples] when pre-training. */
  speech: Feed;
  /** 1 where masked [clips·frames]. */
  mask: Float32Array;
  /** The masked rows, ascending. */
  masked: BigInt64Array;
  /** The units of the masked rows. */
  labels: Float32Array;
  /** The same by the base's own units, where it has a head. */
  baseLabels?: Float32Array;
  /** Lengths between the convolutions when pre-training. */
  bindings?: Bindings;
}

export interface Outcome {
  loss: number;
  /** Per masked frame. */
  nll: Float32Array;
  correct: Float32Array;
  base?: { nll: Float32Array; correct: Float32Array };
  /** [clips, Σ experts], [clips, Σ experts], [clips, sites]. */
  gates?: Float32Array;
  loads?: Float32Array;
  entropy?: Float32Array;
}

export class Learner {
  readonly gradient: Float32Array;
  optimiser: OptimiserState;

  private constructor(
    readonly config: LearnableConfig,
    readonly parameters: Parameters,
    private readonly step: Session,
    private readonly evaluation: Session,
  ) {
    this.gradient = new Float32Array(parameters.size);
    this.optimiser = newState(parameters.size);
  }

  static async open(
    config: LearnableConfig,
    base: Pick<BaseModel, 'weights'>,
    file: WeightFile,
    seed: number,
    options: SessionOptions,
    baseHead?: BaseHead,
  ): Promise<Learner> {
    const specs = parameterSpecs(config, base.weights);
    const step = await file.open(stepGraph(config, file, specs), options);
    const evaluation = await file.open(evaluationGraph(config, file, specs, baseHead), options);
    return new Learner(config, new Parameters(specs, seed), step, evaluation);
  }

  private feeds(batch: Batch): Record<string, Feed> {
    const rows = batch.clips * batch.frames;
    const count = batch.masked.length;
    const feeds: Record<string, Feed> = {
      [this.config.adapter.kind === 'scratch' ? 'wave' : 'features']: batch.speech,
      mask: { data: batch.mask, shape: [rows, 1] },
      masked: { data: batch.masked, shape: [count, 1] },
      labels: { data: batch.labels, shape: [count, 1] },
      inverseFrames: { data: Float32Array.of(1 / rows), shape: [1] },
    };
    if (batch.baseLabels) feeds['base.labels'] = { data: batch.baseLabels, shape: [count, 1] };
    for (const name of this.parameters.names)
      feeds[name] = { data: this.parameters.view(name), shape: this.parameters.shape(name) };
    return feeds;
  }

  private bindings = (batch: Batch): Bindings => ({
    B: batch.clips,
    T: batch.frames,
    M: batch.masked.length,
    ...batch.bindings,
  });

  /** Adds `weight` times the gradient of the mean masked loss to `this.gradient`. */
  async accumulate(batch: Batch, weight = 1): Promise<Outcome> {
    const feeds = this.feeds(batch);
    const count = batch.masked.length;
    feeds.frameWeight = { data: new Float32Array(count).fill(1 / count), shape: [count, 1] };
    const out = await this.step.run(feeds, this.bindings(batch));
    for (const name of this.parameters.names) {
      const target = this.parameters.view(name, this.gradient);
      const source = floats(out[`grad:${name}`]);
      for (let i = 0; i < target.length; i++) target[i] += weight * source[i];
    }
    return outcome(out, floats(out.loss)[0]);
  }

  async evaluate(batch: Batch): Promise<Outcome> {
    const out = await this.evaluation.run(this.feeds(batch), this.bindings(batch));
    const nll = floats(out.nll);
    return outcome(out, nll.reduce((a, b) => a + b, 0) / nll.length);
  }

  /** Applies and clears the accumulated gradient; returns its norm before clipping. */
  update(rates: { adapter: number; head: number }, options: AdamWOptions): number {
    const groups = this.parameters.names.map((name) => ({
      ...this.parameters.range(name),
      rate: isHead(name) ? rates.head : rates.adapter,
    }));
    const norm = adamW(this.parameters.data, this.gradient, this.optimiser, groups, options);
    this.gradient.fill(0);
    return norm;
  }

  async release(): Promise<void> {
    await this.step.release();
    await this.evaluation.release();
  }
}

function outcome(out: Awaited<ReturnType<Session['run']>>, loss: number): Outcome {
  const optional = (name: string) => (out[name] ? floats(out[name]) : undefined);
  const base = out['base.nll'] ? { nll: floats(out['base.nll']), correct: floats(out['base.correct']) } : undefined;
  return {
    loss,
    nll: floats(out.nll),
    correct: floats(out.correct),
    base,
    gates: optional('gates'),
    loads: optional('loads'),
    entropy: optional('entropy'),
  };
}
