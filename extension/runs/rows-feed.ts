/**
 * @file The rows of the table of runs for whoever shows it: all runs, some at a time so that the editor goes on, and
 * those again that have moved on. A row is read once for as long as its log stays as it is.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type * as vscode from 'vscode';
import type { ToWebview, WireRow } from '../../sidecar/protocol/dashboard.ts';
import type { RunRow } from '../../sidecar/protocol/run-row.ts';
import { readRow } from '../../sidecar/runs/row.ts';
import { runFiles } from '../../sidecar/runs/run.ts';
import type { RunStore, StoredRun } from './store.ts';

type Rows = Extract<ToWebview, { type: 'rows' }>;

/** By run, with the size and time of the log that it was read from. */
export type RowCache = Map<string, { stamp: string; row: RunRow }>;

/** Read side by side, and told together. */
const together = 16;
const batch = 100;
/** A run at work is told again so often at most. */
const restMs = 5000;

export class RowsFeed implements vscode.Disposable {
  readonly #store: Pick<RunStore, 'runs' | 'onChange'>;
  readonly #tell: (message: Rows) => unknown;
  /** What was told of a run: its log's size and time. */
  readonly #told = new Map<string, string>();
  readonly #known: RowCache;
  readonly #heard: vscode.Disposable;
  #again: NodeJS.Timeout | undefined;
  #busy = false;
  /** Everything was told once. */
  #whole = false;
  #disposed = false;

  /** @param known what was read before, for a view that comes back */
  constructor(
    store: Pick<RunStore, 'runs' | 'onChange'>,
    tell: (message: Rows) => unknown,
    known: RowCache = new Map(),
  ) {
    this.#store = store;
    this.#known = known;
    this.#tell = tell;
    this.#heard = store.onChange(() => this.#later(300));
    void this.#look();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#again);
    this.#heard.dispose();
  }

  #later(ms: number): void {
    this.#again ??= setTimeout(() => {
      this.#again = undefined;
      void this.#look();
    }, ms);
  }

  async #look(): Promise<void> {
    if (this.#busy) return this.#later(restMs);
    this.#busy = true;
    try {
      const runs = [...this.#store.runs];
      for (let from = 0; from < runs.length && !this.#disposed; from += batch) {
        const rows = await this.#read(runs.slice(from, from + batch));
        const left = runs.slice(from + batch).filter(({ id }) => !this.#told.has(id)).length;
        if (this.#disposed) return;
        // The first end is said also where nothing is new: until then the table says that it reads.
        if (rows.length > 0 || (left === 0 && !this.#whole)) await this.#tell(wire(rows, left));
        this.#whole ||= left === 0;
      }
      if (runs.some(({ state }) => state === 'running')) this.#later(restMs);
    } finally {
      this.#busy = false;
    }
  }

  async #read(runs: readonly StoredRun[]): Promise<RunRow[]> {
    const rows: RunRow[] = [];
    for (let from = 0; from < runs.length && !this.#disposed; from += together)
      await Promise.all(
        runs.slice(from, from + together).map(async (run) => {
          const stamp = await stampOf(run);
          if (this.#told.get(run.id) === stamp) return;
          const known = this.#known.get(run.id);
          const row = known?.stamp === stamp ? known.row : await readRow(run);
          rows.push(row);
          this.#known.set(run.id, { stamp, row });
          this.#told.set(run.id, stamp);
        }),
      );
    return rows;
  }
}

async function stampOf({ path }: StoredRun): Promise<string> {
  const info = await stat(join(path, runFiles.log)).catch(() => undefined);
  return `${info?.size ?? 0} ${info?.mtimeMs ?? 0}`;
}

/** The names of settings once for all rows: they are most of what a row weighs. */
export function wire(rows: readonly RunRow[], left: number): Rows {
  const keys = [...new Set(rows.flatMap(({ settings }) => Object.keys(settings)))];
  return {
    type: 'rows',
    keys,
    left,
    rows: rows.map(
      ({ id, settings, seconds, results }): WireRow => ({
        id,
        values: keys.map((key) => settings[key] ?? null),
        ...(seconds === undefined ? {} : { seconds }),
        results,
      }),
    ),
  };
}
