/** @file Copies a finished run's adapter into a folder of its own, whole or not at all: what PEFT-like readers expect,
 * nothing else. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { checkAdapterConfig } from '../model/adapters/config.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, readAdapterConfig } from '../model/checkpoint/adapter.ts';
import { writeFolder } from '../model/checkpoint/files.ts';
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
  writeFolder(
    out,
    Object.fromEntries([ADAPTER_CONFIG, ADAPTER_WEIGHTS].map((name) => [name, readFileSync(join(from, name))])),
  );
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
