/**
 * @file How far a sweep is, told from the runs that are there and nothing else: a point is found by its settings, whatever
 * file asked for it; runs of this file with settings that it no longer asks for are stale.
 */
import type { Experiment } from '../config/experiment.ts';
import { checkResolved } from '../config/parse.ts';
import { listRuns, type RunDir, readResolved } from '../runs/run.ts';
import { deriveStatus } from '../runs/status.ts';
import { differences, identityOf } from './identity.ts';
import type { Study, StudyPoint } from './study.ts';

export type PointState = 'waiting' | 'running' | 'interrupted' | 'failed' | 'done';

export interface PointProgress {
  point: StudyPoint;
  state: PointState;
  run?: RunDir;
  step?: number;
  steps?: number;
}

export interface Stale {
  run: RunDir;
  /** Keys that are otherwise now; undefined where the file has no such point any more. */
  changed?: { key: string; before: unknown; after: unknown }[];
}

export interface StudyProgress {
  points: PointProgress[];
  stale: Stale[];
}

/** Of several runs of one point, the one that is furthest counts. */
const rank: Record<PointState, number> = { waiting: 0, failed: 1, interrupted: 2, running: 3, done: 4 };

export function progressOf(study: Study): StudyProgress {
  const wanted = new Map(study.points.map((point) => [point.identity, point]));
  const found = new Map<string, PointProgress>();
  const stale: Stale[] = [];
  for (const run of listRuns(study.root).runs) {
    if (!run.study) continue;
    const own =
      wanted.get(run.study.identity) ?? (run.study.sweep === study.sweep ? asOfNow(run, study, wanted) : undefined);
    if (!own) {
      if (run.study.sweep === study.sweep) stale.push({ run, ...changedIn(run, study) });
      continue;
    }
    const { state, step, steps } = deriveStatus(run);
    const before = found.get(own.identity);
    if (!before || rank[state] >= rank[before.state]) found.set(own.identity, { point: own, state, run, step, steps });
  }
  return {
    points: study.points.map((point) => found.get(point.identity) ?? { point, state: 'waiting' }),
    stale,
  };
}

/** A later version may have keys that a run's record has not: with their defaults it may be the same point. */
function asOfNow(run: RunDir, study: Study, wanted: ReadonlyMap<string, StudyPoint>): StudyPoint | undefined {
  const experiment = resolvedOf(run);
  return experiment && wanted.get(identityOf(experiment, study.root));
}

function changedIn(run: RunDir, { points }: Study): Pick<Stale, 'changed'> {
  const now = points.find(({ point, seed }) => point === run.study!.point && seed === run.study!.seed);
  const before = resolvedOf(run);
  if (!now || !before) return {};
  const { name: _, ...was } = before;
  const { name: __, ...is } = now.experiment;
  return { changed: differences(was, is) };
}

function resolvedOf(run: RunDir): Experiment | undefined {
  try {
    return checkResolved(readResolved(run), run.path);
  } catch {
    // Of a version whose settings this one does not know.
    return undefined;
  }
}
