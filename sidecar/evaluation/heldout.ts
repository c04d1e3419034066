/**
 * @file Held-out masked prediction with fixed masks: the same clips, the same masks and the same units for every model,
 * so that two numbers differ only by the model.
 */
import { assemble, type Slot, type Sources } from '../learning/batch.ts';
import type { Learner } from '../learning/learner.ts';
import { type MaskOptions, spanMask } from '../learning/mask.ts';
import { type Meter, tally } from '../learning/meter.ts';

export interface HeldOutClip {
  hash: string;
  language: string;
  frames: number;
}

/** Masks are keyed by the clip alone, not by the run's seed: two runs are measured on the same frames. */
export async function evaluateHeldOut(
  learner: Learner,
  clips: readonly HeldOutClip[],
  sources: Sources,
  mask: MaskOptions,
  batchFrames: number,
): Promise<Meter> {
  const meter: Meter = {};
  for (const group of byLength(clips, batchFrames)) {
    const { frames } = group[0];
    const slots: Slot[] = group.map(({ hash }) => ({ hash, start: 0, mask: spanMask(frames, mask, 'held-out', hash) }));
    const outcome = await learner.evaluate(assemble(slots, frames, sources));
    const masked = slots.map((slot) => slot.mask.reduce((a, b) => a + b, 0));
    tally(
      meter,
      outcome,
      group.map(({ language }) => language),
      masked,
    );
  }
  return meter;
}

/** Clips of equal length together, never more than `batchFrames` frames unless one clip alone is longer. */
function* byLength(clips: readonly HeldOutClip[], batchFrames: number): Generator<HeldOutClip[]> {
  const lengths = new Map<number, HeldOutClip[]>();
  for (const clip of clips) {
    const same = lengths.get(clip.frames);
    if (same) same.push(clip);
    else lengths.set(clip.frames, [clip]);
  }
  for (const [frames, same] of [...lengths].sort(([a], [b]) => a - b)) {
    const most = Math.max(1, Math.floor(batchFrames / frames));
    for (let i = 0; i < same.length; i += most) yield same.slice(i, i + most);
  }
}
