/**
 * @file Everything the dashboard shows but for the samples: one pure reducer, (state, action) → state. What survives a
 * reload is `View`. It knows no DOM and no history.
 */
import type { RunHead, ToWebview } from '../sidecar/protocol/dashboard.ts';
import type { Findings } from '../sidecar/protocol/findings.ts';
import { type FindingsFault, faultIn } from '../sidecar/protocol/findings-fault.ts';
import { findingsIn } from '../sidecar/protocol/findings-in.ts';
import { reasonIn } from '../sidecar/protocol/reason.ts';
import { list, number, object, text } from './fields.ts';
import { freshTrack, runOf, type Track } from './sequence.ts';
import { factsIn, type RowFacts, sizesIn } from './table/row.ts';
import {
  clamp,
  type Finding,
  type Layers,
  type Measure,
  restore,
  type Tab,
  type TableView,
  type View,
} from './view.ts';

/** What the host has told of a run: a file that is right, or why it is not. */
export type Told = { findings: Findings } | { fault: FindingsFault };

/** A run head whose every field has the type it claims. */
export interface Head extends RunHead {
  readonly clean: true;
}

export interface Progress {
  stage: string;
  done: number;
  total: number;
  detail: string;
  leftSeconds?: number;
  /** Of all that comes before the first step. */
  whole?: { share: number; leftSeconds?: number };
}

export interface State {
  version: string;
  trusted: boolean;
  /** Newest first; undefined until the host has told. */
  runs: Head[] | undefined;
  connection: { state: 'live' | 'files' | 'lost'; reason: string };
  progress: ReadonlyMap<string, Progress>;
  /** What has arrived of each log, by run and log. */
  tracks: ReadonlyMap<string, Track>;
  /** By run; a run without a file is not among them. */
  findings: ReadonlyMap<string, Told>;
  /** What the table knows of runs beyond their heads. */
  rows: ReadonlyMap<string, RowFacts>;
  /** Runs that are still being read for the table; undefined until it was looked at. */
  rowsLeft: number | undefined;
  /** What runs take on the disk, in bytes. */
  sizes: ReadonlyMap<string, number>;
  /** Runs that are still being measured; undefined until somebody wanted to see it. */
  sizesLeft: number | undefined;
  view: View;
}

export type Action =
  | { type: 'host'; message: Exclude<ToWebview, { type: 'events' }> }
  | { type: 'admitted'; key: string; track: Track }
  | { type: 'select'; runs: string[] }
  | { type: 'languages'; codes: string[] }
  | { type: 'tab'; tab: Tab }
  | { type: 'toggleLanguage'; code: string }
  | { type: 'showAllLanguages' }
  | { type: 'smoothing'; weight: number }
  | { type: 'logScale'; on: boolean }
  | { type: 'layer'; layer: keyof Layers; on: boolean }
  | { type: 'zoom'; zoom: View['zoom'] }
  | { type: 'site'; layer: number; target: string }
  | { type: 'measure'; measure: Measure }
  | { type: 'detail'; run: string }
  | { type: 'expertStep'; step: number | undefined }
  | { type: 'finding'; change: Partial<Finding> }
  | { type: 'colourBy'; what: View['colourBy'] }
  | { type: 'table'; change: Partial<TableView> };

export function initial(saved?: unknown): State {
  return {
    version: '',
    trusted: true,
    runs: undefined,
    connection: { state: 'files', reason: '' },
    progress: new Map(),
    tracks: new Map(),
    findings: new Map(),
    rows: new Map(),
    rowsLeft: undefined,
    sizes: new Map(),
    sizesLeft: undefined,
    view: restore(saved),
  };
}

export function reduce(state: State, action: Action): State {
  const view = (change: Partial<View>): State => ({ ...state, view: { ...state.view, ...change } });
  switch (action.type) {
    case 'host':
      return heard(state, action.message);
    case 'admitted':
      return { ...state, tracks: new Map(state.tracks).set(action.key, action.track) };
    case 'select':
      return {
        ...view({ runs: action.runs, zoom: undefined, expertStep: undefined }),
        // Their samples go too: chosen again, they are told from the beginning.
        tracks: new Map([...state.tracks].filter(([key]) => action.runs.includes(runOf(key)))),
        findings: new Map([...state.findings].filter(([run]) => action.runs.includes(run))),
      };
    case 'languages': {
      const fresh = action.codes.filter((code) => !state.view.colours.includes(code));
      return fresh.length > 0 ? view({ colours: [...state.view.colours, ...fresh] }) : state;
    }
    case 'tab':
      return view({ tab: action.tab });
    case 'toggleLanguage': {
      const { hidden } = state.view;
      const shown = hidden.includes(action.code);
      return view({ hidden: shown ? hidden.filter((code) => code !== action.code) : [...hidden, action.code] });
    }
    case 'showAllLanguages':
      return view({ hidden: [] });
    case 'smoothing':
      return view({ smoothing: clamp(action.weight, 0, 0.99) });
    case 'logScale':
      return view({ logScale: action.on });
    case 'layer':
      return view({ layers: { ...state.view.layers, [action.layer]: action.on } });
    case 'zoom':
      return view({ zoom: action.zoom && action.zoom.min < action.zoom.max ? action.zoom : undefined });
    case 'site':
      return view({ layer: action.layer, target: action.target });
    case 'measure':
      return view({ measure: action.measure });
    case 'detail':
      return view({ detailRun: action.run, expertStep: undefined });
    case 'expertStep':
      return view({ expertStep: action.step });
    case 'finding':
      return view({ finding: { ...state.view.finding, ...action.change } });
    case 'colourBy':
      return view({ colourBy: action.what });
    case 'table':
      return view({ table: { ...state.view.table, ...action.change } });
  }
}

function heard(state: State, message: Exclude<ToWebview, { type: 'events' }>): State {
  switch (message.type) {
    case 'hello':
      return {
        ...state,
        version: text(message.version, 40),
        trusted: message.trusted !== false,
        view: viewIn(message.view) ?? state.view,
      };
    case 'runs':
      return {
        ...state,
        runs: list(message.runs)
          .map(cleanHead)
          .filter((head) => head.id !== ''),
      };
    case 'heads': {
      const changed = new Map(
        list(message.runs)
          .map(cleanHead)
          .map((head) => [head.id, head]),
      );
      return { ...state, runs: state.runs?.map((head) => changed.get(head.id) ?? head) };
    }
    case 'rows': {
      const rows = new Map(state.rows);
      for (const [id, facts] of factsIn(message.rows, message.keys)) rows.set(id, facts);
      return { ...state, rows, rowsLeft: Math.max(0, number(message.left) || 0) };
    }
    case 'sizes':
      return {
        ...state,
        sizes: new Map([...state.sizes, ...sizesIn(message.sizes)]),
        sizesLeft: Math.max(0, number(message.left) || 0),
      };
    case 'show': {
      const runs = list(message.runs, 200).filter((id): id is string => typeof id === 'string');
      const same = runs.join('\n') === state.view.runs.join('\n');
      return same ? state : reduce(state, { type: 'select', runs });
    }
    case 'findings':
      return { ...state, findings: told(state.findings, message) };
    case 'progress': {
      const { run, stage, done, total, detail, leftSeconds, whole } = object(message.progress);
      const progress = {
        stage: text(stage, 40),
        done: number(done),
        total: number(total),
        detail: text(detail),
        leftSeconds: typeof leftSeconds === 'number' ? leftSeconds : undefined,
        ...wholeIn(whole),
      };
      return { ...state, progress: new Map(state.progress).set(text(run), progress) };
    }
    case 'connection': {
      const known = (['live', 'files', 'lost'] as const).find((name) => name === message.state);
      return { ...state, connection: { state: known ?? 'lost', reason: text(message.reason, 400) } };
    }
    default:
      return state;
  }
}

/** As this page said it before a reload; undefined where it is none. */
function viewIn(saved: unknown): View | undefined {
  try {
    return typeof saved === 'string' ? restore(JSON.parse(saved)) : undefined;
  } catch {
    return undefined;
  }
}

/** Looked at again here: the page draws what it has checked itself. */
function told(before: State['findings'], message: Extract<ToWebview, { type: 'findings' }>): State['findings'] {
  const after = new Map(before);
  const run = text(message.run, 1000);
  const fault = faultIn(message.fault);
  if (message.findings !== undefined) after.set(run, findingsIn(message.findings));
  else if (fault) after.set(run, { fault });
  else after.delete(run);
  return after;
}

function cleanHead(value: unknown): Head {
  const head = object(value);
  const states = ['running', 'done', 'failed', 'interrupted'] as const;
  return {
    clean: true,
    id: text(head.id, 1000),
    name: text(head.name, 200) || text(head.id, 120),
    experiment: text(head.experiment, 120),
    ...parentOf(head.parent),
    createdAt: text(head.createdAt, 40),
    state: states.find((name) => name === head.state) ?? 'interrupted',
    reason: reasonOf(head.reason),
    step: number(head.step) || 0,
    steps: number(head.steps) || 0,
    device: text(head.device, 60),
    pinned: head.pinned === true,
    tags: list(head.tags, 20).map((tag) => text(tag, 40)),
    languages: list(head.languages, 500).map((entry) => {
      const { code, name, role } = object(entry);
      return { code: text(code, 80), name: text(name, 80), role: role === 'new' ? 'new' : 'existing' };
    }),
  };
}

function parentOf(value: unknown): Pick<Head, 'parent'> {
  const { run, step } = object(value);
  const id = text(run, 1000);
  return id && number(step) >= 0 ? { parent: { run: id, step: number(step) } } : {};
}

/** Undefined where there is none; every text is cut, since a log may come from anyone. */
function reasonOf(value: unknown): Head['reason'] {
  if (value === undefined || value === null) return undefined;
  const reason = reasonIn(value, { code: 'stopped' });
  if (reason.code === 'error') return { ...reason, text: text(reason.text, 600) };
  return reason.code === 'vanished' && reason.host ? { ...reason, host: text(reason.host, 100) } : reason;
}

export const trackOf = (state: State, key: string): Track => state.tracks.get(key) ?? freshTrack;

/** The heads of the shown runs, in the order they were chosen. */
export const shownRuns = (state: State): Head[] =>
  state.view.runs.flatMap((id) => state.runs?.find((head) => head.id === id) ?? []);

function wholeIn(value: unknown): Pick<Progress, 'whole'> {
  const { share, leftSeconds } = object(value);
  if (typeof share !== 'number' || !(share >= 0 && share <= 1)) return {};
  return { whole: { share, ...(typeof leftSeconds === 'number' ? { leftSeconds } : {}) } };
}
