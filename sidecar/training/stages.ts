/**
 * @file A run as a list of stages, each with the languages that it adds and a stretch of the steps. Seen from within, a
 * stage is an experiment of its own, in which all that was added before is existing and what comes later is not there.
 */
import { type Experiment, type LanguageSpec, languagesOf, type StageSpec } from '../config/experiment.ts';
import { keyedRandom } from '../random.ts';

export interface Stage {
  /** From 1. */
  number: number;
  of: number;
  add: readonly string[];
  /** Steps of the run that were made before it, and when it ends. */
  start: number;
  end: number;
  /** As this stage sees it. */
  experiment: Experiment;
}

/** In their order; an experiment without `stages` has one. */
export function stagesOf(experiment: Experiment): Stage[] {
  const specs: StageSpec[] = experiment.stages ?? [
    { add: languagesOf(experiment, 'new'), steps: experiment.training.steps, replay: experiment.replay },
  ];
  let start = 0;
  return specs.map(({ add, steps, replay }, index) => {
    const later = new Set(specs.slice(index + 1).flatMap((spec) => spec.add));
    const languages = Object.fromEntries(
      Object.entries(experiment.languages)
        .filter(([code]) => !later.has(code))
        .map(([code, spec]) => [code, as(spec, add.includes(code) ? 'new' : 'existing')]),
    );
    const stage: Stage = {
      number: index + 1,
      of: specs.length,
      add,
      start,
      end: start + steps,
      experiment: {
        ...experiment,
        languages,
        replay,
        training: steps === experiment.training.steps ? experiment.training : { ...experiment.training, steps },
        seed: index === 0 ? experiment.seed : seedOf(experiment.seed, index),
      },
    };
    start = stage.end;
    return stage;
  });
}

const as = (spec: LanguageSpec, role: LanguageSpec['role']) => (spec.role === role ? spec : { ...spec, role });

/** A later stage draws other batches and masks than the first, whose draws are counted from 0 like its own. */
const seedOf = (seed: number, index: number) => Math.floor(keyedRandom(seed, 'stage', index)() * 2 ** 32);

/**
 * The stage that a run is in after `step` steps. At the very end of one it is still in it: what a stage leaves behind is
 * written after its last checkpoint, and a run that was killed between the two writes it again.
 */
export const stageAt = (stages: readonly Stage[], step: number): Stage =>
  stages.find(({ end }) => step <= end) ?? stages[stages.length - 1];
