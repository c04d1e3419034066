/** @file The shared start: a head trained for a while on the frozen base, over all languages, from which every arm goes on. */
import type { Rows, Sampler } from '../corpus/index.ts';
import type { Sources } from '../learning/batch.ts';
import { newState } from '../optim/adamw.ts';
import { rateFactor } from '../optim/schedule.ts';
import { drawStep, type TrainingClip } from './draw.ts';
import type { Training } from './loop.ts';
import { takeStep } from './step.ts';

/**
 * Trains the head alone for `head.warmupSteps` steps and copies it into every arm: those of its parameters that are
 * named; others stay as they are. With the adapter at zero the adapted
 * model is the base, so any arm would do; the last, a control's, is the cheapest. Where experts are carried over from
 * another run only a control is the frozen base; without one the head starts on what the experts make of it.
 */
export async function startHead(
  { stage: { experiment }, arms, signal, sink }: Pick<Training, 'stage' | 'arms' | 'signal' | 'sink'>,
  { clips, sources, sampler }: { clips: Rows<TrainingClip>; sources: Sources; sampler: Sampler },
  names: readonly string[],
): Promise<void> {
  const { warmupSteps, learningRate } = experiment.head;
  const teacher = arms.at(-1)!;
  await teacher.learner.pull();
  const before = teacher.learner.parameters.data.slice();
  for (let step = 1; step <= warmupSteps; step++) {
    const shards = drawStep(experiment, sampler, clips, 'head', [step - 1]);
    const rates = {
      adapter: 0,
      head: learningRate * rateFactor(step, { ...experiment.training, steps: warmupSteps }),
    };
    await takeStep([teacher], shards, sources, rates, experiment.training);
    signal.throwIfAborted();
    sink.emit({ type: 'stage', name: 'head', done: step, total: warmupSteps });
  }
  const { parameters } = teacher.learner;
  await teacher.learner.pull();
  for (const name of parameters.namesOf('head'))
    if (!names.includes(name)) parameters.view(name).set(parameters.view(name, before));
  for (const { learner } of arms) {
    for (const name of names) learner.parameters.view(name).set(parameters.view(name));
    learner.optimiser = newState(learner.parameters.size);
    await learner.push();
  }
}
