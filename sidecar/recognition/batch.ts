/** @file From clips of different lengths to the tensors of a run of the downstream model. */
import { NEVER } from '../engine/ops/alignment.ts';
import type { Feed } from '../engine/session.ts';
import type { Bindings } from '../engine/shape.ts';
import { framesNeeded, layOut } from '../objectives/ctc.ts';
import { convolved, type DownstreamConfig, logitFrames } from './config.ts';

/** One clip with what the frozen model made of it. */
export interface Spoken {
  id: string;
  frames: number;
  /** [layers, frames, width] */
  hidden: Float32Array;
  /** Tokens without blanks; absent where the clip is only to be recognised. */
  target?: readonly number[];
}

export interface SpokenBatch {
  clips: readonly { id: string; frames: number }[];
  feeds: Record<string, Feed>;
  bindings: Bindings;
  /** Frames of logits, each clip's own. */
  lengths: number[];
  /** Clips whose text cannot be spelled in their frames; they weigh nothing. */
  impossible: string[];
}

/** Whether a clip's text fits its frames of logits. Training weighs a clip that does not with 0. */
export const fits = ({ frames, target = [] }: Pick<Spoken, 'frames' | 'target'>): boolean =>
  framesNeeded(target) <= logitFrames(frames);

/**
 * Pads the clips to the longest, which is made odd so that the convolutions' windows end with it. Every clip's loss
 * weighs 1 / clips, the batch's size, whatever its length (ESPnet: Σ over utterances ÷ batch size).
 * Throws on a clip that is too short for one frame of logits.
 */
export function batchOf(clips: readonly Spoken[], config: DownstreamConfig, blank = 0): SpokenBatch {
  const { layers, width } = config;
  const count = clips.length;
  const longest = Math.max(...clips.map(({ frames }) => frames));
  const frames = longest + (1 - (longest % 2));
  const [first, last] = convolved(frames);
  const lengths = clips.map((clip) => logitFrames(clip.frames));
  const short = clips.find((_, b) => lengths[b] < 1);
  if (short) throw new Error(`internal: ${short.id} has ${short.frames} frames, too few for the convolutions`);

  const hidden = new Float32Array(layers * count * frames * width);
  const share = new Float32Array(count * frames);
  const outside = new Float32Array(count * last).fill(NEVER);
  clips.forEach((clip, b) => {
    const size = clip.frames * width;
    for (let layer = 0; layer < layers; layer++)
      hidden.set(clip.hidden.subarray(layer * size, (layer + 1) * size), (layer * count + b) * frames * width);
    share.fill(1 / clip.frames, b * frames, b * frames + clip.frames);
    outside.fill(0, b * last, b * last + lengths[b]);
  });
  const lattice = layOut({ targets: clips.map(({ target = [] }) => target), lengths, blank }, last);
  const weights = Float32Array.from(clips, (clip) => (fits(clip) ? 1 / count : 0));
  return {
    clips,
    feeds: {
      ...lattice.feeds,
      hidden: { data: hidden, shape: [layers, count * frames, width] },
      share: { data: share, shape: [count, frames, 1] },
      outside: { data: outside, shape: [count, 1, 1, last] },
      weights: { data: weights, shape: [count, 1] },
    },
    bindings: { B: count, T: frames, C: first, L: last, S: lattice.states },
    lengths,
    impossible: clips.filter((clip) => !fits(clip)).map(({ id }) => id),
  };
}
