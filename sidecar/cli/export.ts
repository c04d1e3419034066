/** @file `milore export`: a run's adapter as a folder of its own. */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { UserError } from '../errors.ts';
import { checkAdapterConfig } from '../model/adapter-config.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, readAdapterConfig } from '../model/checkpoint/adapter.ts';
import { openSafetensors } from '../model/checkpoint/safetensors.ts';
import { openRun } from '../runs/run.ts';

export const exportAdapter = () =>
  new Command('export')
    .description(
      "Copy a finished run's adapter: adapter_config.json and adapter_model.safetensors with PEFT-like names.",
    )
    .argument('<run>', 'the folder of a run')
    .requiredOption('--out <folder>', 'where to put it')
    .action((path: string, { out }: { out: string }) => {
      const run = openRun(resolve(path));
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
        mkdirSync(resolve(out), { recursive: true });
        for (const name of [ADAPTER_CONFIG, ADAPTER_WEIGHTS]) cpSync(join(from, name), join(resolve(out), name));
      } catch (error) {
        throw new UserError({
          code: 'export.unwritable',
          tried: `write ${resolve(out)}`,
          why: `${(error as Error).message}.`,
          cure: 'Name a folder that can be written.',
        });
      }
      process.stderr.write(`${out}: ${ADAPTER_CONFIG}, ${ADAPTER_WEIGHTS}\n`);
    });
