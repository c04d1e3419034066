/** @file What an export is made of: a run's adapter, and for the forms that others read the base that it was trained on. */
import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import type { Experiment } from '../config/experiment.ts';
import { checkResolved } from '../config/parse.ts';
import { UserError } from '../errors.ts';
import { type Adapted, adaptedBase } from '../evaluation/frozen-states.ts';
import { ADAPTER_WEIGHTS } from '../model/checkpoint/adapter.ts';
import { type BaseModel, openBase } from '../model/checkpoint/base.ts';
import { openRun, type RunDir, readResolved, runFiles } from '../runs/run.ts';
import { loadFrozenBase } from '../training/prepare/base.ts';
import { endedStages, stageAdapter } from '../training/stage-end.ts';
import type { WeightFile } from '../weights/file.ts';

/** A run and the folder of the adapter that is taken from it. */
export interface RunAdapter {
  run: RunDir;
  folder: string;
  stage?: number;
}

export interface Source extends RunAdapter {
  experiment: Experiment;
  /** As the base's config.json calls it: `hubert`, `wav2vec2`, `wavlm`, `data2vec-audio`. */
  modelType: string;
  base: BaseModel;
  file: WeightFile;
  adapted: Adapted;
}

/** @throws UserError where the run, or the stage, has no adapter yet */
export function adapterOfRun(path: string, stage?: number): RunAdapter {
  const run = openRun(path);
  if (stage !== undefined) mustHaveEnded(run, stage);
  const folder = stage === undefined ? join(run.path, 'adapter') : stageAdapter(run, stage);
  if (existsSync(join(folder, ADAPTER_WEIGHTS))) return { run, folder, stage };
  throw new UserError({
    code: 'export.no-adapter',
    tried: `export the run ${run.id}`,
    why: `there is no ${join(folder, ADAPTER_WEIGHTS)}, which a run writes at its end.`,
    cure: `Finish it with: milore train --resume ${run.path}`,
  });
}

/** The experiment that a run was started with, every default written out. */
export const experimentOfRun = (run: RunDir): Experiment =>
  checkResolved(readResolved(run), join(run.path, runFiles.resolved));

/**
 * @param where the base, where it no longer lies where the experiment says
 * @param language where experts go by it: the one that is taken along
 * @param cache where the base's weights are kept for the runtime; the run's own workspace's unless told
 * @throws UserError where the base is not the one that the adapter was trained on
 */
export function openSource(
  taken: RunAdapter,
  { base: where, cache, language }: { base?: string; cache?: string; language?: string } = {},
): Source {
  const experiment = experimentOfRun(taken.run);
  // The head that was its yardstick is not needed here, and may be gone.
  experiment.base = { model: where === undefined ? experiment.base.model : resolve(where) };
  const { base, file } = loadFrozenBase(experiment, resolve(cache ?? cacheOf(taken.run)), () => {});
  const opened = openBase(experiment.base.model);
  opened.tensors.close();
  const { modelType } = opened;
  return { ...taken, experiment, modelType, base, file, adapted: adaptedBase(base, taken.folder, language) };
}

/** Beside the runs of its workspace, `.milore/runs/<id>`; of a run that was put elsewhere the one of this folder. */
function cacheOf({ path }: RunDir): string {
  const [house, runs] = path.split(sep).slice(-3);
  return house === '.milore' && runs === 'runs' ? join(path, '..', '..', 'cache') : join('.milore', 'cache');
}

function mustHaveEnded(run: RunDir, stage: number): void {
  const ended = endedStages(run);
  if (ended.includes(stage)) return;
  throw new UserError({
    code: 'export.no-stage',
    tried: `take the adapter of stage ${stage} from the run ${run.id}`,
    why: ended.length === 0 ? 'no stage of it has ended.' : 'no such stage of it has ended.',
    cure: ended.length === 0 ? 'Export the run itself.' : `It has the stages ${ended.join(', ')}.`,
  });
}
