/** @file The schema's keys of data: languages and their audio, what is replayed, in which stages, how often each is drawn. */
import * as z from 'zod';
import { layouts as known } from '../layouts.ts';
import { about, code, count, path, positive, real, section } from './schema-kit.ts';

export const roles = ['existing', 'new'] as const;
export const layouts = ['auto', ...known] as const;

export const language = z
  .strictObject({
    role: z.enum(roles).meta(about('Whether the base already knows the language (it is replayed) or is to learn it.')),
    data: z
      .union([path(), z.array(path()).min(1).max(1000)])
      .meta(
        about('Folder or manifest of its audio, relative to the experiment file; dataset:NAME; or a list of them.'),
      ),
    layout: z
      .union([z.enum(layouts), z.array(z.enum(layouts)).min(1).max(1000)])
      .default('auto')
      .meta(about('How the data is laid out, or a list with one layout for each; auto looks at the files.')),
    hours: positive(1e6)
      .optional()
      .meta(
        about('Take at most this much audio; for an existing language this is its replay pool.', {
          unit: 'hours',
          otherwise: 'all there is',
        }),
      ),
    heldOut: real(0, 0.5)
      .default(0.15)
      .meta(
        about(
          'Share of the seconds kept out of training to measure on: whole speakers or recordings where they fit, else the end of one, cut at a pause.',
        ),
      ),
    commonVoice: z
      .enum(['auto', 'splits', 'validated'])
      .default('auto')
      .meta(
        about(
          'Which tables of a Common Voice release train: its splits, or validated less the speakers of dev and test; auto takes validated where it has clearly more.',
        ),
      ),
    tiers: z
      .array(z.string().min(1).max(300))
      .min(1)
      .max(100)
      .optional()
      .meta(
        about(
          'Of recordings with ELAN or Praat files beside them, the tiers whose stretches are utterances, by name.',
          { otherwise: 'proposed by what they hold' },
        ),
      ),
    text: z
      .union([z.string().max(300), z.array(z.string().max(300)).min(1).max(1000)])
      .optional()
      .meta(
        about('Column of its table that holds the transcripts, or a list with one for each of its data.', {
          otherwise: 'the list of datasets, or the layout’s own',
        }),
      ),
    licence: z
      .union([z.string().max(300), z.array(z.string().max(300)).min(1).max(1000)])
      .optional()
      .meta(
        about('Licence of its recordings, or a list with one for each of its data. It is noted, and never guessed.', {
          otherwise: 'the list of datasets, or what lies with the recordings',
        }),
      ),
    unannotated: z
      .enum(['aside', 'pauses'])
      .optional()
      .meta(
        about(
          'Of recordings with ELAN or Praat files beside them, what nobody annotated: left aside, or cut at pauses and trained on as well.',
          { otherwise: 'aside' },
        ),
      ),
    allowOutside: z
      .boolean()
      .optional()
      .meta(
        about('Whether a manifest of it may name audio outside its own folder, by links or "..".', {
          otherwise: 'audio.allowOutside',
        }),
      ),
    weight: positive(1000)
      .default(1)
      .meta(about('Multiplies the chance that the language is drawn among those of its role.')),
  })
  .meta(about('One language, under its ISO 639-3 code.'));
export const audio = section('How recordings are read and cut.', {
  channels: z
    .union([z.enum(['mix', 'each']), z.int().min(1).max(64)])
    .default('mix')
    .meta(
      about(
        'Of recordings with several channels: their mean, each as a speaker of its own, or one, counted from 1. Where a manifest names a channel, that one.',
      ),
    ),
  joinSeconds: positive(600)
    .optional()
    .meta(
      about('Join a speaker’s short utterances into chunks of about this length.', {
        unit: 'seconds',
        otherwise: 'never joined',
      }),
    ),
  maxSeconds: positive(600)
    .default(15.6)
    .meta(about('Longer utterances are cut into pieces of equal length.', { unit: 'seconds' })),
  minSeconds: real(0, 600)
    .default(0.5)
    .meta(about('Shorter utterances are left out and listed.', { unit: 'seconds' })),
  allowOutside: z.boolean().default(false).meta(about('Whether a manifest may name audio outside its own folder.')),
});

export const replay = section('Speech of the existing languages, mixed in so that they are not forgotten.', {
  fraction: real(0, 0.9)
    .default(0.125)
    .meta(
      about('Share of the training audio that is replayed (0 where no language is existing).', {
        source: 'Lamer-SSL (arXiv 2602.12746): 18 % of the mix',
      }),
    ),
  hours: positive(1e6)
    .optional()
    .meta(
      about('Size of the whole replay pool: so much of the replayed languages is kept, shared out as they are drawn.', {
        source: 'MiLorE-SSL (arXiv 2601.20300): about 100 h',
        unit: 'hours',
        otherwise: 'all there is',
      }),
    ),
  languages: z
    .array(code())
    .max(1000)
    .optional()
    .meta(about('Which existing languages are replayed.', { otherwise: 'every existing language' })),
});

const stage = z
  .strictObject({
    add: z.array(code()).min(1).max(1000).meta(about('The new languages that it adds.')),
    steps: count(1, 1e8)
      .optional()
      .meta(about('Updates of the parameters in it.', { unit: 'steps', otherwise: 'training.steps' })),
    replay: z
      .strictObject({
        fraction: real(0, 0.9)
          .optional()
          .meta(about('Share of its audio that is replayed.', { otherwise: 'replay.fraction' })),
        hours: positive(1e6)
          .optional()
          .meta(about('Size of its whole replay pool.', { unit: 'hours', otherwise: 'replay.hours' })),
        languages: z
          .array(code())
          .max(1000)
          .optional()
          .meta(
            about('Which existing or earlier languages it replays.', {
              otherwise: 'those of replay.languages and all that were added before',
            }),
          ),
      })
      .prefault({})
      .meta(about('What is replayed in it.')),
  })
  .meta(about('One stage.'));

export const stages = z
  .array(stage)
  .min(1)
  .max(100)
  .optional()
  .meta(
    about('New languages one after the other: each stage adds some, and what an earlier one added is existing in it.', {
      otherwise: 'one stage, which adds every new language',
    }),
  );

export const sampling = section('How often a language is drawn.', {
  exponent: real(0, 1)
    .default(0.7)
    .meta(
      about('Chance ∝ (share of the audio)^exponent: 1 as the data lies, 0 all alike.', {
        source: 'mHuBERT-147: 0.7 over languages',
      }),
    ),
});
