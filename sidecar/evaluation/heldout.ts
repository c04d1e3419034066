/**
 * @file Held-out masked prediction with fixed masks: the same clips, the same masks and the same units for every model,
 * so that two numbers differ only by the model.
 */
import { assemble, type MaskedCrop, maskedFrames, type Sources } from '../learning/batch.ts';
import type { Learner, Outcome } from '../learning/learner.ts';
import { type MaskOptions, spanMask } from '../learning/mask.ts';
import { clipSums, type Meter, tally } from '../learning/meter.ts';
import { evaluateTogether } from '../learning/together.ts';
import { alone, type Ranks } from '../ranks/ranks.ts';
import { isMine, together } from '../ranks/share.ts';

export interface HeldOutClip {
  hash: string;
  language: string;
  frames: number;
}

export interface HeldOutSpeech {
  clips: readonly HeldOutClip[];
  sources: Sources;
  /** Of evaluation alone: two runs that mask their training otherwise are measured on the same frames. */
  mask: MaskOptions;
  /** Most frames of one run of the graph. */
  batchFrames: number;
}

/** One clip's sums over its masked frames. */
export interface ClipScore {
  hash: string;
  language: string;
  masked: number;
  sums: Record<string, number>;
}

export interface HeldOutScores {
  meter: Meter;
  clips: ClipScore[];
}

/** Masks are keyed by the clip alone, not by the run's seed. */
export async function evaluateHeldOut(learner: Learner, speech: HeldOutSpeech): Promise<HeldOutScores> {
  return (await evaluateAllHeldOut([learner], speech))[0];
}

/** The same for several models, in their order, batch by batch: what is the same in all of them is computed once. */
export async function evaluateAllHeldOut(
  learners: readonly Learner[],
  { clips, sources, mask, batchFrames }: HeldOutSpeech,
  ranks: Ranks = alone,
): Promise<HeldOutScores[]> {
  const groups = [...byLength(clips, batchFrames)].map((group) => {
    const { frames } = group[0];
    const crops = group.map(({ hash, language }): MaskedCrop => {
      return { hash, language, start: 0, mask: spanMask(frames, mask, 'held-out', hash) };
    });
    return { group, frames, crops };
  });
  const mine: { index: number; result: Outcome[] }[] = [];
  for (const [index, { group, frames, crops }] of groups.entries()) {
    if (!isMine(ranks, index)) continue;
    await sources.features.ready?.(group.map(({ hash }) => hash));
    mine.push({ index, result: await evaluateTogether(learners, assemble(crops, frames, sources)) });
  }
  const all = learners.map((): HeldOutScores => ({ meter: {}, clips: [] }));
  for (const [index, outcomes] of (await together(ranks, mine)).entries()) {
    const { group, crops } = groups[index];
    const masked = crops.map(maskedFrames);
    const languages = group.map(({ language }) => language);
    for (const [i, outcome] of outcomes.entries()) {
      tally(all[i].meter, outcome, languages, masked);
      for (const [b, sums] of clipSums(outcome, masked).entries())
        all[i].clips.push({ hash: group[b].hash, language: languages[b], masked: masked[b], sums });
    }
  }
  return all;
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

/** The first clips in hash order of each language, so that the choice does not depend on the run. */
export function limitHeldOut<T extends HeldOutClip>(clips: Iterable<T>, framesPerLanguage: number): T[] {
  const left = new Map<string, number>();
  // A clip's hash may be made whenever it is asked for.
  return Array.from(clips, (clip) => ({ clip, hash: clip.hash }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .flatMap(({ clip }) => {
      const rest = left.get(clip.language) ?? framesPerLanguage;
      left.set(clip.language, rest - clip.frames);
      return rest > 0 ? clip : [];
    });
}
