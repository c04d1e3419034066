/** @file `milore superb`: text and languages got right on held-out speech, by the base and by an adapter, with intervals. */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { devices } from '../config/schema.ts';
import { scanLanguage, superbTimes } from '../corpus/index.ts';
import { normalisations } from '../evaluation/error-rate.ts';
import type { Interval } from '../evaluation/interval.ts';
import { ML_SUPERB_SIZE, type MonolingualReport, monolingualRecognition } from '../evaluation/superb.ts';
import { SUPERB_TASKS, type SuperbTask } from '../evaluation/superb-score.ts';
import { transcribedSides } from '../evaluation/transcribed.ts';
import { ML_SUPERB_RECIPE } from '../recognition/recipe.ts';
import { tell, tellJson } from './output.ts';
import { type DataOptions, dataSet, saysLanguage } from './superb-data.ts';
import { superbDataSets, superbFolder, type TaskOptions } from './superb-folder.ts';
import { type SetupOptions, setUp } from './superb-setup.ts';
import { DECODING_WORDS, monolingualTable, writeReport } from './superb-told.ts';

interface Options extends TaskOptions, DataOptions {
  folder?: string;
  phones: boolean;
}

const number =
  (low: number, high: number, whole = true) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(`Give a ${whole ? 'whole ' : ''}number from ${low} to ${high}.`);
  };

function taskList(text: string): SuperbTask[] {
  const named = text.split(',').map((name) => name.trim());
  const unknown = named.find((name) => !(SUPERB_TASKS as readonly string[]).includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`Give some of ${SUPERB_TASKS.join(',')}.`);
  return SUPERB_TASKS.filter((task) => named.includes(task));
}

const codeList = (text: string) => text.split(',').flatMap((code) => code.trim() || []);

export const superb = () =>
  new Command('superb')
    .description(
      "ML-SUPERB: train its downstream model on the frozen states of a base, and of the base with an adapter, and tell what both get right of the same held-out speech. One data set with transcripts (its monolingual recipe); several (code=PATH or dataset:NAME, its four tasks); or with --folder its four tasks on a folder of ML-SUPERB's shape.",
    )
    .argument(
      '[data...]',
      'recordings with transcripts in any layout that has a text: PATH with --language, CODE=PATH, or dataset:NAME',
    )
    .option('--language <code>', 'of the data, ISO 639-3')
    .option('--text <column>', 'of the data: the column of its table that holds the transcripts')
    .option('--phones', 'of the data: its transcripts are phones, parted by spaces; their error rate is told', false)
    .option('--folder <folder>', "ML-SUPERB's own folder: <corpus>/<iso>/transcript_….txt and wav/")
    .option(
      '--tasks <list>',
      `of a folder or of several data sets: ${SUPERB_TASKS.join(',')} or some of them`,
      taskList,
      [...SUPERB_TASKS],
    )
    .addOption(new Option('--time <amount>', 'training speech of a folder').choices([...superbTimes]).default('10min'))
    .option(
      '--mono <sets>',
      "sets of the monolingual task, such as mls/eng,NST/swe, or all, instead of ML-SUPERB's thirteen",
      codeList,
    )
    .option('--reserved <codes>', "languages that train on five utterances, instead of ML-SUPERB's twenty", codeList)
    .option('--few-shot <file>', 'which utterances of reserved languages train: lines of "iso utterance"')
    .option('--leave-out', 'go on without what cannot be used of a folder, and count it', false)
    .option('--model <folder>', 'the base model')
    .option('--adapter <folder>', 'an adapter that "milore export" wrote; its row stands beside the base’s')
    .option('--run <folder>', 'a finished run: its base, and its adapter')
    .option('--updates <n>', 'updates of the downstream model; the published number unless told', number(1, 1e6))
    .option('--accumulate <n>', 'batches of 8 clips an update', number(1, 1000), ML_SUPERB_RECIPE.accumulate)
    .option('--rate <x>', 'learning rate', number(1e-7, 1, false), ML_SUPERB_RECIPE.rate)
    .option('--width <n>', 'of the downstream model; a multiple of 8', number(8, 2048), ML_SUPERB_SIZE.model)
    .option('--no-augment', 'without SpecAugment')
    .option('--seed <n>', 'of first parameters, order, dropout, masks and intervals', number(0, 2 ** 31), 1)
    .option('--checkpoint-every <n>', 'updates between two checkpoints of a training', number(1, 1e6), 250)
    .addOption(new Option('--device <device>', 'where to compute').choices([...devices]).default('cpu'))
    .option('--out <folder>', 'where superb.json and the hypotheses go')
    .option('--keep <folder>', 'where the trained recognisers go, for "milore transcribe"')
    .option(
      '--cache <folder>',
      'where compiled models, hidden states and unfinished trainings are kept',
      '.milore/cache',
    )
    .option('--remove-states', "remove a model's hidden states when its tasks are done", false)
    .option('--json', 'one JSON object on standard output', false)
    .action(async (data: string[], options: Options, command: Command) => {
      const wrong = misuse(data, options);
      if (wrong) command.error(`error: ${wrong}`, { exitCode: 2 });
      if (options.folder) await superbFolder(options.folder, options);
      else if (data.length > 1) await superbDataSets(data, options);
      else await oneDataSet(data[0], options);
    });

function misuse(data: readonly string[], given: Options): string | undefined {
  const { folder, language, model, adapter, run, width, phones } = given;
  if (width % ML_SUPERB_SIZE.heads !== 0) return `--width ${width} is no multiple of ${ML_SUPERB_SIZE.heads}`;
  if (!model && !run) return 'give --model, or --run';
  if (run && (model || adapter)) return '--run has its own --model and --adapter';
  if (data.length > 0 && folder) return 'give data sets or --folder, not both';
  if (data.length === 0 && !folder) return 'give a data set, or --folder';
  if (phones && data.length !== 1) return '--phones goes with one data set; a folder has phones.txt in its sets';
  if (data.length > 1 && language) return 'several data sets say their language each: CODE=PATH, or dataset:NAME';
  const silent = language || folder ? undefined : data.find((one) => !saysLanguage(one));
  return silent === undefined ? undefined : 'a path goes with --language, or is written as CODE=PATH';
}

async function oneDataSet(data: string, options: Options): Promise<void> {
  // Read before the model is opened, which takes longer.
  const spec = await dataSet(data, options);
  const language = spec.code;
  const corpus = await scanLanguage({ ...spec, cacheDir: resolve(options.cache, 'corpus') });
  const symbols = options.phones ? 'phones' : 'characters';
  const sides = transcribedSides(corpus, normalisations[options.phones ? 'phones' : 'ml-superb-mono']);
  const setup = await setUp({ ...options, language });
  const report = await monolingualRecognition(
    setup.compared,
    sides,
    setup.options,
    setup.keeping,
    setup.watcher,
    symbols,
  );
  if (options.out) writeReport(resolve(options.out), { language, ...report }, report.arms);
  if (options.json) tellJson(report);
  else tell(told(report, language, options));
  setup.keep();
}

function told(
  report: MonolingualReport,
  language: string,
  { updates = ML_SUPERB_RECIPE.updates, width }: SetupOptions,
): string {
  const { clips, tokens, arms } = report;
  const smaller = updates < ML_SUPERB_RECIPE.updates || width !== ML_SUPERB_SIZE.model;
  const where = `, where ML-SUPERB has ${ML_SUPERB_RECIPE.updates} and ${ML_SUPERB_SIZE.model}: not to be compared with its tables`;
  const interval: Partial<Interval> = arms[0].rates.prefix.kind === 'interval' ? arms[0].rates.prefix : {};
  const { by = 'utterance', drawn = 1 } = interval;
  return [
    monolingualTable(report),
    '',
    `${language}: ${clips.train} clips train, ${clips.validation} choose, ${clips.scored} are scored; ${tokens} tokens; ${updates} updates of a model of width ${width}${smaller ? where : ''}.`,
    `Intervals: bootstrap over ${drawn} ${by}s. ${DECODING_WORDS}`,
  ].join('\n');
}
