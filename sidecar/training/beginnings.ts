/** @file How training begins: from nothing or another run's parameters, from a checkpoint of its own, from stage to stage. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { isReallyInside } from '../inside.ts';
import { openSafetensors } from '../model/checkpoint/safetensors.ts';
import { measuresAlone } from '../model/config.ts';
import { Parameters } from '../model/parameters.ts';
import { objectiveOf } from '../objectives/learnable.ts';
import { newState } from '../optim/adamw.ts';
import type { Checkpoint } from '../runs/checkpoints.ts';
import { type RunDir, runFiles } from '../runs/run.ts';
import type { Arm } from './arms.ts';
import { applyFork, type Fork } from './fork.ts';
import { startHead } from './head-start.ts';
import type { Training } from './loop.ts';
import { headSampler } from './prepare/clips.ts';
import type { Plan } from './prepare/index.ts';
import { forkPoint } from './resume.ts';
import { loadState, PROGRESS, type Progress, parseProgress, STATE, type StoredProgress } from './state.ts';

export interface Source extends Checkpoint {
  progress: StoredProgress;
}

/** @throws UserError where that run has no such checkpoint */
export function openFork(from: { path: string; step?: number }): Source {
  const checkpoint = forkPoint(from);
  return {
    ...checkpoint,
    progress: parseProgress(new TextDecoder().decode(checkpoint.read(PROGRESS)), checkpoint.dir),
  };
}

/**
 * What a fork without a checkpoint of its own began with, and so goes on with; undefined of a run that is none.
 * @throws UserError where the run that it was forked from, or that checkpoint, is no longer there
 */
export function openOrigin(run: RunDir): Source | undefined {
  const { parent } = run;
  if (!parent) return undefined;
  const runs = dirname(run.path);
  const path = join(runs, parent.run);
  // A name from a file: of a run beside this one, no link elsewhere, or of none.
  if (parent.run === basename(path) && existsSync(path) && isReallyInside(path, runs))
    return openFork({ path, step: parent.step });
  throw new UserError({
    code: 'run.no-origin',
    tried: `go on with ${run.path}`,
    why: `it has no checkpoint yet, and the run that it begins with, ${JSON.stringify(parent.run)}, is not in ${runs}.`,
    cure: `Put it back there, or fork it again from where it lies: milore train ${join(run.path, runFiles.config)} --from RUN --from-step ${parent.step}`,
  });
}

/** Puts a checkpoint of this run into the arms. */
export async function goOn(arms: readonly Arm[], checkpoint: Checkpoint): Promise<StoredProgress> {
  const progress = parseProgress(new TextDecoder().decode(checkpoint.read(PROGRESS)), checkpoint.dir);
  const state = openSafetensors(join(checkpoint.dir, STATE));
  try {
    await loadState(arms, state, progress, checkpoint.dir);
  } finally {
    state.close();
  }
  return progress;
}

/** What is carried over from another run, and a head that has heard every language unless that run brought one. */
export async function begin(
  training: Training,
  { clips }: Plan,
  source: (Source & { fork: Fork }) | undefined,
): Promise<void> {
  const { arms } = training;
  if (source) {
    const state = openSafetensors(join(source.dir, STATE));
    try {
      await applyFork(source.fork, arms, state);
    } finally {
      state.close();
    }
  }
  if (source?.fork.headCarried) return;
  const all = arms[0].learner.parameters.namesOf('head');
  await training.watch.during('head', () => startHead(training, heardIn(training, clips), all));
}

/** A head for the units of this stage alone, started on the frozen base as the first was; what only measures stays. */
async function startHeadAnew(training: Training, clips: Plan['clips']): Promise<void> {
  const { stage, arms } = training;
  for (const { config, learner } of arms) {
    const fresh = new Parameters(objectiveOf(config).parameters(config.base.hidden), stage.experiment.seed);
    for (const name of fresh.names) learner.parameters.view(name).set(fresh.view(name));
    await learner.push();
  }
  const own = arms[0].learner.parameters.namesOf('head').filter((name) => !measuresAlone(name));
  await training.watch.during('head', () => startHead(training, heardIn(training, clips), own));
}

function heardIn({ stage: { experiment }, sources, framesPerSecond }: Training, { heard }: Plan['clips']) {
  const clips = heard.filter(({ language }) => language in experiment.languages);
  return { clips, sources, sampler: headSampler(experiment, clips, framesPerSecond) };
}

/**
 * A stage after the first begins with what the one before has left, but for the optimiser and the order of the clips; where
 * it has units of its own, with a new head for them.
 */
export async function enter(training: Training, progress: Progress, planned: Plan): Promise<void> {
  const { stage, arms, sink } = training;
  const { number, of, add, start, experiment } = stage;
  if (number > 1) {
    progress.sampler = undefined;
    for (const { learner } of arms) {
      await learner.pull();
      learner.optimiser = newState(learner.parameters.size);
      await learner.push();
    }
    if (planned.stageUnits) await startHeadAnew(training, planned.clips);
  }
  // Of a single stage there is nothing to tell.
  if (of > 1)
    sink.emit({ type: 'entered', step: start + 1, stage: number, of, add: [...add], steps: experiment.training.steps });
}
