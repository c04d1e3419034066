/** @file A learner whose numbers lie in main memory: fed to the device and fetched from it at every step. */
import { type Feed, floats, type Session, type SessionOptions } from '../engine/session.ts';
import type { BaseHead, BaseModel } from '../model/checkpoint/base.ts';
import type { LearnableConfig } from '../model/config.ts';
import { Parameters } from '../model/parameters.ts';
import { evaluationGraph, parameterSpecs, stepGraph } from '../objectives/learnable.ts';
import { type AdamWOptions, adamW, newState, norm, type OptimiserState } from '../optim/adamw.ts';
import type { WeightFile } from '../weights/file.ts';
import {
  type Batch,
  batchBindings,
  batchFeeds,
  dropoutFeeds,
  type Learner,
  type Outcome,
  outcome,
  type Rates,
} from './learner.ts';

export class HostLearner implements Learner {
  readonly gradient: Float32Array;
  optimiser: OptimiserState;
  private evaluation?: Promise<Session>;
  /** Of the gradient as it is; undefined where nobody has asked for it. */
  private knownNorm?: number;

  private constructor(
    readonly config: LearnableConfig,
    readonly parameters: Parameters,
    private readonly step: Session,
    /** Opened when first asked for: only then does it take memory. */
    private readonly openEvaluation: () => Promise<Session>,
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
  ): Promise<HostLearner> {
    const specs = parameterSpecs(config, base.weights);
    // 2026-11: packed copies of a frozen base of 12 × 768 cost 0.3 GB a session and gained nothing beside 996 frames.
    const lean = { prepack: false, ...options };
    const step = await file.open(stepGraph(config, file, specs), lean);
    const shapes = specs.map(({ name, shape }) => ({ name, shape }));
    const openEvaluation = () => file.open(evaluationGraph(config, file, shapes, baseHead), lean);
    return new HostLearner(config, new Parameters(specs, seed), step, openEvaluation);
  }

  private feeds(batch: Batch): Record<string, Feed> {
    const feeds = batchFeeds(batch, this.config);
    for (const name of this.parameters.names)
      feeds[name] = { data: this.parameters.view(name), shape: this.parameters.shape(name) };
    return feeds;
  }

  async accumulate(batch: Batch, weight = 1): Promise<Outcome> {
    const out = await this.step.run(
      { ...this.feeds(batch), ...dropoutFeeds(batch, this.config) },
      batchBindings(batch),
    );
    this.knownNorm = undefined;
    for (const name of this.parameters.names) {
      const target = this.parameters.view(name, this.gradient);
      const source = floats(out[`grad:${name}`]);
      for (let i = 0; i < target.length; i++) target[i] += weight * source[i];
    }
    return outcome(out);
  }

  async evaluate(batch: Batch): Promise<Outcome> {
    this.evaluation ??= this.openEvaluation();
    return outcome(await (await this.evaluation).run(this.feeds(batch), batchBindings(batch)));
  }

  gradientNorm = async () => (this.knownNorm = norm(this.gradient));

  async update(rates: Rates, options: AdamWOptions): Promise<number> {
    const groups = this.parameters.names.map((name) => ({
      ...this.parameters.range(name),
      rate: this.parameters.group(name) === 'head' ? rates.head : rates.adapter,
    }));
    const total = adamW(this.parameters.data, this.gradient, this.optimiser, groups, options, this.knownNorm);
    this.discard();
    return total;
  }

  discard(): void {
    this.knownNorm = undefined;
    this.gradient.fill(0);
  }
  readGradient = async () => this.gradient.slice();
  async pull(): Promise<void> {}
  async push(): Promise<void> {}

  async release(): Promise<void> {
    await this.step.release();
    await (await this.evaluation)?.release();
  }
}
