/** @file One update of every arm, or of none: all arms see the same shards and make the same updates. */
import type { Sources } from '../learning/batch.ts';
import type { Outcome, Rates } from '../learning/learner.ts';
import { accumulateTogether } from '../learning/together.ts';
import type { AdamWOptions } from '../optim/adamw.ts';
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

/**
 * A shard's gradient weighs as much as its share of the step's masked frames, so that the step's loss is the mean over
 * all of them, however they were laid into shards. (Router penalties are means over a shard, weighted alike.)
 */
export async function takeStep(
  arms: readonly Arm[],
  shards: readonly MaskedShard[],
  sources: Sources,
  rates: Rates,
  options: AdamWOptions,
  watch = new Stopwatch(),
  fetched?: Drawn['fetched'],
): Promise<StepResult> {
  const total = maskedIn(shards);
  const loss: Record<string, number> = Object.fromEntries(arms.map(({ name }) => [name, 0]));
  const gradientNorm: Record<string, number> = {};
  const outcomes: (StepResult & { made: true })['outcomes'] = [];
  const giveUp = (arm: string, reason: string): StepResult => {
    for (const { learner } of arms) learner.discard();
    return { made: false, arm, reason };
  };
  for (const [i, shard] of shards.entries()) {
    const batch = await watch.during('load', () => load(shard, sources, fetched?.[i]));
    const weight = maskedIn([shard]) / total;
    const learners = arms.map(({ learner }) => learner);
    const together = await watch.during('compute', () => accumulateTogether(learners, batch, weight));
    for (const [arm, { name }] of arms.entries()) {
      const outcome = together[arm];
      if (!Number.isFinite(outcome.loss)) return giveUp(name, `the loss is ${outcome.loss}`);
      loss[name] += weight * outcome.loss;
      outcomes.push({ arm: name, shard, outcome });
    }
  }
  for (const { name, learner } of arms) {
    gradientNorm[name] = await watch.during('update', () => learner.gradientNorm());
    if (!Number.isFinite(gradientNorm[name])) return giveUp(name, 'the gradient is not finite');
  }
  for (const { learner } of arms) await watch.during('update', () => learner.update(rates, options));
  return { made: true, loss, gradientNorm, outcomes };
}
