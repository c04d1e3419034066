/** @file `milore export` and `milore rollback`: a run's adapter, at its end or at a stage's, as a folder of its own. */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
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

export const rollback = () =>
  new Command('rollback')
    .description('Copy the adapter as it was when a stage of a run ended; the run itself stays as it is.')
    .argument('<run>', 'the folder of a run')
    .requiredOption('--stage <n>', 'a stage that has ended, from 1', wholeNumber)
    .requiredOption('--out <folder>', 'where to put it')
    .action((path: string, { stage, out }: { stage: number; out: string }) => {
      exportRunAdapter(resolve(path), resolve(out), stage);
      process.stderr.write(`${out}: the adapter of stage ${stage}\n`);
    });

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1.');
  return Number(text);
}
