/**
 * @file A learner whose parameters, moments and gradients stay on the device between steps (WebGPU). Main memory holds a
 * copy that is as old as the last `pull` or `push`.
 */
import { compile } from '../engine/compile.ts';
import { type DeviceTensor, type Feed, floats, Session, type SessionOptions } from '../engine/session.ts';
import type { Value } from '../engine/value.ts';
import type { BaseHead, BaseModel } from '../model/checkpoint/base.ts';
import type { LearnableConfig } from '../model/config.ts';
import { Parameters } from '../model/parameters.ts';
import { evaluationGraph, parameterSpecs, stepGraph } from '../objectives/learnable.ts';
import { TEACHER } from '../objectives/retained.ts';
import { type AdamWOptions, newState, type OptimiserState } from '../optim/adamw.ts';
import {
  accumulateGraph,
  copyGraph,
  normGraph,
  one,
  pullGraph,
  type TensorSlot,
  updateFeeds,
  updateGraph,
} from '../optim/adamw-graph.ts';
import type { WeightFile } from '../weights/file.ts';
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

/** One tensor a parameter, all on the device. */
type Tensors = Readonly<Record<string, DeviceTensor>>;
type Part = 'parameter' | 'first' | 'second';
const PARTS: readonly Part[] = ['parameter', 'first', 'second'];

interface Sessions {
  step: Session;
  evaluation: Session;
  norm: Session;
  update: Session;
  sum: Session;
  pull: Session;
  upload: Session;
  download: Session;
}

export class DeviceLearner implements Learner {
  optimiser: OptimiserState;
  private state!: Record<Part, Tensors>;
  private gradient?: Tensors;
  private stale = false;
  /** The base's parameters as training found them; zeros elsewhere. */
  private start?: { base: Tensors; none: Tensors };
  private teacher?: Tensors;
  private held?: { values: Held; start: Tensors; weight: Tensors };

  private constructor(
    readonly config: LearnableConfig,
    readonly parameters: Parameters,
    private readonly sessions: Sessions,
  ) {
    this.optimiser = newState(parameters.size);
  }

  static async open(
    config: LearnableConfig,
    base: Pick<BaseModel, 'weights'>,
    file: WeightFile,
    seed: number,
    options: SessionOptions,
    baseHead?: BaseHead,
  ): Promise<DeviceLearner> {
    const specs = parameterSpecs(config, base.weights);
    const slots = specs.map(({ name, shape, group }): TensorSlot => {
      return { name, shape, group: group === 'head' ? 'head' : 'adapter' };
    });
    const strict = { ...options, strict: true };
    const keeping = (prefix: string) => ({ ...strict, keep: slots.map(({ name }) => `${prefix}${name}`) });
    const small = (outputs: Record<string, Value>, how: SessionOptions) => {
      const { bytes, ...compiled } = compile(outputs, 'portable');
      return Session.open(bytes, compiled, how);
    };
    const updated = PARTS.flatMap((part) => slots.map(({ name }) => `new-${part}:${name}`));
    const sessions: Sessions = {
      step: await file.open(stepGraph(config, file, specs, undefined, baseHead), keeping('grad:')),
      evaluation: await file.open(evaluationGraph(config, file, specs, baseHead), strict),
      norm: await small(normGraph(slots), strict),
      update: await small(updateGraph(slots), { ...strict, keep: updated }),
      sum: await small(accumulateGraph(slots), keeping('sum:')),
      pull: await small(pullGraph(slots), keeping('sum:')),
      upload: await small(copyGraph(slots), keeping('copy:')),
      download: await small(copyGraph(slots), strict),
    };
    const learner = new DeviceLearner(config, new Parameters(specs, seed), sessions);
    await learner.push();
    return learner;
  }

  async accumulate(batch: Batch, weight = 1): Promise<Outcome> {
    const feeds = {
      ...batchFeeds(batch, this.config),
      ...dropoutFeeds(batch, this.config),
      ...this.state.parameter,
      ...prefixed(TEACHER, this.teacher ?? this.state.parameter),
    };
    const out = await this.sessions.step.run(feeds, batchBindings(batch));
    const fresh = this.take(out, 'grad:');
    if (weight === 1 && !this.gradient) this.gradient = fresh;
    else {
      const sofar = this.gradient ?? (await this.upload(new Float32Array(this.parameters.size)));
      const sums = await this.sessions.sum.run(
        { ...prefixed('gradient:', sofar), ...prefixed('grad:', fresh), weight: one(weight) },
        {},
      );
      this.gradient = this.take(sums, 'sum:');
      dispose(sofar);
      dispose(fresh);
    }
    return outcome(out, batch);
  }

  async evaluate(batch: Batch): Promise<Outcome> {
    const feeds = { ...batchFeeds(batch, this.config), ...this.state.parameter };
    return outcome(await this.sessions.evaluation.run(feeds, batchBindings(batch)));
  }

  async anchor(): Promise<void> {
    await this.pull();
    const { parameters } = this;
    const base = new Float32Array(parameters.size);
    for (const name of parameters.namesOf('base')) parameters.view(name, base).set(parameters.view(name));
    const none = new Float32Array(parameters.size);
    this.start = { base: await this.upload(base), none: await this.upload(none) };
  }

  async pullToAnchor(strength: number): Promise<void> {
    if (!this.start) throw withoutAnchor();
    const { base, none } = this.start;
    const own = new Set(this.parameters.namesOf('base'));
    const now = Object.fromEntries(
      this.parameters.names.map((name) => [name, own.has(name) ? this.state.parameter[name] : none[name]]),
    );
    for (const [tensors, weight] of [
      [now, strength],
      [base, -strength],
    ] as const) {
      const sofar = this.gradient ?? (await this.upload(new Float32Array(this.parameters.size)));
      const feeds = { ...prefixed('gradient:', sofar), ...prefixed('grad:', tensors), weight: one(weight) };
      this.gradient = this.take(await this.sessions.sum.run(feeds, {}), 'sum:');
      dispose(sofar);
    }
  }

  async hold(held?: Held): Promise<void> {
    if (this.held) for (const tensors of [this.held.start, this.held.weight]) dispose(tensors);
    this.held = held && {
      values: held,
      start: await this.upload(held.start),
      weight: await this.upload(held.weight),
    };
  }

  async pullToHeld(): Promise<void> {
    if (!this.held) return;
    const sofar = this.gradient ?? (await this.upload(new Float32Array(this.parameters.size)));
    const feeds = {
      ...prefixed('gradient:', sofar),
      ...prefixed('parameter:', this.state.parameter),
      ...prefixed('start:', this.held.start),
      ...prefixed('weight:', this.held.weight),
    };
    this.gradient = this.take(await this.sessions.pull.run(feeds, {}), 'sum:');
    dispose(sofar);
  }

  async teach(teacher?: Float32Array): Promise<void> {
    if (this.teacher) dispose(this.teacher);
    this.teacher = teacher && (await this.upload(teacher));
  }

  heldPenalty = () => this.held && penaltyOf(this.held.values, this.parameters.data);

  async gradientNorm(): Promise<number> {
    if (!this.gradient) return 0;
    return floats((await this.sessions.norm.run(prefixed('gradient:', this.gradient), {})).norm)[0];
  }

  async update(rates: Rates, options: AdamWOptions): Promise<number> {
    if (!this.gradient) throw new Error('internal: an update without a gradient');
    const feeds: Record<string, Feed | DeviceTensor> = {
      ...updateFeeds({ ...rates }, options, this.optimiser.updates + 1),
      ...prefixed('gradient:', this.gradient),
    };
    for (const part of PARTS) Object.assign(feeds, prefixed(`${part}:`, this.state[part]));
    const out = await this.sessions.update.run(feeds, {});
    const norm = floats(out.norm)[0];
    const finite = Number.isFinite(norm);
    for (const part of PARTS) {
      const next = this.take(out, `new-${part}:`);
      dispose(finite ? this.state[part] : next);
      if (finite) this.state[part] = next;
    }
    if (finite) {
      this.optimiser.updates++;
      this.stale = true;
    }
    this.discard();
    return norm;
  }

  discard(): void {
    if (this.gradient) dispose(this.gradient);
    this.gradient = undefined;
  }

  async readGradient(): Promise<Float32Array> {
    const flat = new Float32Array(this.parameters.size);
    if (this.gradient) await this.download(this.gradient, flat);
    return flat;
  }

  async writeGradient(gradient: Float32Array): Promise<void> {
    this.discard();
    this.gradient = await this.upload(gradient);
  }

  async pull(): Promise<void> {
    if (!this.stale) return;
    await this.download(this.state.parameter, this.parameters.data);
    await this.download(this.state.first, this.optimiser.first);
    await this.download(this.state.second, this.optimiser.second);
    this.stale = false;
  }

  async push(): Promise<void> {
    const old = this.state;
    const { first, second } = this.optimiser;
    this.state = {
      parameter: await this.upload(this.parameters.data),
      first: await this.upload(first),
      second: await this.upload(second),
    };
    if (old) for (const part of PARTS) dispose(old[part]);
    this.stale = false;
  }

  /** Where each tensor of the state lies, for tests: 'gpu-buffer' throughout. */
  locations(): string[] {
    const all = [...PARTS.map((part) => this.state[part]), this.gradient ?? {}];
    return all.flatMap((tensors) => Object.values(tensors).map(({ location }) => location));
  }

  /** Its numbers lie on the device, and so do its sessions. */
  async rest(): Promise<void> {}

  async release(): Promise<void> {
    this.discard();
    for (const part of PARTS) dispose(this.state[part]);
    for (const tensors of Object.values(this.start ?? {})) dispose(tensors);
    await this.hold();
    await this.teach();
    for (const session of Object.values(this.sessions)) await session.release();
  }

  private take(out: Readonly<Record<string, DeviceTensor>>, prefix: string): Tensors {
    return Object.fromEntries(this.parameters.names.map((name) => [name, out[`${prefix}${name}`]]));
  }

  private async upload(flat: Float32Array): Promise<Tensors> {
    const feeds = Object.fromEntries(
      this.parameters.names.map((name) => [
        name,
        { data: this.parameters.view(name, flat), shape: this.parameters.shape(name) },
      ]),
    );
    return this.take(await this.sessions.upload.run(feeds, {}), 'copy:');
  }

  /** Through a session with outputs in main memory: a device tensor's own `getData` aborts the process (1.30). */
  private async download(tensors: Tensors, flat: Float32Array): Promise<void> {
    const out = await this.sessions.download.run(tensors, {});
    for (const name of this.parameters.names) this.parameters.view(name, flat).set(floats(out[`copy:${name}`]));
  }
}

const prefixed = (prefix: string, tensors: Tensors) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}${name}`, tensor]));

function dispose(tensors: Tensors): void {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}
