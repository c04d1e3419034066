/** @file One update of every arm, or of none: all arms see the same shards and make the same updates. */
import type { Sources } from '../learning/batch.ts';
import type { Outcome, Rates } from '../learning/learner.ts';
import { accumulateTogether } from '../learning/together.ts';
import type { AdamWOptions } from '../optim/adamw.ts';
import { ExactSum } from '../ranks/exact-sum.ts';
import { alone, type Ranks } from '../ranks/ranks.ts';
import { isMine, together } from '../ranks/share.ts';
import type { Arm } from './arms.ts';
import { type MaskedShard, maskedIn } from './draw.ts';
import { type Drawn, load } from './read-ahead.ts';
import { Stopwatch } from './stopwatch.ts';

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

/** How a step's shards are put together, and what is told of it. */
export interface AroundStep {
  ranks?: Ranks;
  /** Gradients are summed in fixed point, alike on any number of ranks; else in float32, one after the other. */
  exact?: boolean;
  watch?: Stopwatch;
  /** What was read ahead of each shard. */
  fetched?: Drawn['fetched'];
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
  options: AdamWOptions & { l2ToStart?: number },
  { ranks = alone, exact = false, watch = new Stopwatch(), fetched }: AroundStep = {},
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
    const batch = await watch.during('load', () => load(shard, sources, fetched?.[index]));
    const result = await watch.during('compute', () => accumulateTogether(learners, batch, weightOf(shard)));
    mine.push({ index, result });
    for (const [i, sum] of sums?.entries() ?? []) {
      sum.add(await learners[i].readGradient());
      learners[i].discard();
    }
  }
  const loss: Record<string, number> = Object.fromEntries(arms.map(({ name }) => [name, 0]));
  const outcomes: (StepResult & { made: true })['outcomes'] = [];
  // Alone there is nobody to share with, and nothing to tell of it.
  const shared = <T>(work: () => Promise<T>) => (ranks.size > 1 ? watch.during('share', work) : work());
  const all = await shared(() => together(ranks, mine));
  for (const [index, ofArms] of all.entries()) {
    const shard = shards[index];
    for (const [i, { name }] of arms.entries()) {
      const outcome = ofArms[i];
      if (!Number.isFinite(outcome.loss)) return giveUp(name, `the loss is ${outcome.loss}`);
      loss[name] += weightOf(shard) * outcome.loss;
      outcomes.push({ arm: name, shard, outcome });
    }
  }
  for (const [i, sum] of sums?.entries() ?? []) {
    await shared(() => ranks.sum(sum.values));
    await learners[i].writeGradient(sum.total());
  }
  const gradientNorm: Record<string, number> = {};
  const { l2ToStart = 0 } = options;
  for (const { name, learner } of arms) {
    if (l2ToStart > 0) await learner.pullToAnchor(l2ToStart);
    await learner.pullToHeld();
    gradientNorm[name] = await watch.during('update', () => learner.gradientNorm());
    if (!Number.isFinite(gradientNorm[name])) return giveUp(name, 'the gradient is not finite');
  }
  for (const learner of learners) await watch.during('update', () => learner.update(rates, options));
  return { made: true, loss, gradientNorm, outcomes };
}
