/** @file `milore embed`: a recording's features by the base or the adapted model, as a .npy file. */
import { basename, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { framesOf, samplesOf } from '../architecture/time.ts';
import { loadAudio16k, normalise } from '../audio/index.ts';
import { UserError } from '../errors.ts';
import { adaptedBase, FrozenStates } from '../evaluation/frozen-states.ts';
import { loadBase } from '../model/checkpoint/base.ts';
import { writeNpy } from '../model/checkpoint/npy.ts';
import { WeightFile } from '../weights/file.ts';
import { printable, warn } from './output.ts';

interface Options {
  model: string;
  adapter?: string;
  language?: string;
  layer: 'all' | number;
  out: string;
  cache: string;
}

const layerOption = (text: string): 'all' | number => {
  if (text === 'all') return text;
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a layer number from 0, or all.');
};

export const embed = () =>
  new Command('embed')
    .description(
      'Write the features of a recording: float32 [layers, frames, width], or [frames, width] for one layer.',
    )
    .argument('<audio>', 'a recording in any supported format')
    .requiredOption('--model <folder>', 'the base model, a Hugging Face folder')
    .option('--adapter <folder>', 'an adapter that "milore export" wrote')
    .option('--language <code>', 'of the recording, where the adapter’s experts go by language')
    .requiredOption(
      '--layer <all|N>',
      "hidden states as in transformers 4.x: 0 is the encoder's input, the last one the model's output",
      layerOption,
    )
    .requiredOption('--out <file.npy>', 'where to write')
    .option('--cache <folder>', 'where compiled models are kept', '.milore/cache')
    .action(async (audio: string, options: Options) => {
      const { shape, data } = await embedFile(audio, options);
      writeNpy(resolve(options.out), shape, data);
      warn(`${printable(options.out)}: float32 [${shape.join(', ')}]`);
    });

/** Layer 0 is the encoder's input, layer i the output of block i, the last after the final norm (transformers 4.x). */
export async function embedFile(
  audio: string,
  { model, adapter, language, layer, cache }: Omit<Options, 'out'>,
): Promise<{ shape: number[]; data: Float32Array }> {
  const base = loadBase(resolve(model));
  const { layers, hidden } = base.config;
  if (layer !== 'all' && layer > layers)
    throw new UserError({
      code: 'embed.layer',
      tried: `take layer ${layer}`,
      why: `the model has layers 0 to ${layers}.`,
      cure: `Give --layer 0 to ${layers}, or all.`,
    });
  const file = WeightFile.prepare(base, resolve(cache));
  const adapted = adaptedBase(base, adapter && resolve(adapter), language);
  const raw = await loadAudio16k(resolve(audio), {
    note: (text) => warn(`${printable(basename(audio))}: ${printable(text)}`),
  });
  const wave = base.normalise ? normalise(raw) : raw;
  const frames = framesOf(base.config, wave.length);
  if (frames < 1)
    throw new UserError({
      code: 'audio.too-short',
      tried: `embed ${audio}`,
      why: `it has ${wave.length} samples at 16 kHz, and one frame takes ${samplesOf(base.config, 1)}.`,
      cure: 'Give a longer recording.',
    });
  const wanted = layer === 'all' ? Array.from({ length: layers + 1 }, (_, i) => i) : [layer];
  const states = await FrozenStates.open(adapted, file, { device: 'cpu' }, wanted);
  const data = await states.of(wave);
  await states.release();
  return { shape: layer === 'all' ? [wanted.length, frames, hidden] : [frames, hidden], data };
}
