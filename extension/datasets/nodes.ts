/**
 * @file The tree of data as plain values: language → dataset → split and what was left out; base models.
 * It must not know VS Code.
 */
import { DEFAULT_MIN_SECONDS } from '../../sidecar/protocol/alarm-rules.ts';
import { languageName } from '../language-name.ts';
import { duration, type L10n, million, oneLine } from '../text.ts';
import { belowMinimum, type DatasetFacts, isLoss, leftOut, leftOutReasons, type ModelFacts } from './facts.ts';

/** A dataset as a list has it, with what is known of it. */
export interface DatasetEntry {
  /** Distinguishes lists; an address as text. */
  list: string;
  name: string;
  language: string;
  /** Absolute, as text for people. */
  path: string;
  layout?: string;
  /** Chosen of its annotations. */
  tiers?: string[];
  unannotated?: 'aside' | 'pauses';
  facts?: DatasetFacts;
  /** Files came or went since. */
  changed: boolean;
  /** Share done of an inspection under way. */
  busy?: number;
}

export interface ModelEntry {
  list: string;
  name: string;
  path: string;
  source?: string;
  revision?: string;
  facts?: ModelFacts;
  busy?: number;
}

export interface ListProblem {
  list: string;
  line: number;
  column: number;
  text: string;
}

export type Node =
  | { kind: 'language'; code: string; datasets: DatasetEntry[] }
  | { kind: 'dataset'; dataset: DatasetEntry }
  | { kind: 'split'; dataset: DatasetEntry; split: DatasetFacts['splits'][number] }
  | { kind: 'leftOut'; dataset: DatasetEntry }
  | { kind: 'reason'; dataset: DatasetEntry; reasonCode: string; clips: number }
  | { kind: 'file'; dataset: DatasetEntry; path: string; reason: string }
  | { kind: 'models'; models: ModelEntry[] }
  | { kind: 'model'; model: ModelEntry }
  | { kind: 'problem'; problem: ListProblem };

/** Nothing at all where nothing is listed: the view then says how to begin. */
export function roots(
  datasets: readonly DatasetEntry[],
  models: readonly ModelEntry[],
  problems: readonly ListProblem[],
): Node[] {
  if (datasets.length + models.length + problems.length === 0) return [];
  const languages = new Map<string, DatasetEntry[]>();
  for (const dataset of datasets)
    languages.set(dataset.language, [...(languages.get(dataset.language) ?? []), dataset]);
  const nodes: Node[] = [...languages].map(([code, listed]) => ({ kind: 'language', code, datasets: listed }));
  return [
    ...problems.map((problem): Node => ({ kind: 'problem', problem })),
    ...nodes,
    { kind: 'models', models: [...models] },
  ];
}

export function children(node: Node): Node[] {
  switch (node.kind) {
    case 'language':
      return node.datasets.map((dataset) => ({ kind: 'dataset', dataset }));
    case 'dataset': {
      const { dataset } = node;
      if (!dataset.facts) return [];
      const splits: Node[] = dataset.facts.splits.map((split) => ({ kind: 'split', dataset, split }));
      return leftOut(dataset.facts) > 0 ? [...splits, { kind: 'leftOut', dataset }] : splits;
    }
    case 'leftOut': {
      const { dataset } = node;
      return (dataset.facts ? leftOutReasons(dataset.facts) : []).map((one) => ({ kind: 'reason', dataset, ...one }));
    }
    case 'reason': {
      const { dataset, reasonCode } = node;
      const files = dataset.facts?.skipped.filter((skipped) => skipped.reasonCode === reasonCode) ?? [];
      return files.map(({ path, reason }) => ({ kind: 'file', dataset, path, reason }));
    }
    case 'models':
      return node.models.map((model) => ({ kind: 'model', model }));
    default:
      return [];
  }
}

export interface Item {
  /** Stable while the entry is the same. */
  id: string;
  label: string;
  description: string;
  /** `label: value` lines, both plain text. */
  tooltip: [string, string][];
  icon: string;
  context?: 'dataset' | 'model' | 'models';
  /** What a screen reader says. */
  spoken: string;
  expanded: boolean | undefined;
}

/** How a node is shown. `language` is that of the person, for numbers. */
export function itemOf(node: Node, l10n: L10n, language = 'en'): Item {
  const item = shown(node, l10n, language);
  const spoken = [item.label, item.description].filter(Boolean).join(', ').replace(/ · /g, ', ');
  const expanded = children(node).length > 0 ? node.kind === 'language' || node.kind === 'models' : undefined;
  return { ...item, spoken, expanded };
}

function shown(node: Node, l10n: L10n, language: string): Omit<Item, 'spoken' | 'expanded'> {
  const dots = (...parts: (string | undefined)[]) => parts.filter(Boolean).join(' · ');
  const clips = (count: number) =>
    count === 1 ? l10n.t('1 clip') : l10n.t('{0} clips', count.toLocaleString(language));
  const speakers = (count: number) => speakersText(count, l10n, language);
  switch (node.kind) {
    case 'language': {
      const { code, datasets } = node;
      const known = datasets.flatMap(({ facts }) => facts ?? []);
      const seconds = known.reduce((sum, facts) => sum + facts.seconds, 0);
      return {
        id: `language ${code}`,
        label: languageName(code) ?? oneLine(code),
        description: dots(oneLine(code), known.length > 0 ? duration(seconds, language) : undefined),
        tooltip: [],
        icon: 'globe',
      };
    }
    case 'dataset': {
      const { dataset } = node;
      const { facts, busy, changed } = dataset;
      const skipped = facts ? leftOut(facts) : 0;
      const figures = facts
        ? dots(
            duration(facts.seconds, language),
            clips(facts.clips),
            speakers(facts.speakers),
            skipped > 0 ? l10n.t('{0} left out', skipped.toLocaleString(language)) : undefined,
          )
        : l10n.t('not yet inspected');
      return {
        id: `dataset ${dataset.list} ${dataset.name}`,
        label: oneLine(dataset.name),
        description:
          busy === undefined
            ? dots(facts && changed ? l10n.t('changed since inspected') : undefined, figures)
            : l10n.t('inspecting, {0} %', Math.floor(100 * busy)),
        tooltip: [
          [l10n.t('Dataset'), dataset.name],
          [l10n.t('Language'), `${languageName(dataset.language) ?? ''} (${dataset.language})`],
          [l10n.t('Folder'), dataset.path],
          [l10n.t('Layout'), facts?.layout ?? dataset.layout ?? 'auto'],
          [l10n.t('Figures'), figures],
        ],
        icon:
          busy !== undefined
            ? 'loading~spin'
            : facts && changed
              ? 'refresh'
              : facts && isLoss(facts)
                ? 'warning'
                : 'unmute',
        context: 'dataset',
      };
    }
    case 'split': {
      const { dataset, split } = node;
      return {
        id: `split ${dataset.list} ${dataset.name} ${split.name}`,
        label: splitName(split.name, l10n),
        description: dots(duration(split.seconds, language), clips(split.clips), speakers(split.speakers)),
        tooltip: [],
        icon: split.name === 'train' ? 'mortar-board' : split.name === 'held-out' ? 'shield' : 'circle-slash',
      };
    }
    case 'leftOut': {
      const count = node.dataset.facts ? leftOut(node.dataset.facts) : 0;
      return {
        id: `left-out ${node.dataset.list} ${node.dataset.name}`,
        label: l10n.t('{0} left out', count.toLocaleString(language)),
        description: '',
        tooltip: [],
        icon: 'warning',
      };
    }
    case 'reason':
      return {
        id: `reason ${node.dataset.list} ${node.dataset.name} ${node.reasonCode}`,
        label: reasonText(node.reasonCode, l10n),
        description: clips(node.clips),
        tooltip: [],
        icon: 'list-unordered',
      };
    case 'file': {
      const name = node.path.split(/[\\/]/).pop() ?? node.path;
      return {
        id: `file ${node.dataset.list} ${node.dataset.name} ${node.path} ${node.reason}`,
        label: oneLine(name),
        description: oneLine(node.reason),
        tooltip: [
          [l10n.t('File'), node.path],
          [l10n.t('Reason'), node.reason],
        ],
        icon: 'file-media',
      };
    }
    case 'models':
      return {
        id: 'models',
        label: l10n.t('Base models'),
        description: node.models.length === 0 ? l10n.t('none yet') : '',
        tooltip: [],
        icon: 'database',
        context: 'models',
      };
    case 'model':
      return modelItem(node.model, l10n, language);
    case 'problem':
      return {
        id: `problem ${node.problem.list} ${node.problem.line} ${node.problem.column} ${node.problem.text}`,
        label: oneLine(node.problem.text),
        description: '',
        tooltip: [[l10n.t('Problem'), node.problem.text]],
        icon: 'error',
      };
  }
}

function modelItem(model: ModelEntry, l10n: L10n, language: string): Omit<Item, 'spoken' | 'expanded'> {
  const { facts, busy } = model;
  const parts = facts
    ? [
        l10n.t('{0} parameters', million(facts.parameters, language)),
        l10n.t('{0} layers', facts.layers),
        facts.faults > 0 ? l10n.t('{0} tensors do not fit', facts.faults) : '',
      ]
    : [l10n.t('not yet inspected')];
  const source =
    facts?.source ?? (model.source && [model.source, model.revision?.slice(0, 12)].filter(Boolean).join(' @ '));
  return {
    id: `model ${model.list} ${model.name}`,
    label: oneLine(model.name),
    description: busy === undefined ? parts.filter(Boolean).join(' · ') : l10n.t('inspecting'),
    tooltip: [
      [l10n.t('Base model'), model.name],
      [l10n.t('Folder'), model.path],
      [l10n.t('Source'), source ?? l10n.t('unknown')],
      [l10n.t('Licence'), facts?.licence ?? l10n.t('unknown')],
    ],
    icon: busy !== undefined ? 'loading~spin' : facts && facts.faults > 0 ? 'warning' : 'circuit-board',
    context: 'model',
  };
}

export function speakersText(count: number, l10n: L10n, language: string): string {
  if (count === 0) return l10n.t('speakers unknown');
  return count === 1 ? l10n.t('1 speaker') : l10n.t('{0} speakers', count.toLocaleString(language));
}

/** Of which part of a dataset training makes what use. */
export function splitName(name: string, l10n: L10n): string {
  if (name === 'train') return l10n.t('train');
  if (name === 'held-out') return l10n.t('held out');
  return name === 'unused' ? l10n.t('unused') : oneLine(name);
}

/** Why recordings are left out, in a word or two. */
export function reasonText(reasonCode: string, l10n: L10n): string {
  switch (reasonCode) {
    case 'unreadable':
      return l10n.t('cannot be read');
    case 'empty':
      return l10n.t('empty');
    case 'silent':
      return l10n.t('silent');
    case 'too-short':
      return l10n.t('too short');
    case belowMinimum:
      return l10n.t('shorter than {0} s, unless joined', DEFAULT_MIN_SECONDS);
    case 'missing':
      return l10n.t('missing');
    default:
      return oneLine(reasonCode);
  }
}
