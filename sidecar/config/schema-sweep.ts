/** @file The schema's keys of a sweep: which points an experiment becomes, with which seeds, and what they are compared with. */
import * as z from 'zod';
import { about, code, count, path, real } from './schema-kit.ts';

/** Methods that reviewers ask for, each one word; what it changes stands in sweep-presets.ts. */
export const presets = [
  'base',
  'head',
  'full',
  'full+replay',
  'l2',
  'ewc',
  'lwf',
  'der',
  'der++',
  'lora',
  'dense',
  'top-k',
  'shared',
  'by-language',
  'no-replay',
  'replay-1',
  'replay-5',
  'replay-10',
  'replay-20',
  'orders',
  'joint',
] as const;
export type Preset = (typeof presets)[number];

export const scales = ['linear', 'log'] as const;

/** A value of any key: the point's own check says whether it may be there. */
const anyValue = () => z.any().meta({ type: 'any value' });
const seed = () => count(0, 2 ** 32 - 1);

export const sweep = z
  .strictObject({
    experiment: path()
      .optional()
      .meta(
        about('The experiment that is varied, where the sweep has a file of its own.', {
          otherwise: 'the one that the sweep stands in',
        }),
      ),
    keys: z
      .record(
        z.string(),
        z.array(anyValue()).min(1).max(100).meta(about('The values of one key, as adapter.rank: [4, 8, 16].')),
      )
      .optional()
      .meta({ ...about('Lists of values by key: every combination is a point.'), entry: '<key>' }),
    ranges: z
      .record(
        z.string(),
        z
          .strictObject({
            from: real(-1e9, 1e9).meta(about('The first value.')),
            to: real(-1e9, 1e9).meta(about('The last value.')),
            values: count(2, 100).default(3).meta(about('How many values, both ends among them.')),
            scale: z
              .enum(scales)
              .default('linear')
              .meta(about('Whether neighbours differ by the same amount or by the same factor.')),
          })
          .meta(about('The values of one key, evenly spread.')),
      )
      .optional()
      .meta({ ...about('Ranges of numbers by key, combined as the lists are.'), entry: '<key>' }),
    presets: z
      .array(z.enum(presets))
      .min(1)
      .max(presets.length)
      .optional()
      .meta(
        about('Methods to compare, each a point; combined with the lists and ranges.', {
          otherwise: 'the experiment itself, or the points named below',
        }),
      ),
    points: z
      .record(
        z.string().min(1).max(100),
        z.record(z.string(), anyValue().describe('What the key becomes.')).meta({
          ...about('What this point changes, by key. A point named as a preset changes that preset.'),
          entry: '<key>',
        }),
      )
      .optional()
      .meta({ ...about('Points by a name of your own, each with the keys that it changes.'), entry: '<name>' }),
    seeds: z
      .union([count(1, 100), z.array(seed()).min(1).max(100)])
      .default(1)
      .meta(about('How many seeds each point is trained with, counted up from seed; or a list of them.')),
    baseline: code()
      .max(200)
      .optional()
      .meta(about('The point that the others are compared with.', { otherwise: 'the first point' })),
  })
  .optional()
  .meta(
    about('Several runs of this experiment that differ in some keys: trained by milore sweep, and from the queue.', {
      otherwise: 'a single run',
    }),
  );

export type ParsedSweep = NonNullable<z.output<typeof sweep>>;
