/**
 * @file The experiment file's one schema: every key with its meaning, unit, range and default, in the order of the file.
 * Help, the editor's completion and the table in docs/keys.md are made from it. It must not know files, YAML or VS Code.
 */
import * as z from 'zod';
import { audio, language, replay, sampling, stages } from './schema-data.ts';
import { about, count, path } from './schema-kit.ts';
import { adapter, head, maskSection, units } from './schema-model.ts';
import { sweep } from './schema-sweep.ts';
import { cache, checkpoint, evaluation, log, training } from './schema-training.ts';

export { layouts, roles } from './schema-data.ts';
export { adapterKinds, projections } from './schema-model.ts';

export const devices = ['auto', 'cpu', 'cuda', 'webgpu', 'dml', 'coreml'] as const;

export const computes = ['float32', 'int8', 'auto'] as const;

export const experimentSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .meta(about('What the run is called.', { otherwise: 'the file’s name' })),
    base: z
      .strictObject({
        model: path().meta(about('Folder of the base model, as Hugging Face writes it, or model:NAME.')),
        head: path()
          .optional()
          .meta(
            about('The base’s own pre-training head (safetensors), kept frozen as the yardstick of forgetting.', {
              otherwise: 'none',
            }),
          ),
      })
      .meta(about('The frozen model that is taught.')),
    languages: z
      .record(z.string(), language)
      .meta(about('The languages, by ISO 639-3 code (three letters: eng, cmn, yor).')),
    audio,
    adapter,
    units,
    replay,
    stages,
    sampling,
    mask: maskSection('The spans of frames that are hidden and predicted in training.'),
    head,
    training,
    control: z
      .boolean()
      .default(true)
      .meta(about('Also train the same head as long on the frozen base, to compare with.')),
    evaluation,
    checkpoint,
    log,
    cache,
    seed: count(0, 2 ** 32 - 1)
      .default(1)
      .meta(about('Seed of everything that is drawn.')),
    device: z
      .enum(devices)
      .default('auto')
      .meta(about('Where to compute; auto takes the first that agrees with the CPU.')),
    compute: z
      .enum(computes)
      .default('float32')
      .meta(
        about(
          'How training multiplies by frozen weights on a CPU: int8 is faster and nearly as exact; auto takes it where the processor is made for it and a calibration on this audio vouches for it.',
        ),
      ),
    sweep,
  })
  .meta({ title: 'MiLorE experiment', ...about('An experiment: what is taught to which base, from which audio.') });

/** The schema's own output: defaults filled in, nothing yet that depends on another key. */
export type ParsedExperiment = z.output<typeof experimentSchema>;
