/** @file What a step sees: the sampler's shards with their masks, still without tensors. */
import type { Experiment } from '../config/experiment.ts';
import type { Rows, Sampler } from '../corpus/index.ts';
import type { HeldOutClip } from '../evaluation/heldout.ts';
import { type KeptClips, type MaskedCrop, maskedFrames } from '../learning/batch.ts';
import { spanMask } from '../learning/mask.ts';

export interface TrainingClip extends HeldOutClip {
  id: string;
}

/** Clips of one length: what one run of the graph takes. */
export interface MaskedShard {
  frames: number;
  crops: MaskedCrop[];
  languages: string[];
  /** Masked frames of each clip. */
  masked: number[];
  /** What dropout is drawn by. */
  key: (string | number)[];
  seen: { id: string; hash: string; start: number; frames: number }[];
}

/**
 * The shards of a step: of `accumulate` draws, each with a number of its own.
 * @param kept clips that wear a mask of their own
 */
export function drawStep(
  experiment: Pick<Experiment, 'mask' | 'seed'>,
  sampler: Sampler,
  clips: Rows<TrainingClip>,
  phase: 'head' | 'train',
  draws: readonly number[],
  kept?: KeptClips,
): MaskedShard[] {
  return draws.flatMap((draw) => {
    let slot = 0;
    return sampler.next(draw).map(({ frames, crops: chosen }, shard): MaskedShard => {
      const own = chosen.map(({ clip }) => clips.at(clip)!);
      const crops = chosen.map(({ start }, b) => {
        const { hash, language } = own[b];
        const mask = spanMask(frames, experiment.mask, experiment.seed, phase, draw, slot++, hash);
        const theirs = kept?.maskOf(hash)?.subarray(start, start + frames);
        // A short crop may have nothing to predict, or to predict from.
        return theirs?.includes(1) && theirs.includes(0)
          ? { hash, language, start, mask: theirs, kept: true }
          : { hash, language, start, mask };
      });
      return {
        frames,
        crops,
        languages: own.map(({ language }) => language),
        masked: crops.map(maskedFrames),
        key: [experiment.seed, phase, draw, shard],
        seen: own.map(({ id, hash }, b) => ({ id, hash, start: chosen[b].start, frames })),
      };
    });
  });
}

export const maskedIn = (shards: readonly Pick<MaskedShard, 'masked'>[]): number =>
  shards.reduce((sum, { masked }) => sum + masked.reduce((a, b) => a + b, 0), 0);
