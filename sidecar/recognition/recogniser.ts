/**
 * @file A downstream model that learns: its parameters, its step and its reading, on any device. Its numbers lie in main
 * memory and are fed at every run: they are small beside the hidden states.
 */
import { compile } from '../engine/compile.ts';
import { gradients } from '../engine/gradient.ts';
import { Graph } from '../engine/graph.ts';
import { mul } from '../engine/ops/elementwise.ts';
import { sum } from '../engine/ops/reduce.ts';
import { type Feed, floats, Session, type SessionOptions } from '../engine/session.ts';
import { evaluate, type Shape } from '../engine/shape.ts';
import type { Value } from '../engine/value.ts';
import { dropoutMask } from '../learning/dropout.ts';
import { Parameters } from '../model/parameters.ts';
import { labellingCost } from '../objectives/ctc.ts';
import { adam } from '../optim/adam.ts';
import { type AdamWOptions, newState, type OptimiserState } from '../optim/adamw.ts';
import type { Key } from '../random.ts';
import type { SpokenBatch } from './batch.ts';
import { type DownstreamConfig, downstreamParameters } from './config.ts';
import { type Disturbance, downstream, specAugmentInputs } from './downstream.ts';
import { type SpecAugment, specAugmentFeeds } from './spec-augment.ts';

export interface Reading {
  /** The batch's loss in nats: the mean over its clips, those that cannot be spelled as 0. */
  loss: number;
  /** −log p in nats of every clip. */
  costs: Float32Array;
  /** [clips · L, vocabulary]; only the first `lengths[b]` rows of a clip mean something. */
  logits: Float32Array;
}

/** What training does to a batch, by a key that a resumed run repeats. */
export interface Training {
  augment?: SpecAugment;
}

export class Recogniser {
  readonly gradient: Float32Array;
  optimiser: OptimiserState;

  private constructor(
    readonly config: DownstreamConfig,
    readonly training: Training,
    readonly parameters: Parameters,
    /** Absent where it only reads. */
    private readonly step: Session | undefined,
    private readonly reading: Session,
    private readonly places: Disturbance['places'],
  ) {
    this.gradient = new Float32Array(parameters.size);
    this.optimiser = newState(parameters.size);
  }

  /** @param seed of the first parameters */
  static async open(
    config: DownstreamConfig,
    training: Training,
    seed: number,
    options: SessionOptions,
  ): Promise<Recogniser> {
    const specs = downstreamParameters(config);
    const dialect = options.device === 'cpu' ? 'cpu' : 'portable';
    const opened = (outputs: Record<string, Value>) => {
      const { bytes, ...compiled } = compile(outputs, dialect);
      return Session.open(bytes, compiled, options);
    };
    const places: Disturbance['places'] = [];
    const step = costGraph(config, training, places);
    gradients(
      step.loss,
      specs.map(({ name }) => step.tensor(name)),
    ).forEach((gradient, i) => {
      step.outputs[`grad:${specs[i].name}`] = gradient;
    });
    const sessions = [await opened(step.outputs), await opened(costGraph(config).outputs)] as const;
    return new Recogniser(config, training, new Parameters(specs, seed), ...sessions, places);
  }

  /** One that was trained before, to read with: no gradient is compiled. */
  static async reader(config: DownstreamConfig, parameters: Parameters, options: SessionOptions): Promise<Recogniser> {
    const { bytes, ...compiled } = compile(costGraph(config).outputs, options.device === 'cpu' ? 'cpu' : 'portable');
    return new Recogniser(config, {}, parameters, undefined, await Session.open(bytes, compiled, options), []);
  }

  private feeds(batch: SpokenBatch): Record<string, Feed> {
    const feeds = { ...batch.feeds };
    for (const name of this.parameters.names)
      feeds[name] = { data: this.parameters.view(name), shape: this.parameters.shape(name) };
    return feeds;
  }

  /** Adds `weight` times the gradient of the batch's loss. `key`: what dropout and SpecAugment are drawn by. */
  async accumulate(batch: SpokenBatch, weight: number, ...key: Key): Promise<Reading> {
    if (!this.step) throw new Error('internal: a recogniser that only reads was to learn');
    const feeds = this.feeds(batch);
    for (const { name, shape } of this.places) {
      const sizes = shape.map((dim) => evaluate(dim, batch.bindings));
      const count = sizes.reduce((a, b) => a * b, 1);
      feeds[name] = { data: dropoutMask(count, this.config.dropout, name, ...key), shape: sizes };
    }
    if (this.training.augment) Object.assign(feeds, specAugmentFeeds(this.training.augment, this.config, batch, key));
    const out = await this.step.run(feeds, batch.bindings);
    for (const name of this.parameters.names) {
      const target = this.parameters.view(name, this.gradient);
      const source = floats(out[`grad:${name}`]);
      for (let i = 0; i < target.length; i++) target[i] += weight * source[i];
    }
    return readingOf(out);
  }

  async read(batch: SpokenBatch): Promise<Reading> {
    return readingOf(await this.reading.run(this.feeds(batch), batch.bindings));
  }

  /** Applies and clears the accumulated gradient; returns its norm before clipping. One that is not finite changes nothing. */
  update(rate: number, options: AdamWOptions): number {
    const all = [{ start: 0, end: this.parameters.size, rate }];
    const norm = adam(this.parameters.data, this.gradient, this.optimiser, all, options);
    this.gradient.fill(0);
    return norm;
  }

  async release(): Promise<void> {
    await this.step?.release();
    await this.reading.release();
  }
}

/** Loss, costs and logits; with what training does to a batch where it is given. */
function costGraph(config: DownstreamConfig, training?: Training, places: { name: string; shape: Shape }[] = []) {
  const graph = new Graph();
  const shapes = new Map(downstreamParameters(config).map(({ name, shape }) => [name, shape]));
  const inputs = new Map<string, Value>();
  const tensor = (name: string): Value => {
    let value = inputs.get(name);
    if (!value) inputs.set(name, (value = graph.input(name, shapes.get(name)!)));
    return value;
  };
  const augment = training?.augment ? specAugmentInputs(graph, config.width) : (x: Value) => x;
  const disturbance = training ? { places, augment, rate: config.dropout } : undefined;
  const logits = downstream(config, graph, tensor, disturbance);
  const costs = labellingCost(logits, 'L');
  const loss = sum(mul(costs, graph.input('weights', ['B', 1])), [0, 1]);
  return { loss, tensor, outputs: { loss, costs, logits } as Record<string, Value> };
}

const readingOf = (out: Awaited<ReturnType<Session['run']>>): Reading => ({
  loss: floats(out.loss)[0],
  costs: floats(out.costs),
  logits: floats(out.logits),
});
