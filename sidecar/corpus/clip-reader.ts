/** @file Clips as samples, decoded by other threads where there are any: whoever trains on them asks ahead. */
import { type Task, Threads } from '../threads.ts';
import { clipSamples } from './clips.ts';
import type { Clip, ClipPart } from './types.ts';

interface Argument {
  samples: number;
  normalise: boolean;
  parts: { utterance: Pick<ClipPart['utterance'], Needed>; startSample: number; endSample: number }[];
}
type Needed = 'id' | 'path' | 'channel' | 'startSample' | 'samples' | 'hash';

/** What `clipSamples` gives, of what it needs to know of a clip. */
export const samplesTask: Task<Argument, Float32Array> = {
  name: 'samples',
  run: ({ normalise, ...clip }) => clipSamples(clip as unknown as Clip, { normalise }),
  transfer: (samples) => [samples.buffer as ArrayBuffer],
};

export class ClipReader {
  private threads?: Threads;

  constructor(private readonly normalise: boolean) {}

  /** How many clips are worth asking for before the first is needed; 1 where nobody else decodes. */
  get ahead(): number {
    const { count } = this.opened();
    return count === 0 ? 1 : 2 * count;
  }

  /** At 16 kHz, normalised if the base wants it. @throws UserError where the file changed since the scan */
  samples({ samples, parts }: Pick<Clip, 'samples' | 'parts'>): Promise<Float32Array> {
    const argument: Argument = {
      samples,
      normalise: this.normalise,
      parts: parts.map(({ utterance, startSample, endSample }) => {
        const { id, path, channel, startSample: begins, samples: count, hash } = utterance;
        return { utterance: { id, path, channel, startSample: begins, samples: count, hash }, startSample, endSample };
      }),
    };
    // A recording that many clips are cut from is decoded once by whoever had the last of them.
    return this.opened().run(samplesTask, argument, parts[0]?.utterance.path);
  }

  private opened(): Threads {
    return (this.threads ??= new Threads());
  }

  /** Ends the threads; they are begun again when a clip is asked for. */
  async rest(): Promise<void> {
    const { threads } = this;
    this.threads = undefined;
    await threads?.close();
  }
}
