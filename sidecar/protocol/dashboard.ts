/**
 * @file Every message between the dashboard's host (the extension) and its webview. Structured clone, in order, none
 * lost while the view is visible; when it is made anew it says `ready` and is told everything again.
 */

import type { Findings } from './findings.ts';
import type { FindingsFault } from './findings-fault.ts';
import type { LogName, RunState } from './log.ts';
import type { RunProgress } from './messages.ts';
import type { Reason } from './reason.ts';
import type { RowResult } from './run-row.ts';
import type { Scalar } from './settings.ts';

/** From the host to the webview. */
export type ToWebview =
  /**
   * Once, first: the words of the person's language (English text to translation), the version shown, and the view that
   * was last said, if the window was reloaded since.
   */
  | { type: 'hello'; words: Record<string, string>; version: string; trusted: boolean; view?: string }
  /** Every run of the workspace, newest first; again when one appears or goes, or another order holds. */
  | { type: 'runs'; runs: RunHead[] }
  /** Of those the ones that look different now. */
  | { type: 'heads'; runs: RunHead[] }
  /**
   * What the table knows of runs beyond their heads, some at a time, where `table` asked for it; again when a run has
   * moved on. `left` are still being read.
   */
  | { type: 'rows'; rows: WireRow[]; keys: string[]; left: number }
  /** What runs take on the disk, some at a time, where `table` asked for it; again when a run has moved on. */
  | { type: 'sizes'; sizes: [run: string, bytes: number][]; left: number }
  /** Which runs to show; the webview may change it with `select`. */
  | { type: 'show'; runs: string[] }
  /**
   * Events in order, a JSON line each as they stand in the log, about a mebibyte a message: text costs a tenth of
   * what objects cost on their way through VS Code. `first` = these begin at seq 1: forget what was known of this
   * log. `more` = others follow at once, so that drawing can wait.
   */
  | {
      type: 'events';
      run: string;
      log: LogName;
      lines: string;
      first: boolean;
      more: boolean;
    }
  /**
   * What a shown run was found to have learned; again when its file has changed. Not said of a run without one; with
   * neither `findings` nor `fault`, the one that was told is gone.
   */
  | { type: 'findings'; run: string; findings?: Findings; fault?: FindingsFault }
  | { type: 'progress'; progress: RunProgress }
  /** Where live data come from: the sidecar, the files alone, or nowhere for now. */
  | { type: 'connection'; state: 'live' | 'files' | 'lost'; reason?: string };

/** From the webview to the host. */
export type ToHost =
  /** The script runs; `runs` is the selection it remembers, empty at the first opening. */
  | { type: 'ready'; runs: string[] }
  | { type: 'select'; runs: string[] }
  /** What a person chose to see, as JSON, for `hello` after a reload. */
  | { type: 'view'; view: string }
  | { type: 'command'; command: DashboardCommand; run: string }
  /** The same on several runs at once. */
  | { type: 'several'; command: SeveralCommand; runs: string[] }
  /** The table is looked at, or no longer; `sizes`: also what each run takes on the disk, which takes long to find out. */
  | { type: 'table'; open: boolean; sizes?: boolean }
  /** Save an exported chart or table: the host asks where. `data` is text, or base64 for PNG. */
  | { type: 'export'; name: string; format: ExportFormat; data: string }
  /** Into the clipboard; the editor's works where a page's own is refused. */
  | { type: 'copy'; text: string }
  /** Open a recording in the editor's player; the host looks at the path first. */
  | { type: 'play'; path: string; startSeconds?: number }
  /** A fault in the webview's own script, for the output channel. */
  | { type: 'fault'; message: string };

/** As many runs are drawn at once: every one costs its log and a place in each chart. */
export const MOST_SHOWN = 24;

export type ExportFormat = 'svg' | 'csv' | 'png' | 'md' | 'tex';

export type SeveralCommand = 'tag' | 'pin' | 'unpin' | 'delete' | 'exportAdapter' | 'compareConfigs';

/** A row without the names of its settings: `values[i]` is that of `keys[i]`, null where it has none. */
export interface WireRow {
  id: string;
  values: (Scalar | null)[];
  seconds?: number;
  results: RowResult[];
}

export type DashboardCommand =
  | 'stop'
  | 'checkpoint'
  | 'resume'
  | 'openConfig'
  | 'openLog'
  | 'openFolder'
  | 'exportAdapter'
  | 'train';

export interface RunHead {
  id: string;
  /** Told apart from all others by itself; hostile until shown as text. */
  name: string;
  /** The experiment's own name. */
  experiment: string;
  /** The run whose parameters it began with, and after how many of that run's steps. */
  parent?: { run: string; step: number };
  createdAt: string;
  state: RunState;
  reason?: Reason;
  step: number;
  steps: number;
  device: string;
  pinned: boolean;
  tags: string[];
  /** Roles and languages as the experiment has them, in its order. */
  languages: { code: string; name: string; role: 'existing' | 'new' }[];
}
