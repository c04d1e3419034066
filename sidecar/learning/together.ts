/** @file Several learners and one batch: what they can compute together is computed once, and each then takes its part. */
import { HostLearner } from './host-learner.ts';
import { type Batch, batchBindings, type Learner, type Outcome } from './learner.ts';

/** What every learner's `accumulate` gives, in their order. */
export async function accumulateTogether(learners: readonly Learner[], batch: Batch, weight = 1): Promise<Outcome[]> {
  await HostLearner.jointOf(learners)?.run('step', batch, batchBindings(batch));
  const outcomes: Outcome[] = [];
  for (const learner of learners) outcomes.push(await learner.accumulate(batch, weight));
  return outcomes;
}

/** What every learner's `evaluate` gives, in their order. */
export async function evaluateTogether(learners: readonly Learner[], batch: Batch): Promise<Outcome[]> {
  await HostLearner.jointOf(learners)?.run('evaluation', batch, batchBindings(batch));
  const outcomes: Outcome[] = [];
  for (const learner of learners) outcomes.push(await learner.evaluate(batch));
  return outcomes;
}
