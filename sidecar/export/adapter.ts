/** @file MiLorE's own form of an adapter, copied whole or not at all: what `milore embed`, `superb` and a fork read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAdapterConfig } from '../model/adapters/config.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, readAdapterConfig } from '../model/checkpoint/adapter.ts';
import { writeFolder } from '../model/checkpoint/files.ts';
import { openSafetensors } from '../model/checkpoint/safetensors.ts';
import { CARD_FILE } from './card.ts';
import { adapterOfRun } from './source.ts';

/**
 * @param stage the adapter as it was when that stage ended; at the run's end where it is left out
 * @param card the README.md to put beside it
 * @throws UserError where the run is not finished, its adapter is damaged, or `out` cannot be written.
 */
export function exportRunAdapter(path: string, out: string, stage?: number, card?: string): void {
  const { folder } = adapterOfRun(path, stage);
  // A damaged adapter is told here, not where it is used next.
  checkAdapterConfig(readAdapterConfig(folder), join(folder, ADAPTER_CONFIG));
  openSafetensors(join(folder, ADAPTER_WEIGHTS)).close();
  const copied = [ADAPTER_CONFIG, ADAPTER_WEIGHTS].map((name) => [name, readFileSync(join(folder, name))]);
  writeFolder(out, { ...Object.fromEntries(copied), ...(card === undefined ? {} : { [CARD_FILE]: card }) }, [
    CARD_FILE,
  ]);
}
