/** @file The batch of the next step, drawn and read while this step computes; the same batches in the same order. */
import type { Sampler } from '../corpus/index.ts';
import { assemble, type Sources } from '../learning/batch.ts';
import type { Batch } from '../learning/learner.ts';
import type { MaskedShard } from './draw.ts';

/** What a step sees. */
export interface Drawn {
  step: number;
  shards: MaskedShard[];
  /** Of the sampler behind this draw: what a checkpoint of this step holds, whatever was drawn since. */
  sampler: ReturnType<Sampler['state']>;
  /** The rows of each shard's crops as far as they were read ahead. */
  fetched: Promise<(Float32Array | undefined)[]>[];
}

export class ReadAhead {
  private next?: Drawn;

  constructor(
    private readonly draw: (step: number) => MaskedShard[],
    private readonly sampler: Sampler,
    private readonly sources: Sources,
    /** Whether this process computes a shard. */
    private readonly isMine: (index: number) => boolean = () => true,
  ) {}

  /** Of a step: what was begun for it, else drawn now. */
  take(step: number): Drawn {
    const { next } = this;
    this.next = undefined;
    if (next && next.step !== step) throw new Error(`internal: read ahead for step ${next.step}, and not ${step}`);
    return next ?? this.drawn(step, false);
  }

  /** Draws a step and has it read; what the sampler says from here on counts that draw. */
  begin(step: number): void {
    this.next = this.drawn(step, true);
  }

  private drawn(step: number, isAhead: boolean): Drawn {
    const shards = this.draw(step);
    const { features } = this.sources;
    const reads = (index: number) => isAhead && this.isMine(index);
    const fetched = shards.map(
      async ({ crops, frames }, index) => (reads(index) && (await features.fetch?.(crops, frames))) || [],
    );
    for (const one of fetched) one.catch(() => {}); // Thrown when the step takes it.
    return { step, shards, sampler: this.sampler.state(), fetched };
  }
}

/** A shard as the graph takes it: what was read ahead, and the rest read now. */
export async function load(
  shard: MaskedShard,
  sources: Sources,
  ahead?: Promise<(Float32Array | undefined)[]>,
): Promise<Batch> {
  const fetched = (await ahead) ?? [];
  const rest = shard.crops.filter((_, i) => !fetched[i]);
  if (rest.length > 0) await sources.features.ready?.(rest.map(({ hash }) => hash));
  return { ...assemble(shard.crops, shard.frames, sources, fetched), key: shard.key };
}
