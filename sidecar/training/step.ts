/** @file One update of every arm, or of none: all arms see the same shards and make the same updates. */
import { assemble, type Sources } from '../learning/batch.ts';
import type { Outcome, Rates } from '../learning/learner.ts';
import { accumulateTogether } from '../learning/together.ts';
import type { AdamWOptions } from '../optim/adamw.ts';
import type { Arm } from './arms.ts';
import { type MaskedShard, maskedIn } from './draw.ts';
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
): Promise<StepResult> {
  const total = maskedIn(shards);
  const loss: Record<string, number> = Object.fromEntries(arms.map(({ name }) => [name, 0]));
  const gradientNorm: Record<string, number> = {};
  const outcomes: (StepResult & { made: true })['outcomes'] = [];
  const giveUp = (arm: string, reason: string): StepResult => {
    for (const { learner } of arms) learner.discard();
    return { made: false, arm, reason };
  };
  for (const shard of shards) {
    const batch = await watch.during('load', async () => {
      await sources.features.ready?.(shard.crops.map(({ hash }) => hash));
      return { ...assemble(shard.crops, shard.frames, sources), key: shard.key };
    });
    const weight = maskedIn([shard]) / total;
    const learners = arms.map(({ learner }) => learner);
    const together = await watch.during('compute', () => accumulateTogether(learners, batch, weight));
    for (const [i, { name }] of arms.entries()) {
      const outcome = together[i];
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
