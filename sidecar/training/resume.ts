/** @file Where a run goes on, or another begins: the checkpoint, and what the log said before the first step. */
import { join } from 'node:path';
import { type Problem, UserError } from '../errors.ts';
import { type Measurement, measurementsOf } from '../protocol/measurement.ts';
import { isFirst, type Ranks } from '../ranks/ranks.ts';
import { fromFirst } from '../ranks/share.ts';
import { type Checkpoint, checkpointSteps, hasCheckpoints, latestCheckpoint } from '../runs/checkpoints.ts';
import { readPoints } from '../runs/log.ts';
import { openRun, type RunDir, runFiles } from '../runs/run.ts';

/** Undefined where the run stopped before its first checkpoint. @throws UserError where none is whole */
export function checkpointToResume(run: RunDir, report: (problem: Problem) => void): Checkpoint | undefined {
  const checkpoint = latestCheckpoint(run, report);
  // Starting over would take back every step that the log has seen.
  if (!checkpoint && hasCheckpoints(run))
    throw new UserError({
      code: 'run.no-sound-checkpoint',
      tried: `go on with ${run.path}`,
      why: `none of the checkpoints in ${join(run.path, runFiles.checkpoints)} is whole.`,
      cure: `Restore one, or start anew with: milore train ${join(run.path, runFiles.config)}`,
    });
  return checkpoint;
}

/** The same on every rank: the first looks for it, and the others read the one that it found. */
export async function checkpointAmong(
  ranks: Ranks,
  goesOn: boolean,
  run: RunDir,
  report: (problem: Problem) => void,
): Promise<Checkpoint | undefined> {
  if (!goesOn) return undefined;
  const own = isFirst(ranks) ? checkpointToResume(run, report) : undefined;
  const step = await fromFirst(ranks, own?.step);
  return own ?? (step === undefined ? undefined : latestCheckpoint(run, undefined, step));
}

/** @throws UserError where the run has no such checkpoint, or an older version wrote it */
export function forkPoint({ path, step }: { path: string; step?: number }): Checkpoint {
  const run = openRun(path);
  refuseOlder(run);
  const found = latestCheckpoint(run, undefined, step);
  if (found) return found;
  const steps = checkpointSteps(run);
  throw new UserError({
    code: 'run.no-such-checkpoint',
    tried: `fork from ${step === undefined ? 'the newest checkpoint' : `step ${step}`} of ${run.path}`,
    why: steps.length > 0 ? `it has checkpoints at ${steps.join(', ')}.` : 'it has no checkpoint.',
    cure: 'Choose one that is there; an experiment keeps as many as checkpoint.keep says.',
  });
}

/** What held-out speech scored after each of these steps (0: before the first), where it was measured. */
export async function evaluationsAt(run: RunDir, steps: readonly number[]): Promise<(Measurement[] | undefined)[]> {
  const found = new Map<number, Measurement[]>();
  for await (const event of readPoints(join(run.path, runFiles.log), { onProblem: () => {} }))
    if (event.type === 'evaluation' && steps.includes(event.step)) found.set(event.step, measurementsOf(event));
  return steps.map((step) => found.get(step));
}

export interface Logged {
  /** What held-out speech scored before the first step. */
  before?: Measurement[];
  /** Kinds of events that stand in the log for the step that the run goes on from. */
  last: ReadonlySet<string>;
}

/** What the log says of a run that goes on after `step`. */
export async function loggedOf(run: RunDir, step: number): Promise<Logged> {
  let before: Measurement[] | undefined;
  const last = new Set<string>();
  for await (const event of readPoints(join(run.path, runFiles.log), { onProblem: () => {} })) {
    if (event.type === 'evaluation' && event.step === 0) before = measurementsOf(event);
    if (event.step === step) last.add(event.type);
  }
  return { before, last };
}

/** 0.2.0 split, drew and started otherwise: its next step is no longer the one that this version would make. */
export function refuseOlder(run: RunDir): void {
  const version = /^(\d+)\.(\d+)\./.exec(run.versions.milore ?? '');
  if (version && (Number(version[1]) > 0 || Number(version[2]) >= 3)) return;
  throw new UserError({
    code: 'run.older-version',
    tried: `go on from the run ${run.id}`,
    why: `MiLorE ${run.versions.milore ?? 'of an unknown version'} began it, which drew and held out speech by other rules: its next step would not be the same.`,
    cure: `Finish it with that version, or start anew with: milore train ${join(run.path, runFiles.config)}. It can still be shown, compared and exported.`,
  });
}
