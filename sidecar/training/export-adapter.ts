/** @file Copies a finished run's adapter into a folder of its own, whole or not at all: what PEFT-like readers expect,
 * nothing else. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { checkAdapterConfig } from '../model/adapters/config.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, readAdapterConfig } from '../model/checkpoint/adapter.ts';
import { writeFolder } from '../model/checkpoint/files.ts';
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
  writeFolder(
    out,
    Object.fromEntries([ADAPTER_CONFIG, ADAPTER_WEIGHTS].map((name) => [name, readFileSync(join(from, name))])),
  );
}
