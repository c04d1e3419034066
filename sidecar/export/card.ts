/** @file The README.md of what is taken along: a model card of the Hugging Face hub, filled from the run's own files. */
import { type AdapterSpec, batchesOf, type Experiment } from '../config/experiment.ts';
import { languageName, twoLetterCode } from '../config/iso639.ts';
import { measuredValue } from '../protocol/measurement.ts';
import { VERSION } from '../version.ts';
import { frontMatter, markdownTable, plain } from './markdown.ts';
import type { BaseOrigin } from './origin.ts';
import type { HeardLanguage, RunRecord } from './record.ts';

export interface Card {
  /** What this folder is, as its first words. */
  what: string;
  library: string;
  /** How it was made of the base, in the hub's words. */
  relation: 'adapter' | 'finetune';
  tags: readonly string[];
  /** The hub's name for what it does; features come out unless told. */
  pipeline?: string;
  /** Markdown: what a person must know of this form. */
  notes: readonly string[];
  /** A program that loads it. */
  usage?: { language: 'python' | 'js'; code: string };
}

export const CARD_FILE = 'README.md';

export function modelCard(card: Card, name: string, record: RunRecord, origin: BaseOrigin): string {
  const { experiment, languages } = record;
  const matter = frontMatter({
    library_name: card.library,
    ...(origin.id ? { base_model: origin.id, base_model_relation: card.relation } : {}),
    ...licence(origin, languages),
    language: tagsOf(languages),
    pipeline_tag: card.pipeline ?? 'feature-extraction',
    tags: ['milore', 'speech', ...card.tags],
  });
  const parts = [
    `# ${plain(name)}`,
    `${card.what} It was trained with MiLorE ${VERSION} on untranscribed speech, by HuBERT's masked prediction and replay, on ${baseInWords(origin)}.`,
    ...card.notes,
    ...(card.usage ? [`\`\`\`${card.usage.language}\n${card.usage.code}\n\`\`\``] : []),
    '## Languages',
    heardTable(languages),
    ...(experiment ? ['## Training', trainingInWords(experiment, record)] : []),
    ...results(record),
    '## Licence',
    licenceInWords(origin, languages),
  ];
  return `${matter}\n${parts.join('\n\n')}\n`;
}

/** ISO 639-1 where the language has such a code, else ISO 639-3: what the hub takes. */
const tagsOf = (languages: readonly HeardLanguage[]): string[] | undefined => {
  const tags = [...new Set(languages.map(({ code }) => twoLetterCode(code) ?? code))];
  return tags.length > 0 ? tags : undefined;
};

/** What was heard in training, each licence once, in the order of the languages. */
const heardLicences = (languages: readonly HeardLanguage[]): string[] => [
  ...new Set(
    languages.filter(({ trained }) => trained).flatMap((one) => one.licences?.flatMap((l) => l.licence ?? []) ?? []),
  ),
];

/** The hub knows licences by ids; any other words are a name beside `other`. Without the base's nothing can be said of all. */
function licence({ licence }: BaseOrigin, languages: readonly HeardLanguage[]): { [key: string]: string | string[] } {
  if (licence === undefined) return {};
  const all = [...new Set([licence, ...heardLicences(languages)])];
  if (all.every((one) => /^[a-z\d][a-z\d.-]{1,40}$/.test(one))) return { license: all.length === 1 ? all[0] : all };
  return { license: 'other', license_name: all.join(', ') };
}

function licenceInWords({ licence }: BaseOrigin, languages: readonly HeardLanguage[]): string {
  const base =
    licence === undefined
      ? 'The licence of the base model was not noted where it lies: look it up before you publish this.'
      : `The base model is under ${plain(licence)}, and what is made of it inherits that.`;
  const heard = languages.filter(({ trained }) => trained);
  const told = heard.map(({ code, licences = [] }) => {
    const names = [...new Set(licences.map(({ licence }) => (licence ? plain(licence) : NOT_NOTED)))];
    return `- ${plain(code)}: ${names.join('; ') || NOT_NOTED}`;
  });
  const of =
    'Of the recordings that it was trained on, as it is noted with them (quoted; what it asks for, read there):';
  return [base, ...(told.length > 0 ? [`${of}\n\n${told.join('\n')}`] : [])].join('\n\n');
}

const NOT_NOTED = 'not noted: look it up before you publish this';

const baseInWords = ({ id, revision }: BaseOrigin): string =>
  id === undefined
    ? 'a base model whose name was not noted'
    : `[${plain(id)}](https://huggingface.co/${id})${revision ? `, revision ${plain(revision.slice(0, 40))}` : ''}`;

const shown = (value: number | undefined, digits: number) =>
  value !== undefined && Number.isFinite(value) ? value.toFixed(digits) : '–';

function heardTable(languages: readonly HeardLanguage[]): string {
  if (languages.length === 0) return 'The run does not say which.';
  return markdownTable(
    ['language', 'code', 'role', 'hours heard', 'speakers'],
    languages.map(({ code, role, trained, hours, speakers }) => [
      plain(languageName(code) ?? '–'),
      plain(code),
      role === 'new' ? 'new' : `known to the base, ${trained ? 'replayed' : 'measured alone'}`,
      trained ? shown(hours, hours !== undefined && hours < 1 ? 3 : 1) : '–',
      speakers === undefined ? '–' : String(speakers),
    ]),
  );
}

function trainingInWords({ adapter, replay, training, units, seed }: Experiment, { steps }: RunRecord): string {
  return [
    `- What trained: ${adapterInWords(adapter)}`,
    `- ${steps ?? training.steps} updates of ${training.batchSeconds * batchesOf(training)} s of speech, learning rate ${training.learningRate}, replay ${replay.fraction} of the seconds, seed ${seed}`,
    `- Labels: ${units.clusters} k-means units of layer ${units.layer}`,
  ].join('\n');
}

function adapterInWords({ kind, experts, sharedExperts, rank, targets, alpha }: AdapterSpec): string {
  if (kind === 'full') return 'the whole transformer';
  if (kind === 'none') return 'nothing but the head';
  const each = (numbers: number | readonly number[]) => [numbers].flat().join(', ');
  const always = sharedExperts > 0 ? ` and ${sharedExperts} always on` : '';
  return `LoRA experts ${each(experts)}${always}, rank ${each(rank)}, alpha ${alpha}, on ${targets.join(', ')}`;
}

/** Held-out speech, a row a language; nothing where nothing was measured. */
function results({ languages, before, after, result }: RunRecord): string[] {
  const value = (code: string, measure: string, arm = 'adapted', values = after) =>
    measuredValue(values, measure, { arm, language: code });
  const measured = languages.filter(({ code }) => Number.isFinite(value(code, 'loss')));
  if (measured.length === 0) return [];
  const share = (x: number) => (Number.isFinite(x) ? `${(100 * x).toFixed(1)} %` : '–');
  const rows = measured.map(({ code, role }) => [
    `${plain(code)} (${role})`,
    shown(value(code, 'loss', 'adapted', before), 3),
    shown(value(code, 'loss'), 3),
    shown(value(code, 'loss', 'control'), 3),
    share(value(code, 'accuracy')),
    shown(value(code, 'ownHeadLoss'), 3),
    shown(value(code, 'ownHeadLoss', 'base'), 3),
  ]);
  return [
    '## Results on held-out speech',
    ...(result ? [plain(result.sentences.join(' '), 2000)] : []),
    markdownTable(['held-out speech', 'loss at the start', 'adapted', 'control', 'accuracy', 'own head', 'base'], rows),
    "Loss of masked units in nats, lower is better. control: the same head, trained as long on the frozen base. own head: the base's own frozen pre-training head on the adapted encoder, beside base: the difference is what was forgotten.",
  ];
}
