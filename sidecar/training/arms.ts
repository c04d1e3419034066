/**
 * @file The models that a run trains side by side on the same batches, by name. The first is what the run is for; the
 * others are there to compare with. A further arm is one more entry here.
 */
import type { Experiment } from '../config/experiment.ts';
import type { Learner } from '../learning/learner.ts';
import type { LearnableConfig } from '../model/config.ts';

/** An arm before it takes memory. */
export interface ArmPlan {
  name: string;
  config: LearnableConfig;
}

export interface Arm extends ArmPlan {
  learner: Learner;
}

export const ADAPTED = 'adapted';
/** The same head, trained as long on the frozen base: what is left between the two is what the experts have learned. */
export const CONTROL = 'control';

export function planArms(experiment: Pick<Experiment, 'control'>, config: LearnableConfig): ArmPlan[] {
  const arms: ArmPlan[] = [{ name: ADAPTED, config }];
  if (experiment.control && config.adapter.kind !== 'none')
    arms.push({ name: CONTROL, config: { ...config, adapter: { kind: 'none' }, retention: undefined } });
  return arms;
}
