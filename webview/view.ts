/** @file What a person chose to see, as the editor keeps it over a reload. Pure. */
import { list, number, object, text } from './fields.ts';

export const tabs = ['languages', 'experts', 'evaluation', 'run', 'runs'] as const;
export type Tab = (typeof tabs)[number];
export type Measure = 'load' | 'gates';

export interface Layers {
  training: boolean;
  heldOut: boolean;
  control: boolean;
}

/** Kept by the editor's setState: what a person chose. */
export interface View {
  runs: string[];
  tab: Tab;
  hidden: string[];
  /** Weight of what came before, 0 (none) to 0.99. */
  smoothing: number;
  logScale: boolean;
  /** Which of a language's curves the charts show. */
  layers: Layers;
  /** Steps; undefined shows all. */
  zoom: { min: number; max: number } | undefined;
  /** Language codes in the order in which they were given their colours. */
  colours: string[];
  layer: number | undefined;
  target: string | undefined;
  measure: Measure;
  /** Of several runs the one whose experts, confusions, examples, corpus and log are shown; undefined is the first. */
  detailRun: string | undefined;
  /** Undefined follows the newest. */
  expertStep: number | undefined;
  finding: Finding;
  /** What a line's hue says; the rhythm of its dashes says the other. */
  colourBy: 'language' | 'run';
  table: TableView;
}

/** How runs are listed. */
export interface TableView {
  /** As it is typed. */
  filter: string;
  sort: { column: string; down: boolean } | undefined;
  /** '' is none; `experiment`, `settings` (all but the seed), or a setting's key. */
  group: string;
  /** Groups whose runs are not shown. */
  folded: string[];
  /** Undefined is the usual ones. */
  columns: string[] | undefined;
  /** The result that colours the lines of settings and results; '' is the first. */
  colour: string;
}

/** What is looked at on the page of findings; what is undefined is the first, or the last row. */
export interface Finding {
  measure: string | undefined;
  row: number | undefined;
  example: { measure: string | undefined; language: string | undefined };
}

export const freshView: View = {
  runs: [],
  tab: 'languages',
  hidden: [],
  smoothing: 0.8,
  logScale: false,
  layers: { training: true, heldOut: true, control: true },
  zoom: undefined,
  colours: [],
  layer: undefined,
  target: undefined,
  measure: 'load',
  detailRun: undefined,
  expertStep: undefined,
  finding: { measure: undefined, row: undefined, example: { measure: undefined, language: undefined } },
  colourBy: 'language',
  table: { filter: '', sort: { column: 'created', down: true }, group: '', folded: [], columns: undefined, colour: '' },
};

/** A view from an earlier session, each part only where it still makes sense. */
export function restore(saved: unknown): View {
  const view = object(saved);
  const strings = (value: unknown) => list(value, 500).filter((item): item is string => typeof item === 'string');
  const zoom = object(view.zoom);
  const layers = object(view.layers);
  const finding = object(view.finding);
  const example = object(finding.example);
  const name = (value: unknown) => text(value, 100) || undefined;
  const [min, max] = [number(zoom.min), number(zoom.max)];
  const finite = (value: unknown) => (Number.isFinite(number(value)) ? number(value) : undefined);
  return {
    runs: strings(view.runs),
    tab: tabs.find((tab) => tab === view.tab) ?? freshView.tab,
    hidden: strings(view.hidden),
    smoothing: clamp(finite(view.smoothing) ?? freshView.smoothing, 0, 0.99),
    logScale: view.logScale === true,
    layers: {
      training: layers.training !== false,
      heldOut: layers.heldOut !== false,
      control: layers.control !== false,
    },
    zoom: min < max ? { min, max } : undefined,
    colours: strings(view.colours),
    layer: finite(view.layer),
    target: text(view.target) || undefined,
    measure: view.measure === 'gates' ? 'gates' : 'load',
    detailRun: text(view.detailRun, 1000) || undefined,
    expertStep: finite(view.expertStep),
    finding: {
      measure: name(finding.measure),
      row: finite(finding.row),
      example: { measure: name(example.measure), language: name(example.language) },
    },
    colourBy: view.colourBy === 'run' ? 'run' : 'language',
    table: tableIn(view.table),
  };
}

function tableIn(saved: unknown): TableView {
  const table = object(saved);
  const sort = object(table.sort);
  const column = text(sort.column, 300);
  const strings = (value: unknown) => list(value, 1000).filter((item): item is string => typeof item === 'string');
  return {
    filter: text(table.filter, 2000),
    sort: column ? { column, down: sort.down === true } : saved === undefined ? freshView.table.sort : undefined,
    group: text(table.group, 300),
    folded: strings(table.folded),
    columns: Array.isArray(table.columns) ? strings(table.columns) : undefined,
    colour: text(table.colour, 300),
  };
}

export const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
