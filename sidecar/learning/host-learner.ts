/** @file A learner whose numbers lie in main memory: fed to the device and fetched from it at every step. */
import { type Feed, floats, type Session, type SessionOptions } from '../engine/session.ts';
import type { BaseHead, BaseModel } from '../model/checkpoint/base.ts';
import type { LearnableConfig } from '../model/config.ts';
import { type ParameterSpec, Parameters } from '../model/parameters.ts';
import { evaluationGraph, type Model, parameterSpecs, stepGraph } from '../objectives/learnable.ts';
import { TEACHER } from '../objectives/retained.ts';
import { type AdamWOptions, adamW, newState, norm, type OptimiserState } from '../optim/adamw.ts';
import type { WeightFile } from '../weights/file.ts';
import type { QuantisedProducts } from '../weights/quantised.ts';
import { Joint, type Kind, type Member, type Outputs } from './joint.ts';
import {
  type Batch,
  batchBindings,
  batchFeeds,
  dropoutFeeds,
  type Held,
  type Learner,
  type Outcome,
  outcome,
  penaltyOf,
  type Rates,
  withoutAnchor,
} from './learner.ts';

export class HostLearner implements Learner, Member {
  readonly parameters: Parameters;
  readonly gradient: Float32Array;
  optimiser: OptimiserState;
  /** With the learners that see the same batches. */
  private joint?: Joint;
  /** By itself; opened when first asked for: only then does it take memory. */
  private readonly sessions = new Map<Kind, Promise<Session>>();
  /** The base's parameters as training found them, by name. */
  private start?: ReadonlyMap<string, Float32Array>;
  private held?: Held;
  private teacher?: Float32Array;
  /** Of the gradient as it is; undefined where nobody has asked for it. */
  private knownNorm?: number;

  private constructor(
    readonly config: LearnableConfig,
    specs: readonly ParameterSpec[],
    private readonly file: WeightFile,
    seed: number,
    private readonly options: SessionOptions,
    private readonly baseHead?: BaseHead,
    private readonly quantised?: QuantisedProducts,
  ) {
    this.parameters = new Parameters(specs, seed);
    this.gradient = new Float32Array(this.parameters.size);
    this.optimiser = newState(this.parameters.size);
  }

  /** @param quantised how frozen products of the step are computed; an evaluation's stay float32 */
  static async open(
    config: LearnableConfig,
    base: Pick<BaseModel, 'weights'>,
    file: WeightFile,
    seed: number,
    options: SessionOptions,
    baseHead?: BaseHead,
    quantised?: QuantisedProducts,
  ): Promise<HostLearner> {
    return new HostLearner(config, parameterSpecs(config, base.weights), file, seed, options, baseHead, quantised);
  }

  /** Makes learners of one base compute together what a batch asks of all of them; see `together`. */
  static join(learners: readonly HostLearner[]): void {
    const [{ file, options, quantised }] = learners;
    const joint = new Joint(
      learners.map((learner) => learner.model()),
      learners,
      file,
      options,
      quantised,
    );
    for (const learner of learners) learner.joint = joint;
  }

  /** What these learners share, where they are all that share it. */
  static jointOf(learners: readonly Learner[]): Joint | undefined {
    const [first] = learners;
    const joint = first instanceof HostLearner ? first.joint : undefined;
    return joint?.members.length === learners.length &&
      learners.every((one) => one instanceof HostLearner && one.joint === joint)
      ? joint
      : undefined;
  }

  private model(): Model {
    const { config, parameters, baseHead } = this;
    return { config, parameters: parameters.names.map((name) => ({ name, shape: parameters.shape(name) })), baseHead };
  }

  parameterFeeds(): Record<string, Feed> {
    const { parameters } = this;
    const feed = (name: string) => ({ data: parameters.view(name), shape: parameters.shape(name) });
    const feeds = Object.fromEntries(parameters.names.map((name) => [name, feed(name)]));
    if (this.config.retention?.distil?.teacher === 'stage')
      for (const name of parameters.names)
        feeds[`${TEACHER}${name}`] = { ...feed(name), data: parameters.view(name, this.teacher) };
    return feeds;
  }

  sharedFeeds(batch: Batch, kind: Kind): Record<string, Feed> {
    return { ...batchFeeds(batch, this.config), ...(kind === 'step' ? dropoutFeeds(batch, this.config) : {}) };
  }

  private async run(kind: Kind, batch: Batch): Promise<Outputs> {
    const shared = this.joint?.take(kind, this, batch);
    if (shared) return shared;
    await this.restOne(kind === 'step' ? 'evaluation' : 'step'); // as in Joint: one at a time
    let opened = this.sessions.get(kind);
    if (!opened) this.sessions.set(kind, (opened = this.openSession(kind)));
    return (await opened).run({ ...this.sharedFeeds(batch, kind), ...this.parameterFeeds() }, batchBindings(batch));
  }

  private openSession(kind: Kind): Promise<Session> {
    const { config, parameters, baseHead } = this.model();
    const quantised = kind === 'step' ? this.quantised : undefined;
    const graph =
      kind === 'step'
        ? stepGraph(config, this.file, parameters, quantised, baseHead)
        : evaluationGraph(config, this.file, parameters, baseHead);
    // 2026-11: packed copies of a frozen base of 12 × 768 cost 0.3 GB a session and gained nothing beside 996 frames;
    // but products in 8 bits need theirs, or their kernels round otherwise.
    return this.file.open(graph, { prepack: quantised !== undefined, ...this.options });
  }

  async accumulate(batch: Batch, weight = 1): Promise<Outcome> {
    const out = await this.run('step', batch);
    this.knownNorm = undefined;
    for (const name of this.parameters.names) {
      const target = this.parameters.view(name, this.gradient);
      const source = floats(out[`grad:${name}`]);
      for (let i = 0; i < target.length; i++) target[i] += weight * source[i];
    }
    return outcome(out, batch);
  }

  async evaluate(batch: Batch): Promise<Outcome> {
    return outcome(await this.run('evaluation', batch));
  }

  async anchor(): Promise<void> {
    const { parameters } = this;
    this.start = new Map(parameters.namesOf('base').map((name) => [name, parameters.view(name).slice()]));
  }

  async pullToAnchor(strength: number): Promise<void> {
    if (!this.start) throw withoutAnchor();
    this.knownNorm = undefined;
    for (const [name, start] of this.start) {
      const target = this.parameters.view(name, this.gradient);
      const now = this.parameters.view(name);
      for (let i = 0; i < target.length; i++) target[i] += strength * (now[i] - start[i]);
    }
  }

  async hold(held?: Held): Promise<void> {
    this.held = held;
  }

  async pullToHeld(): Promise<void> {
    if (!this.held) return;
    this.knownNorm = undefined;
    const { gradient, parameters } = this;
    const { start, weight } = this.held;
    for (let i = 0; i < gradient.length; i++) gradient[i] += weight[i] * (parameters.data[i] - start[i]);
  }

  async teach(teacher?: Float32Array): Promise<void> {
    this.teacher = teacher;
  }

  heldPenalty = () => this.held && penaltyOf(this.held, this.parameters.data);

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
  async writeGradient(gradient: Float32Array): Promise<void> {
    this.knownNorm = undefined;
    this.gradient.set(gradient);
  }
  async pull(): Promise<void> {}
  async push(): Promise<void> {}

  async rest(): Promise<void> {
    await this.restOne('step');
    await this.restOne('evaluation');
    await this.joint?.release();
  }

  private async restOne(kind: Kind): Promise<void> {
    const opened = this.sessions.get(kind);
    this.sessions.delete(kind);
    await (await opened)?.release();
  }

  release(): Promise<void> {
    return this.rest();
  }
}
