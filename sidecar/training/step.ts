/** @file One update of every arm, or of none: all arms see the same shards and make the same updates. */
import { assemble, type Sources } from '../learning/batch.ts';
import type { Outcome, Rates } from '../learning/learner.ts';
import { accumulateTogether } from '../learning/together.ts';
import type { AdamWOptions } from '../optim/adamw.ts';
import { ExactSum } from '../ranks/exact-sum.ts';
import { alone, type Ranks } from '../ranks/ranks.ts';
import { isMine, together } from '../ranks/share.ts';
import type { Arm } from './arms.ts';
import { type MaskedShard, maskedIn } from './draw.ts';

export type StepResult =
  | {
      made: true;
      /** By arm. */
      loss: Record<string, number>;
      gradientNorm: Record<string, number>;
      outcomes: { arm: string; shard: MaskedShard; outcome: Outcome }[];
    }
  /** The arm that could not make it, and why: nobody did. */
  | { made: false; arm: string; reason: string };

/** How a step's shards are put together. */
export interface Sharing {
  ranks: Ranks;
  /** Gradients are summed in fixed point, alike on any number of ranks; else in float32, one after the other. */
  exact: boolean;
}

/**
 * A shard's gradient weighs as much as its share of the step's masked frames, so that the step's loss is the mean over
 * all of them, however they were laid into shards. (Router penalties are means over a shard, weighted alike.) Each rank
 * computes its shards; all know every outcome, in the shards' order, and the sum of the gradients.
 */
export async function takeStep(
  arms: readonly Arm[],
  shards: readonly MaskedShard[],
  sources: Sources,
  rates: Rates,
  options: AdamWOptions,
  { ranks, exact }: Sharing = { ranks: alone, exact: false },
): Promise<StepResult> {
  const total = maskedIn(shards);
  const weightOf = (shard: MaskedShard) => maskedIn([shard]) / total;
  const learners = arms.map(({ learner }) => learner);
  const sums = exact ? learners.map(({ parameters }) => new ExactSum(parameters.size, shards.length)) : undefined;
  const giveUp = (arm: string, reason: string): StepResult => {
    for (const learner of learners) learner.discard();
    return { made: false, arm, reason };
  };
  const mine: { index: number; result: Outcome[] }[] = [];
  for (const [index, shard] of shards.entries()) {
    if (!isMine(ranks, index)) continue;
    await sources.features.ready?.(shard.crops.map(({ hash }) => hash));
    const batch = { ...assemble(shard.crops, shard.frames, sources), key: shard.key };
    mine.push({ index, result: await accumulateTogether(learners, batch, weightOf(shard)) });
    for (const [i, sum] of sums?.entries() ?? []) {
      sum.add(await learners[i].readGradient());
      learners[i].discard();
    }
  }
  const loss: Record<string, number> = Object.fromEntries(arms.map(({ name }) => [name, 0]));
  const outcomes: (StepResult & { made: true })['outcomes'] = [];
  for (const [index, ofArms] of (await together(ranks, mine)).entries()) {
    const shard = shards[index];
    for (const [i, { name }] of arms.entries()) {
      const outcome = ofArms[i];
      if (!Number.isFinite(outcome.loss)) return giveUp(name, `the loss is ${outcome.loss}`);
      loss[name] += weightOf(shard) * outcome.loss;
      outcomes.push({ arm: name, shard, outcome });
    }
  }
  for (const [i, sum] of sums?.entries() ?? []) {
    await ranks.sum(sum.values);
    await learners[i].writeGradient(sum.total());
  }
  const gradientNorm: Record<string, number> = {};
  for (const { name, learner } of arms) {
    gradientNorm[name] = await learner.gradientNorm();
    if (!Number.isFinite(gradientNorm[name])) return giveUp(name, 'the gradient is not finite');
  }
  for (const learner of learners) await learner.update(rates, options);
  return { made: true, loss, gradientNorm, outcomes };
}
