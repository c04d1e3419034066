/**
 * @file The runs of the workspace, read from their files: no sidecar, no trust needed. Tells when something changed.
 * It must not know views.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { RunHead } from '../../sidecar/protocol/dashboard.ts';
import { readLabel } from '../../sidecar/runs/label.ts';
import { listRuns, type RunDir, readResolved, runFiles, runsFolder } from '../../sidecar/runs/run.ts';
import { deriveStatus } from '../../sidecar/runs/status.ts';

export interface StoredRun extends RunHead {
  /** Absolute folder. */
  path: string;
  note: string;
  /** The experiment's own name. */
  experiment: string;
}

/** While a run is at work its state is looked at so often; nothing else moves by itself. */
const watchMs = 2000;

export class RunStore implements vscode.Disposable {
  readonly workspace: string | undefined;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #watchers: vscode.Disposable[] = [];
  #runs: StoredRun[] | undefined;
  /** Runs that have ended, by folder, as long as their files stay as they are. */
  readonly #ended = new Map<string, { stamp: string; run: StoredRun }>();
  #problems: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  readonly onChange = this.#changed.event;

  constructor(workspace: string | undefined) {
    this.workspace = workspace;
    if (!workspace) return;
    const pattern = new vscode.RelativePattern(
      vscode.Uri.file(runsFolder(workspace)),
      '*/{run.json,label.json,heartbeat.json}',
    );
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const refresh = () => this.refreshSoon();
    this.#watchers.push(
      watcher,
      watcher.onDidCreate(refresh),
      watcher.onDidDelete(refresh),
      watcher.onDidChange(refresh),
    );
  }

  /** Newest first, pinned ones before. */
  get runs(): readonly StoredRun[] {
    this.#runs ??= this.#read();
    return this.#runs;
  }

  /** Folders that are no readable run, each with its reason. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  find(id: string): StoredRun | undefined {
    return this.runs.find((run) => run.id === id);
  }

  refresh(): void {
    this.#runs = undefined;
    this.#changed.fire();
  }

  refreshSoon(ms = 200): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.refresh();
    }, ms);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.dispose();
    this.#changed.dispose();
  }

  #read(): StoredRun[] {
    if (!this.workspace) return [];
    void this.#loadNames();
    const { runs, problems } = listRuns(this.workspace);
    this.#problems = problems.map(({ why, tried }) => `${tried}: ${why}`);
    const all = runs
      .map((run) => this.#stored(run))
      .sort((a, b) => Number(b.pinned) - Number(a.pinned) || (a.id < b.id ? 1 : -1));
    if (all.some(({ state }) => state === 'running')) this.refreshSoon(watchMs);
    return all;
  }

  #named = false;

  async #loadNames(): Promise<void> {
    if (this.#named) return;
    this.#named = true;
    nameOf = (await import('../../sidecar/config/iso639.ts')).languageName;
    this.#ended.clear();
    this.refreshSoon();
  }

  #stored(run: RunDir): StoredRun {
    const known = this.#ended.get(run.path);
    const stamp = stampOf(run);
    if (known?.stamp === stamp) return known.run;
    const read = storedRun(run);
    if (read.state === 'running') this.#ended.delete(run.path);
    else this.#ended.set(run.path, { stamp, run: read });
    return read;
  }
}

/** Changes with any file that a run's line is made of. */
const stampOf = (run: RunDir): string =>
  [runFiles.info, runFiles.log, runFiles.heartbeat, 'label.json']
    .map((name) => statSync(join(run.path, name), { throwIfNoEntry: false })?.mtimeMs ?? 0)
    .join(' ');

function storedRun(run: RunDir): StoredRun {
  const { state, reason, step, steps } = deriveStatus(run);
  const { name, tags, note, pinned } = readLabel(run);
  return {
    id: run.id,
    path: run.path,
    name: name ?? run.name,
    experiment: run.name,
    createdAt: run.createdAt,
    device: run.compute && run.compute !== 'float32' ? `${run.device}, ${run.compute}` : run.device,
    state,
    reason,
    step,
    steps,
    tags,
    note,
    pinned,
    languages: languagesOf(run),
  };
}

/** Names of languages, once their table is loaded; until then a code is its own name. */
let nameOf: (code: string) => string | undefined = () => undefined;

/** From a file that anyone may have written. */
function languagesOf(run: RunDir): RunHead['languages'] {
  const resolved = readResolved(run) as { languages?: Record<string, { role?: unknown }> } | undefined;
  const { languages } = resolved ?? {};
  if (typeof languages !== 'object' || languages === null) return [];
  return Object.entries(languages).map(([code, spec]) => ({
    code,
    name: nameOf(code) ?? code,
    role: spec?.role === 'existing' ? 'existing' : 'new',
  }));
}

export const runFile = (run: StoredRun, name: string) => vscode.Uri.file(join(run.path, name));
