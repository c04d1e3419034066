/**
 * @file Trains one point of a sweep, or goes on with it: by one process at a time, never twice. It must not know terminals,
 * queues or clients.
 */
import { join } from 'node:path';
import { makeFolder } from '../disk.ts';
import { UserError } from '../errors.ts';
import { type Claim, claimFile, type Owner } from '../runs/claim.ts';
import { type RunRequest, type RunResult, runExperiment } from '../training/experiment-run.ts';
import { experimentOf } from '../training/hold.ts';
import { type PointProgress, progressOf } from './progress.ts';
import type { Study, StudyPoint } from './study.ts';

/** What whoever trains a point decides. */
export type PointRequest = Pick<RunRequest, 'version' | 'signal' | 'onEvent' | 'onRun' | 'checkpointAsked' | 'job'> & {
  device?: RunRequest['device'];
};

export type PointResult = { kind: 'already done'; progress: PointProgress } | { kind: 'trained'; result: RunResult };

/** @throws UserError `runs.busy` where another process has it */
export async function trainPoint(study: Study, point: StudyPoint, request: PointRequest): Promise<PointResult> {
  const claim = claimPoint(study, point);
  try {
    // Looked at again with the claim in hand: another may have ended it a moment ago.
    const progress = progressOf(study).points[point.index];
    if (progress.state === 'done') return { kind: 'already done', progress };
    const { run } = progress;
    if (progress.state === 'running') throw busy(point, undefined);
    const { index: _, experiment, ...about } = point;
    const own = run ? experimentOf(run.path).experiment : experiment;
    const result = await runExperiment({
      ...request,
      root: study.root,
      experiment: own,
      configText: study.text,
      device: request.device ?? own.device,
      ...(run ? { resume: run.path } : { study: about }),
    });
    return { kind: 'trained', result };
  } finally {
    claim.release();
  }
}

function claimPoint({ root }: Study, point: StudyPoint): Claim {
  const folder = join(root, '.milore', 'studies');
  makeFolder(folder);
  return claimFile(join(folder, `${point.identity}.json`), `train ${inWords(point)}`, (owner) => busy(point, owner));
}

export const inWords = ({ point, seed }: Pick<StudyPoint, 'point' | 'seed'>): string => `${point}, seed ${seed}`;

const busy = (point: StudyPoint, owner: Owner | undefined) =>
  new UserError({
    code: 'runs.busy',
    tried: `train ${inWords(point)}`,
    why: owner ? `process ${owner.pid} on ${owner.host} is at it.` : 'another process is at it.',
    cure: 'Wait for it, or train another point.',
  });
