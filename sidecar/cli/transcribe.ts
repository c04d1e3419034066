/** @file `milore transcribe`: a recogniser that "milore superb --keep" wrote, put to use: text with times. */
import { existsSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { devices } from '../config/schema.ts';
import { type AnnotationFormat, annotationFile, annotationFormats } from '../corpus/index.ts';
import { makeFolder, writeFileAtomic } from '../disk.ts';
import { requireDevice } from '../engine/devices.ts';
import type { DeviceName } from '../engine/session.ts';
import { UserError } from '../errors.ts';
import { adaptedBase } from '../evaluation/frozen-states.ts';
import { Transcriber, tiersOf, UNCALIBRATED } from '../evaluation/transcribe.ts';
import { loadBase } from '../model/checkpoint/base.ts';
import { isCalibrated, sayConfidence } from '../recognition/confidence.ts';
import { DECODINGS, type Decoding } from '../recognition/decode.ts';
import { type Kept, readKept } from '../recognition/kept.ts';
import { WeightFile } from '../weights/file.ts';
import { tellTable, warn } from './output.ts';

interface Options {
  as: AnnotationFormat;
  out?: string;
  model?: string;
  language?: string;
  decoding: Decoding;
  device: DeviceName | 'auto';
  cache: string;
  replace: boolean;
}

const endings: Record<AnnotationFormat, string> = { tsv: '.tsv', textgrid: '.TextGrid', eaf: '.eaf' };

export const transcribe = () =>
  new Command('transcribe')
    .description('Write what a recogniser hears in recordings, with times and how sure it is.')
    .argument('<recogniser>', 'a folder that "milore superb --keep" wrote')
    .argument('<audio...>', 'recordings in any supported format')
    .addOption(new Option('--as <format>', 'what to write').choices([...annotationFormats]).default('tsv'))
    .option(
      '--out <path>',
      'a file; of several recordings as textgrid or eaf, a folder. A table goes to standard output without it',
    )
    .option('--model <folder>', 'the base model, where it has moved')
    .option('--language <code>', 'of the recordings, where the adapter’s experts go by language')
    .addOption(
      new Option('--decoding <how>', 'prefix search, or the likeliest token of each frame')
        .choices([...DECODINGS])
        .default('prefix'),
    )
    .addOption(new Option('--device <device>', 'where to compute').choices([...devices]).default('cpu'))
    .option('--cache <folder>', 'where compiled models are kept', '.milore/cache')
    .option('--replace', 'write over what is there', false)
    .action(async (folder: string, audio: string[], options: Options, command: Command) => {
      const { as, out } = options;
      if (!out && as !== 'tsv') command.error(`error: --as ${as} goes with --out`, { exitCode: 2 });
      const targets = targetsOf(audio, options);
      const kept = readKept(resolve(folder));
      const transcriber = await opened(resolve(folder), kept, options);
      const all = [];
      try {
        for (const [i, path] of audio.entries()) {
          const found = await transcriber.transcribe(resolve(path), options.decoding);
          for (const note of found.notes) warn(`${path}: ${note}`);
          const one = { recording: basename(path), seconds: found.seconds, tiers: tiersOf(found, kept) };
          if (as === 'tsv') all.push(one);
          else write(targets[i], annotationFile(as, [one]));
        }
      } finally {
        await transcriber.release();
      }
      warn(sayConfidence(kept.confidence));
      if (as !== 'tsv') return;
      const table = annotationFile(as, all, isCalibrated(kept.confidence) ? undefined : UNCALIBRATED);
      if (targets.length > 0) write(targets[0], table);
      else tellTable(table);
    });

function write(path: string, text: string): void {
  writeFileAtomic(path, text);
  warn(path);
}

/** Where each recording's annotations go; one file for all as a table. Told before anything is computed. */
function targetsOf(audio: readonly string[], { as, out, replace }: Options): string[] {
  if (!out) return [];
  const path = resolve(out);
  const single = as === 'tsv' || (audio.length === 1 && extname(path).toLowerCase() === endings[as].toLowerCase());
  const stem = (name: string) => basename(name, extname(name));
  const targets = single ? [path] : audio.map((name) => join(path, stem(name) + endings[as]));
  const twice = targets.find((target, i) => targets.indexOf(target) !== i);
  if (twice)
    throw new UserError({
      code: 'transcribe.same-name',
      tried: `write ${twice}`,
      why: 'two of the recordings are called alike.',
      cure: 'Transcribe them one by one, each with its own --out.',
    });
  const there = replace ? undefined : targets.find((target) => existsSync(target));
  if (there)
    throw new UserError({
      code: 'transcribe.exists',
      tried: `write ${there}`,
      why: 'it is there already, and may be corrected by hand.',
      cure: 'Name another --out, or write over it with --replace.',
    });
  if (!single) makeFolder(path);
  return targets;
}

async function opened(folder: string, kept: Kept, { model, language, device, cache }: Options): Promise<Transcriber> {
  const from = model ? resolve(model) : kept.base.folder;
  const base = loadBase(from);
  if (base.hash !== kept.base.hash)
    throw new UserError({
      code: 'recogniser.other-base',
      tried: `read with the recogniser ${folder}`,
      why: `it was trained on another base than ${from} (hash ${kept.base.hash.slice(0, 12)}…, this one is ${base.hash.slice(0, 12)}…).`,
      cure: 'Give the base that it was trained on with --model.',
    });
  const { layers, hidden } = base.config;
  if (kept.config.layers !== layers + 1 || kept.config.width !== hidden)
    throw new UserError({
      code: 'recogniser.other-size',
      tried: `read with the recogniser ${folder}`,
      why: `it reads ${kept.config.layers} states of width ${kept.config.width}; the base has ${layers + 1} of ${hidden}.`,
      cure: 'Its files do not belong together: keep it anew with "milore superb --keep".',
    });
  const { chosen } = await requireDevice(device, 'transcribe');
  const file = WeightFile.prepare(base, resolve(cache));
  const adapted = adaptedBase(base, kept.adapted ? folder : undefined, language);
  return Transcriber.open(kept, { base, file, adapted }, { device: chosen.device });
}
