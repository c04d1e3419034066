/** @file Copies a finished run's adapter into a folder of its own: what PEFT-like readers expect, nothing else. */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { checkAdapterConfig } from '../model/adapters/config.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, readAdapterConfig } from '../model/checkpoint/adapter.ts';
import { openSafetensors } from '../model/checkpoint/safetensors.ts';
import { openRun, type RunDir } from '../runs/run.ts';
import { endedStages, stageAdapter } from './stage-end.ts';

/**
 * @param stage the adapter as it was when that stage ended; at the run's end where it is left out
 * @throws UserError where the run is not finished, its adapter is damaged, or `out` cannot be written.
 */
export function exportRunAdapter(path: string, out: string, stage?: number): void {
  const run = openRun(path);
  if (stage !== undefined) mustHaveEnded(run, stage);
  const from = stage === undefined ? join(run.path, 'adapter') : stageAdapter(run, stage);
  if (!existsSync(join(from, ADAPTER_WEIGHTS)))
    throw new UserError({
      code: 'export.no-adapter',
      tried: `export the run ${run.id}`,
      why: `there is no ${join(from, ADAPTER_WEIGHTS)}, which a run writes at its end.`,
      cure: `Finish it with: milore train --resume ${run.path}`,
    });
  // A damaged adapter is told here, not where it is used next.
  checkAdapterConfig(readAdapterConfig(from), join(from, ADAPTER_CONFIG));
  openSafetensors(join(from, ADAPTER_WEIGHTS)).close();
  try {
    mkdirSync(out, { recursive: true });
    for (const name of [ADAPTER_CONFIG, ADAPTER_WEIGHTS]) cpSync(join(from, name), join(out, name));
  } catch (error) {
    throw new UserError({
      code: 'export.unwritable',
      tried: `write ${out}`,
      why: `${(error as Error).message}.`,
      cure: 'Name a folder that can be written.',
    });
  }
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
