/** @file `milore export` and `milore rollback`: what a run trained, at its end or at a stage's, as a folder of its own. */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type ExportOptions, exportRun } from '../export/index.ts';
import { exportForms } from '../protocol/forms.ts';
import { printable, warn } from './output.ts';

interface Options extends ExportOptions {
  out: string;
}

export const exportAdapter = () =>
  new Command('export')
    .description('Take along what a finished run trained, as a folder with a model card.')
    .argument('<run>', 'the folder of a run')
    .requiredOption('--out <folder>', 'where to put it')
    .addOption(
      new Option(
        '--as <form>',
        "adapter: MiLorE's own; peft: LoRA for PEFT, one folder an expert; onnx: the adapted encoder for transformers.js and onnxruntime; hf: a single expert merged into the base, for transformers",
      )
        .choices(exportForms)
        .default('adapter'),
    )
    .option('--stage <n>', 'as it was when this stage had ended, from 1', wholeNumber)
    .option('--base <folder>', 'the base model, where it no longer lies where the experiment says')
    .option(
      '--cache <folder>',
      "where the base's weights are kept for the runtime; the run's own workspace's unless told",
    )
    .option(
      '--recogniser <folder>',
      'onnx: logits of a recogniser that "milore superb --run RUN --keep" wrote, with tokens.txt, for sherpa-onnx',
    )
    .option('--language <code>', 'peft, onnx, hf: the one expert of this language, where experts go by language')
    .option('--hidden-states', 'onnx: every hidden state as a further output', false)
    .option('--gates', 'onnx: every router’s gates as further outputs', false)
    .action(async (path: string, { out, ...options }: Options, command: Command) => {
      if (options.recogniser !== undefined && options.as !== 'onnx')
        command.error('error: --recogniser goes with --as onnx', { exitCode: 2 });
      if (options.recogniser !== undefined) options.recogniser = resolve(options.recogniser);
      const { files, notes } = await exportRun(resolve(path), resolve(out), options);
      warn(`${printable(out)}: ${files.join(', ')}`);
      for (const note of notes) warn(printable(note));
    });

export const rollback = () =>
  new Command('rollback')
    .description('Copy the adapter as it was when a stage of a run ended; the run itself stays as it is.')
    .argument('<run>', 'the folder of a run')
    .requiredOption('--stage <n>', 'a stage that has ended, from 1', wholeNumber)
    .requiredOption('--out <folder>', 'where to put it')
    .action(async (path: string, { stage, out }: { stage: number; out: string }) => {
      await exportRun(resolve(path), resolve(out), { as: 'adapter', stage });
      warn(`${printable(out)}: the adapter of stage ${stage}`);
    });

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1.');
  return Number(text);
}
