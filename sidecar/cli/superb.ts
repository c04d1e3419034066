/** @file `milore superb`: characters got right on held-out speech, by the base and by an adapter, with intervals. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { devices } from '../config/schema.ts';
import { scanLanguage } from '../corpus/index.ts';
import { selectDevice } from '../engine/devices.ts';
import type { DeviceName } from '../engine/session.ts';
import { normalisations } from '../evaluation/error-rate.ts';
import { adaptedBase } from '../evaluation/frozen-states.ts';
import type { Interval, Undefined } from '../evaluation/interval.ts';
import { ML_SUPERB_SIZE, monolingualRecognition, type SuperbReport } from '../evaluation/superb.ts';
import { transcribedSides } from '../evaluation/transcribed.ts';
import { loadBase } from '../model/checkpoint/base.ts';
import { DECODINGS } from '../recognition/decode.ts';
import { ML_SUPERB_RECIPE } from '../recognition/recipe.ts';
import { ML_SUPERB_AUGMENT } from '../recognition/spec-augment.ts';
import { WeightFile } from '../weights/file.ts';
import { percentOne, printable, table } from './output.ts';

interface Options {
  language: string;
  model: string;
  adapter?: string;
  updates: number;
  rate: number;
  width: number;
  accumulate: number;
  seed: number;
  augment: boolean;
  device: DeviceName | 'auto';
  out?: string;
  cache: string;
  json: boolean;
}

const number =
  (low: number, high: number, whole = true) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(`Give a ${whole ? 'whole ' : ''}number from ${low} to ${high}.`);
  };

export const superb = () =>
  new Command('superb')
    .description(
      "ML-SUPERB's monolingual recognition: train its downstream model on the frozen states of a base, and of the base with an adapter, and tell the character error rates of both on the same held-out speech.",
    )
    .argument('<data>', 'recordings with transcripts: any layout that has a text')
    .requiredOption('--language <code>', 'ISO 639-3')
    .requiredOption('--model <folder>', 'the base model')
    .option('--adapter <folder>', 'an adapter that "milore export" wrote; its row stands beside the base’s')
    .option('--updates <n>', 'updates of the downstream model', number(1, 1e6), ML_SUPERB_RECIPE.updates)
    .option('--accumulate <n>', 'batches of 8 clips an update', number(1, 1000), ML_SUPERB_RECIPE.accumulate)
    .option('--rate <x>', 'learning rate', number(1e-7, 1, false), ML_SUPERB_RECIPE.rate)
    .option('--width <n>', 'of the downstream model; a multiple of 8', number(8, 2048), ML_SUPERB_SIZE.model)
    .option('--no-augment', 'without SpecAugment')
    .option('--seed <n>', 'of first parameters, order, dropout, masks and intervals', number(0, 2 ** 31), 1)
    .addOption(new Option('--device <device>', 'where to compute').choices([...devices]).default('cpu'))
    .option('--out <folder>', 'where superb.json and the hypotheses go')
    .option('--cache <folder>', 'where compiled models are kept', '.milore/cache')
    .option('--json', 'one JSON object on standard output', false)
    .action(async (data: string, options: Options, command: Command) => {
      if (options.width % ML_SUPERB_SIZE.heads !== 0)
        command.error(`error: --width ${options.width} is no multiple of ${ML_SUPERB_SIZE.heads}`, { exitCode: 2 });
      const report = await measured(resolve(data), options);
      if (options.out) write(resolve(options.out), report, options);
      if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
      else process.stdout.write(`${told(report, options)}\n`);
    });

async function measured(root: string, options: Options): Promise<SuperbReport> {
  const base = loadBase(resolve(options.model));
  const file = WeightFile.prepare(base, resolve(options.cache));
  const arms = [{ name: 'base', adapted: adaptedBase(base) }];
  if (options.adapter) arms.push({ name: 'adapted', adapted: adaptedBase(base, resolve(options.adapter)) });
  const cacheDir = resolve(options.cache, 'corpus');
  const corpus = await scanLanguage({ code: options.language, root, cacheDir });
  const sides = transcribedSides(corpus, normalisations['ml-superb-mono']);
  const { chosen } = await selectDevice(options.device);
  const { updates, rate, accumulate, seed, width } = options;
  const share = width / ML_SUPERB_SIZE.model;
  const size = { ...ML_SUPERB_SIZE, model: width, feedForward: Math.round(share * ML_SUPERB_SIZE.feedForward) };
  let said = 0;
  return monolingualRecognition(
    { base, file, arms },
    sides,
    {
      recipe: { ...ML_SUPERB_RECIPE, updates, rate, accumulate, seed },
      size,
      augment: options.augment ? ML_SUPERB_AUGMENT : undefined,
      session: { device: chosen.device },
    },
    {
      note: (text) => process.stderr.write(`${printable(text)}\n`),
      progress: (arm, { update, updates: all, loss, validationLoss }) => {
        if (validationLoss === undefined || options.json) return;
        if (Date.now() - said < 5000 && update < all) return;
        said = Date.now();
        process.stderr.write(
          `${arm}: ${update}/${all}  loss ${loss.toFixed(2)}  validation ${validationLoss.toFixed(2)} nats a clip\n`,
        );
      },
    },
  );
}

const shown = (one: Interval | Undefined): string[] =>
  one.kind === 'interval'
    ? [percentOne(one.value), `${percentOne(one.low)} to ${percentOne(one.high)}`]
    : [one.value === undefined ? '–' : percentOne(one.value), one.reason];

function told({ arms, differences, clips, tokens }: SuperbReport, { language, updates, width }: Options): string {
  const rows = [['CER', 'decoding', 'value', '95 % interval', 'verdict']];
  for (const how of DECODINGS) {
    for (const { name, rates } of arms) rows.push([name, how, ...shown(rates[how]), '']);
    const difference = differences?.[how];
    if (!difference) continue;
    const verdict = difference.kind === 'interval' ? difference.verdict : 'cannot tell';
    rows.push(['difference', how, ...shown(difference), verdict]);
  }
  const { by, drawn } = arms[0].rates.prefix.kind === 'interval' ? arms[0].rates.prefix : { by: 'utterance', drawn: 1 };
  return [
    table(rows, 2),
    '',
    `${language}: ${clips.train} clips train, ${clips.validation} choose, ${clips.scored} are scored; ${tokens} tokens; ${updates} updates of a model of width ${width}${updates < ML_SUPERB_RECIPE.updates || width !== ML_SUPERB_SIZE.model ? `, where ML-SUPERB has ${ML_SUPERB_RECIPE.updates} and ${ML_SUPERB_SIZE.model}: not to be compared with its tables` : ''}.`,
    `Intervals: bootstrap over ${drawn} ${by}s. prefix: CTC's prefix search of width 1, as ML-SUPERB decodes; frames: the likeliest token of each frame.`,
  ].join('\n');
}

function write(folder: string, report: SuperbReport, { language }: Options): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'superb.json'), `${JSON.stringify({ language, ...report }, null, 2)}\n`);
  const clean = (text: string) => text.replace(/\s/gu, ' ');
  for (const { name, utterances } of report.arms) {
    const rows = utterances.map(({ id, reference, heard }) => [id, reference, heard.prefix, heard.frames].map(clean));
    const lines = [['id', 'reference', 'prefix', 'frames'], ...rows].map((row) => row.join('\t'));
    writeFileSync(join(folder, `${name}.tsv`), `${lines.join('\n')}\n`);
  }
}
