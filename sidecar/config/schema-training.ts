/** @file The schema's keys of a run: optimiser, schedule, batches, and what is measured, kept and logged on the way. */
import * as z from 'zod';
import { about, code, count, path, positive, rate, real, section } from './schema-kit.ts';
import { maskSection } from './schema-model.ts';

export const teachers = ['auto', 'base', 'stage'] as const;

export const training = section('Optimiser (AdamW), schedule and batches.', {
  steps: count(1, 1e8)
    .default(1000)
    .meta(about('Updates of the parameters.', { unit: 'steps' })),
  batchSeconds: positive(36000)
    .default(40)
    .meta(about('Audio in one batch, all languages together.', { unit: 'seconds' })),
  accumulate: count(1, 4096)
    .default(1)
    .meta(about('Batches whose gradients make one step.', { unit: 'batches' })),
  shards: count(1, 4096)
    .optional()
    .meta(
      about(
        'Batches of each of those that several processes compute and sum exactly: the adapter is the same to the bit on one process and on as many as there are shards.',
        { unit: 'batches', otherwise: 'one, summed in float32 by one process' },
      ),
    ),
  learningRate: rate()
    .default(1.5e-3)
    .meta(
      about('Peak learning rate of the adapter.', {
        source: 'Lamer-SSL (arXiv 2602.12746): 1.5e-3; HuBERT training in fairseq: 5e-4 (base), 1.5e-3 (large)',
      }),
    ),
  headLearningRate: rate()
    .optional()
    .meta(about('Peak learning rate of the head.', { otherwise: 'training.learningRate' })),
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.98])
    .meta(about('Decay of AdamW’s two moments.', { source: 'HuBERT training in fairseq: 0.9, 0.98' })),
  epsilon: positive(1)
    .default(1e-6)
    .meta(about('Added to the root of the second moment.', { source: 'HuBERT training in fairseq: 1e-6' })),
  weightDecay: real(0, 10)
    .default(0.01)
    .meta(about('Decoupled weight decay.', { source: 'HuBERT training in fairseq: 0.01' })),
  clipNorm: positive(1e6)
    .default(1)
    .meta(about('Largest global norm of a gradient.', { source: 'HuBERT training in fairseq: 10 (base), 1 (large)' })),
  l2ToStart: real(0, 1e6)
    .default(0)
    .meta(
      about(
        'Of full fine-tuning: pulls the base’s parameters back to where they began, by half this times the square of their distance.',
        { source: 'L2-SP (Li, Grandvalet & Davoine 2018)' },
      ),
    ),
  ewc: section('Elastic weight consolidation: what the old languages need of the model is kept near to where it was.', {
    strength: real(0, 1e15)
      .default(0)
      .meta(
        about(
          'Weight of the penalty: half of this times the squared distance of each parameter from where the stage found it, times its importance for the old languages (diagonal Fisher). The head moves freely.',
          { source: 'EWC (Kirkpatrick et al. 2017), eq. 3' },
        ),
      ),
    clips: count(1, 1e6)
      .default(64)
      .meta(
        about('Training clips of each old language that importance is computed on, before each stage.', {
          unit: 'clips',
        }),
      ),
  }),
  lwf: section('Learning without Forgetting: a frozen teacher’s predictions are learned beside the labels.', {
    weight: real(0, 1e6)
      .default(0)
      .meta(
        about('Weight of what teacher and model differ by, beside the loss on labels.', {
          source: 'LwF (Li & Hoiem 2016), λ',
        }),
      ),
    temperature: positive(100)
      .default(2)
      .meta(about('Softens both before they are compared.', { source: 'LwF (Li & Hoiem 2016): 2' })),
    teacher: z
      .enum(teachers)
      .default('auto')
      .meta(
        about(
          'The base by its own pre-training head, or the model with its head as each stage found it; auto takes the base where it brings a head.',
        ),
      ),
  }),
  der: section('Dark Experience Replay: replayed clips keep the logits that the model gave when they became old.', {
    weight: real(0, 1e6)
      .default(0)
      .meta(
        about('Weight of the squared distance from the kept logits, beside the loss on labels.', {
          source: 'DER (Buzzega et al. 2020), α',
        }),
      ),
    labels: real(0, 1000)
      .default(1)
      .meta(
        about('How much the labels of replayed clips count: 0 is DER, 1 is DER++.', {
          source: 'DER++ (Buzzega et al. 2020), β',
        }),
      ),
  }),
  warmupFraction: real(0, 1)
    .default(0.08)
    .meta(
      about('Share of the steps in which the rate rises to its peak.', {
        source: 'HuBERT training in fairseq: 8 %',
      }),
    ),
  finalFraction: real(0, 1)
    .default(0)
    .meta(
      about('Rate at the end of the linear decay, as a share of the peak.', {
        source: 'HuBERT training in fairseq: linear decay',
      }),
    ),
});

export const featureKinds = ['auto', 'float32', 'float16', 'audio', 'none'] as const;

export const cache = section('What is kept on disk between epochs and runs.', {
  features: z
    .enum(featureKinds)
    .default('auto')
    .meta(
      about(
        'Of each clip: the front end’s output in single or half precision, its sound in 16 bits, or nothing; auto takes half precision where it fills at most half of the free disk, else sound, else nothing. What is not kept is computed with each batch.',
      ),
    ),
});

export const evaluation = section('Held-out measurements during training.', {
  every: count(1, 1e8)
    .default(100)
    .meta(about('Steps between measurements.', { unit: 'steps' })),
  secondsPerLanguage: positive(1e6)
    .default(120)
    .meta(about('Held-out audio measured in each language.', { unit: 'seconds' })),
  probes: z
    .boolean()
    .default(true)
    .meta(
      about(
        'Asks hidden states for their language and how far they moved, before the first step and after each stage.',
      ),
    ),
  abx: z
    .record(
      code(),
      z
        .strictObject({
          items: path().meta(
            about('Item file: file, onset, offset, phone, the phones around it, speaker.', { source: 'libri-light' }),
          ),
          audio: path().meta(about('Folder of the recordings that it names, without their endings.')),
        })
        .meta(about('What one language is measured on.')),
    )
    .optional()
    .meta(about('Phone ABX of the last hidden state, by language.', { otherwise: 'none is measured' })),
  alone: z
    .record(
      code(),
      path().meta(about('Folder of a finished run whose only new language it is, of the same base and data.')),
    )
    .optional()
    .meta(
      about(
        'Runs that learned one language alone: forward transfer is told against them, where their numbers compare.',
        {
          otherwise: 'told against the base’s row, before a language is learned',
          source: 'CL-MASR (Della Libera et al. 2024)',
        },
      ),
    ),
  superb: z
    .strictObject({
      languages: z
        .array(code())
        .min(1)
        .max(100)
        .optional()
        .meta(about('Languages whose characters are counted.', { otherwise: 'all that have transcripts' })),
      updates: count(1, 1e6)
        .default(3750)
        .meta(about('Updates of each recogniser.', { unit: 'steps', source: 'ML-SUPERB, monolingual: 3,750' })),
      width: z
        .int()
        .min(8)
        .max(2048)
        .multipleOf(8)
        .default(256)
        .meta(about('Of the recogniser’s transformer.', { source: 'ML-SUPERB: 256' })),
      learningRate: rate()
        .default(1e-4)
        .meta(about('Of the recogniser.', { source: 'ML-SUPERB: 1e-4' })),
      accumulate: count(1, 1000)
        .default(4)
        .meta(about('Batches of 8 utterances an update.', { unit: 'batches', source: 'ML-SUPERB: 4' })),
    })
    .optional()
    .meta(
      about(
        'Trains a recogniser on the frozen states before the first step and after each stage, and counts characters.',
        {
          otherwise: 'none is trained',
          source: 'ML-SUPERB (arXiv 2305.10615)',
        },
      ),
    ),
  mask: maskSection('The spans of held-out speech, which do not follow those of training.'),
});

export const checkpoint = section('What an interrupted run goes on from.', {
  every: count(1, 1e8)
    .default(100)
    .meta(about('Steps between checkpoints.', { unit: 'steps' })),
  keep: count(1, 1000)
    .default(2)
    .meta(about('Newest checkpoints kept.', { unit: 'checkpoints' })),
});

export const log = section('What is written down on the way.', {
  every: count(1, 1e8)
    .default(10)
    .meta(about('Steps between logged points.', { unit: 'steps' })),
});
