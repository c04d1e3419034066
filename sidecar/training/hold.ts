/** @file Who has a run's folder: made new or taken up again, for one process alone, with the one way out of it. */
import { join } from 'node:path';
import type { Experiment } from '../config/experiment.ts';
import { checkResolved } from '../config/parse.ts';
import { removeIfPossible } from '../disk.ts';
import type { RunEvent } from '../protocol/events.ts';
import { isFirst, type Ranks } from '../ranks/ranks.ts';
import { fromFirst } from '../ranks/share.ts';
import { type Claim, claimRun } from '../runs/claim.ts';
import { openRun, type RunDir, readResolved, runFiles } from '../runs/run.ts';
import type { RunRequest } from './experiment-run.ts';
import { Preparation } from './preparation.ts';
import { refits } from './prepare/learnable.ts';
import { refuseOlder } from './resume.ts';
import { QuietSink, RunSink, type RunsSink } from './sink.ts';
import { stagesOf } from './stages.ts';

/** The experiment of a run that is to go on. @throws UserError where another version began it */
export function experimentOf(path: string): { run: RunDir; experiment: Experiment } {
  const run = openRun(path);
  refuseOlder(run);
  return { run, experiment: checkResolved(readResolved(run), join(run.path, runFiles.resolved)) };
}

/** A new run's folder is nobody else's; where it cannot be written, nothing of it stays. */
export function begun(run: RunDir): Held {
  try {
    return { run, claim: claimRun(run) };
  } catch (error) {
    removeIfPossible(run.path);
    throw error;
  }
}

export interface Held {
  run: RunDir;
  claim: Claim;
}

/** The run's folder and where all is said: the first rank has them, the others read and are quiet. */
export async function openAmong(
  ranks: Ranks,
  request: Pick<RunRequest, 'experiment' | 'resume' | 'onEvent' | 'patiently'>,
  create: () => RunDir,
): Promise<{ run: RunDir; sink: RunsSink }> {
  const take = async () => (request.resume ? takeUp(request.resume) : begun(create()));
  const held = isFirst(ranks) ? await (request.patiently?.(take) ?? take()) : undefined;
  const sink = held ? openSink(held, request) : new QuietSink();
  const path = await fromFirst(ranks, held?.run.path);
  return { run: held?.run ?? openRun(path!), sink };
}

/** A claim that outlived its failure would lock the run for as long as a service lives. */
export function openSink(
  held: Held,
  request: { experiment: Experiment; resume?: string; onEvent(event: RunEvent): void },
): RunSink {
  const { keep } = request.experiment.checkpoint;
  // Those of a stage's end stay, so that another run can begin there.
  const pinned = stagesOf(request.experiment).map(({ end }) => end);
  try {
    return new RunSink(held.run, held.claim, { keep, pinned }, request.onEvent, preparationOf(request.experiment));
  } catch (error) {
    held.claim.release();
    if (!request.resume) removeIfPossible(held.run.path);
    throw error;
  }
}

/** Of two that go on with a run one has it; only that one clears away what a crash left. */
export function takeUp(path: string): Held {
  const { run } = experimentOf(path);
  const claim = claimRun(run);
  try {
    return { run: openRun(path, { write: true }), claim };
  } catch (error) {
    claim.release();
    throw error;
  }
}

const preparationOf = (experiment: Experiment): Preparation =>
  new Preparation(Object.keys(experiment.languages).length, refits(experiment) ? stagesOf(experiment).length : 1);
