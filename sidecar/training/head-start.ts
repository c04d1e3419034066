/** @file The shared start: a head trained for a while on the frozen base, from which adapted model and control go on. */
import type { Experiment } from '../config/experiment.ts';
import { newState, rateFactor } from '../learning/optimiser.ts';
import type { Prepared } from './prepare.ts';
import { drawBatch } from './trainer.ts';

/**
 * Trains the head alone for `head.warmupSteps` steps and copies it into both learners. With the adapter at zero the
 * adapted model is the base, so either learner would do; the cheaper one trains.
 */
export async function startHead(
  experiment: Experiment,
  prepared: Prepared,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const { warmupSteps, learningRate } = experiment.head;
  const { adapted, control, clips, sources } = prepared;
  if (warmupSteps === 0) return copyHead(prepared);
  const learner = control ?? adapted;
  const sampler = prepared.sampler();
  for (let step = 1; step <= warmupSteps; step++) {
    const { batch } = drawBatch({ experiment, sampler, clips, sources }, 'head', step - 1);
    await learner.accumulate(batch);
    const factor = rateFactor(step, { ...experiment.training, steps: warmupSteps });
    await learner.update({ adapter: 0, head: learningRate * factor }, experiment.training);
    signal.throwIfAborted();
    onProgress(step, warmupSteps);
  }
  await learner.pull();
  for (const one of [adapted, control]) if (one) one.optimiser = newState(one.parameters.size);
  await copyHead(prepared);
}

/** The control's head into the adapted model: both start alike. */
async function copyHead({ adapted, control }: Prepared): Promise<void> {
  for (const name of control?.parameters.namesOf('head') ?? [])
    adapted.parameters.view(name).set(control!.parameters.view(name));
  await adapted.push();
  await control?.push();
}
