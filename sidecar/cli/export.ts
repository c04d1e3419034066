/** @file `milore export`: a run's adapter as a folder of its own. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { exportRunAdapter } from '../training/export-adapter.ts';
import { printable, warn } from './output.ts';

export const exportAdapter = () =>
  new Command('export')
    .description(
      "Copy a finished run's adapter: adapter_config.json and adapter_model.safetensors with PEFT-like names.",
    )
    .argument('<run>', 'the folder of a run')
    .requiredOption('--out <folder>', 'where to put it')
    .action((path: string, { out }: { out: string }) => {
      exportRunAdapter(resolve(path), resolve(out));
      warn(`${printable(out)}: adapter_config.json, adapter_model.safetensors`);
    });
