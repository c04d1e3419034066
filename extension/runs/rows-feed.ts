/** @file What the table of runs is told: every run's row, and what it takes on the disk where somebody wants to see that. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ToWebview, WireRow } from '../../sidecar/protocol/dashboard.ts';
import type { RunRow } from '../../sidecar/protocol/run-row.ts';
import { bytesOfRun } from '../../sidecar/runs/disk-use.ts';
import { readRow } from '../../sidecar/runs/row.ts';
import { runFiles } from '../../sidecar/runs/run.ts';
import { type Known, type Runs, RunsFeed } from './runs-feed.ts';
import type { StoredRun } from './store.ts';

type Rows = Extract<ToWebview, { type: 'rows' }>;
type Sizes = Extract<ToWebview, { type: 'sizes' }>;

/** @param known what was read before, each with the size and time of its log */
export const rowsFeed = (runs: Runs, tell: (message: Rows) => unknown, known: Known<RunRow> = new Map()) =>
  new RunsFeed(
    runs,
    { stampOf: (run) => stampOf(run, runFiles.log), read: readRow, together: 16, batch: 100, soonMs: 300 },
    (found, left) =>
      tell(
        wire(
          found.map(([, row]) => row),
          left,
        ),
      ),
    known,
  );

/** Few at once, and a run that is not at work only once: rows and curves come first. */
export function sizesFeed(runs: Runs, tell: (message: Sizes) => unknown, known: Known<number> = new Map()) {
  const stamps = new WeakMap<StoredRun, string>();
  return new RunsFeed(
    runs,
    {
      async stampOf(run) {
        const before = stamps.get(run);
        if (before !== undefined && run.state !== 'running') return before;
        const all = await Promise.all(['', runFiles.checkpoints, runFiles.log].map((name) => stampOf(run, name)));
        const stamp = all.join();
        stamps.set(run, stamp);
        return stamp;
      },
      read: bytesOfRun,
      together: 4,
      batch: 400,
      soonMs: 5000,
    },
    (sizes, left) => tell({ type: 'sizes', sizes, left }),
    known,
  );
}

async function stampOf({ path }: StoredRun, name: string): Promise<string> {
  const info = await stat(join(path, name)).catch(() => undefined);
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
