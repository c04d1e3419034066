/**
 * @file `milore.datasets.yaml`: the recordings and base models that a workspace's experiments call by name.
 * No file system here: the editor calls it on every keystroke.
 */
import * as z from 'zod';
import type { Place, Problem } from '../errors.ts';
import { keyTable } from './describe.ts';
import { bounded, type FileKind, readDocument } from './document.ts';
import type { Places } from './places.ts';
import { layouts } from './schema.ts';
import { codeProblem, fromIssue } from './schema-faults.ts';

export const datasetsFileName = 'milore.datasets.yaml';

const path = (meaning: string) => z.string().min(1).max(4096).meta({ format: 'path', description: meaning });

const datasetSchema = z
  .strictObject({
    language: z.string().min(1).max(64).meta({ description: 'ISO 639-3 code of the language that is spoken in it.' }),
    path: path('Folder or manifest of its audio; relative to this file.'),
    layout: z
      .enum(layouts)
      .optional()
      .meta({ description: 'How the data is laid out; auto looks at the files.', otherwise: 'auto' }),
    tiers: z.array(z.string().min(1).max(300)).min(1).max(100).optional().meta({
      description:
        'Of recordings with ELAN or Praat files beside them, the tiers whose stretches are utterances, by name.',
      otherwise: 'proposed by what they hold',
    }),
    unannotated: z.enum(['aside', 'pauses']).optional().meta({
      description:
        'Of recordings with ELAN or Praat files beside them, what nobody annotated: left aside, or cut at pauses and trained on as well.',
      otherwise: 'aside',
    }),
    text: z.string().min(1).max(300).optional().meta({
      description: 'Column of its table that holds the transcripts; only what recognises speech reads them.',
      otherwise: "the layout's own, such as text or sentence",
    }),
    licence: z.string().min(1).max(300).optional().meta({
      description: 'Licence of the recordings, as whoever gives them names it.',
      otherwise: 'what lies with the recordings',
    }),
  })
  .meta({ description: 'Some recordings of one language; an experiment calls them dataset:NAME.' });

const modelSchema = z
  .strictObject({
    path: path('Folder of the model, as Hugging Face writes it; relative to this file.'),
    source: z
      .string()
      .min(1)
      .max(300)
      .optional()
      .meta({ description: 'Where it came from: its id on the Hugging Face hub.', otherwise: 'unknown' }),
    revision: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .meta({ description: 'The commit of that source which lies in the folder.', otherwise: 'unknown' }),
  })
  .meta({ description: 'A base model; an experiment calls it model:NAME.' });

export const datasetsSchema = z
  .strictObject({
    datasets: z.record(z.string(), datasetSchema).optional().meta({ description: 'The recordings, by name.' }),
    models: z.record(z.string(), modelSchema).optional().meta({ description: 'The base models, by name.' }),
  })
  .meta({ title: 'MiLorE datasets', description: 'The recordings and base models of a workspace.' });

/** For completion, hover and messages; a name reads `datasets.<name>.language`. */
export const datasetsKeys = keyTable(datasetsSchema, '<name>');

export type DatasetEntry = z.output<typeof datasetSchema>;
export type ModelEntry = z.output<typeof modelSchema>;

export interface Registry {
  /** In the order of the file, without prototype: any name may be asked for. */
  datasets: Record<string, DatasetEntry & { place?: Place }>;
  models: Record<string, ModelEntry & { place?: Place }>;
}

export interface ParsedDatasets extends Registry {
  /** In the order of the file. Entries without a fault are there beside them. */
  problems: Problem[];
  places: Places;
}

const kind: FileKind = {
  tried: 'read the list of datasets',
  size: 'Such a file needs three levels and a few hundred lines.',
  begin: 'Begin with `datasets:` or `models:`.',
  mayBeEmpty: true,
};

const longestName = 100;

/** Why a dataset or model cannot be called so; undefined where it can. */
export function nameFault(name: string): string | undefined {
  if (name === '') return 'a name is needed.';
  if (name.length > longestName) return `it has ${name.length} characters; ${longestName} is the most.`;
  if (/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(name)) return 'it holds a character that cannot be seen.';
  if (name.trim() !== name) return 'it begins or ends with white space.';
  return undefined;
}

export const emptyRegistry = (): Registry => ({ datasets: Object.create(null), models: Object.create(null) });

/** Reads the list. Never throws on any text; `file` is the name that messages show. */
export function parseDatasets(text: string, file: string): ParsedDatasets {
  const source = readDocument(text, file, undefined, kind);
  const { places } = source;
  const problems = [...source.problems];
  const found = emptyRegistry();
  const raw = source.value ?? {};

  const top = datasetsSchema.safeParse(Object.fromEntries(Object.keys(raw).map((key) => [key, undefined])));
  if (!top.success) problems.push(...top.error.issues.flatMap((issue) => fromIssue(issue, raw, places, datasetsKeys)));

  const section = <T>(key: 'datasets' | 'models', schema: z.ZodType<T>, keep: (name: string, entry: T) => void) => {
    const entries = Object.hasOwn(raw, key) ? raw[key] : undefined;
    if (entries === undefined || entries === null) return;
    if (typeof entries !== 'object' || Array.isArray(entries)) {
      problems.push({
        code: 'config.wrong-value',
        tried: `read the key ${key}`,
        why: 'it is not a section.',
        cure: 'Write one entry a line below it: `name: { … }`.',
        place: places.value([key]),
      });
      return;
    }
    for (const [name, value] of Object.entries(entries)) {
      const fault = nameFault(name);
      if (fault) {
        problems.push({
          code: 'config.name',
          tried: `read the name ${JSON.stringify(name.slice(0, longestName))} under ${key}`,
          why: fault,
          cure: 'Give it another name.',
          place: places.key([key, name]),
        });
        continue;
      }
      const result = schema.safeParse(value);
      if (result.success) keep(name, result.data);
      else {
        const issues = result.error.issues.map((issue) => ({ ...issue, path: [key, name, ...issue.path] }));
        problems.push(...issues.flatMap((issue) => fromIssue(issue, raw, places, datasetsKeys)));
      }
    }
  };
  section('datasets', datasetSchema, (name, entry) => {
    const wrong = codeProblem(entry.language, ['datasets', name, 'language'], 'value', places);
    if (wrong.length) problems.push(...wrong);
    else found.datasets[name] = { ...entry, place: places.key(['datasets', name]) };
  });
  section('models', modelSchema, (name, entry) => {
    found.models[name] = { ...entry, place: places.key(['models', name]) };
  });

  const order = (place?: Place) => (place ? place.line * 1e4 + place.column : -1);
  problems.sort((a, b) => order(a.place) - order(b.place));
  return { ...found, problems: bounded(problems), places };
}
