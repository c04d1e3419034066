/** @file Copies a finished run's adapter into a folder of its own: what PEFT-like readers expect, nothing else. */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { checkAdapterConfig } from '../model/adapters/config.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, readAdapterConfig } from '../model/checkpoint/adapter.ts';
import { openSafetensors } from '../model/checkpoint/safetensors.ts';
import { openRun } from '../runs/run.ts';

/** @throws UserError where the run is not finished, its adapter is damaged, or `out` cannot be written. */
export function exportRunAdapter(path: string, out: string): void {
  const run = openRun(path);
  const from = join(run.path, 'adapter');
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
