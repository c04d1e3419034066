/**
 * @file The steps, and the evaluations, of several host learners on one batch as one run of one graph: what is the same in
 * all of them is computed once, and the base lies in memory once. Each learner still takes its own part.
 */
import type { DeviceTensor, Feed, Session, SessionOptions } from '../engine/session.ts';
import type { Bindings } from '../engine/shape.ts';
import { jointGraph, type Model, prefixOf } from '../objectives/learnable.ts';
import type { WeightFile } from '../weights/file.ts';
import type { QuantisedProducts } from '../weights/quantised.ts';
import type { Batch } from './learner.ts';

export type Kind = 'step' | 'evaluation';
export type Outputs = Record<string, DeviceTensor>;

/** What a learner feeds: its parameters by name, and what all are fed. */
export interface Member {
  parameterFeeds(): Record<string, Feed>;
  sharedFeeds(batch: Batch, kind: Kind): Record<string, Feed>;
}

export class Joint {
  private readonly sessions = new Map<Kind, Promise<Session>>();
  /** What nobody has taken yet of the last run of each kind. */
  private readonly waiting = new Map<Kind, { batch: Batch; parts: Map<Member, Outputs> }>();

  constructor(
    private readonly models: readonly Model[],
    readonly members: readonly Member[],
    private readonly file: WeightFile,
    private readonly options: SessionOptions,
    private readonly quantised?: QuantisedProducts,
  ) {}

  /** Computes all members' parts of a batch, for each to take. */
  async run(kind: Kind, batch: Batch, bindings: Bindings): Promise<void> {
    // One at a time: what a step keeps for its way back and an evaluation's weights need not lie in memory together. Opening
    // takes as long as a step or two, and between the two lie many.
    await this.rest(kind === 'step' ? 'evaluation' : 'step');
    let opened = this.sessions.get(kind);
    if (!opened) this.sessions.set(kind, (opened = this.open(kind)));
    const feeds: Record<string, Feed> = {};
    this.members.forEach((member, i) => {
      Object.assign(feeds, member.sharedFeeds(batch, kind));
      for (const [name, feed] of Object.entries(member.parameterFeeds())) feeds[prefixOf(i) + name] = feed;
    });
    const out = await (await opened).run(feeds, bindings);
    const parts = new Map(this.members.map((member, i) => [member, partOf(out, prefixOf(i))]));
    this.waiting.set(kind, { batch, parts });
  }

  private open(kind: Kind): Promise<Session> {
    // A step in 8 bits needs its matrices packed, or its kernels round otherwise.
    const quantised = kind === 'step' ? this.quantised : undefined;
    return this.file.open(jointGraph(kind, this.models, this.file, quantised), {
      prepack: quantised !== undefined,
      ...this.options,
    });
  }

  /** A member's part of this batch, once; undefined where nothing was computed for it. */
  take(kind: Kind, member: Member, batch: Batch): Outputs | undefined {
    const waiting = this.waiting.get(kind);
    if (waiting?.batch !== batch) return undefined;
    const part = waiting.parts.get(member);
    waiting.parts.delete(member);
    if (waiting.parts.size === 0) this.waiting.delete(kind);
    return part;
  }

  /** Ends the session of one kind; it is opened again when asked for. */
  async rest(kind: Kind): Promise<void> {
    const opened = this.sessions.get(kind);
    this.sessions.delete(kind);
    await (await opened)?.release();
  }

  async release(): Promise<void> {
    await this.rest('step');
    await this.rest('evaluation');
  }
}

function partOf(out: Outputs, prefix: string): Outputs {
  const own = Object.entries(out).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
