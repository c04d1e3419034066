/**
 * @file The runs of the workspace, read from their files: no sidecar, no trust needed. Tells when something changed. A
 * run that nobody touched is not read again: two thousand of them cost what their folder's listing costs. It must not
 * know views.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../../sidecar/errors.ts';
import { runNames } from '../../sidecar/protocol/run-names.ts';
import { openRun, type RunDir, runFiles, runsFolder } from '../../sidecar/runs/run.ts';
import { readStoredRun, type StoredRun, spelled, spellLanguages } from './stored-run.ts';

export type { StoredRun } from './stored-run.ts';

/** While a run is at work its state is looked at so often; nothing else moves by itself. */
const watchMs = 2000;

/** A run as its files are, still without the name that tells it from others. */
interface Entry {
  stamp: string;
  run: StoredRun;
}

export class RunStore implements vscode.Disposable {
  readonly workspace: string | undefined;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #watchers: vscode.Disposable[] = [];
  #runs: StoredRun[] | undefined;
  /** By folder's name. */
  readonly #entries = new Map<string, Entry>();
  readonly #faults = new Map<string, { stamp: string; problem: string }>();
  /** As they were given out: the same object while nothing of it has changed. */
  #given = new Map<string, { from: StoredRun; name: string; run: StoredRun }>();
  #names = new Map<string, string>();
  #named = '';
  /** Folders whose files may have changed; undefined where any may. */
  #dirty: Set<string> | undefined;
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
    const refresh = (file: vscode.Uri) => this.refreshSoon(200, basename(join(file.fsPath, '..')));
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
    void this.runs;
    return [...this.#faults.values()].map(({ problem }) => problem);
  }

  find(id: string): StoredRun | undefined {
    void this.runs;
    return this.#given.get(id)?.run;
  }

  /** @param ids Runs whose files were changed; without them every run's files are looked at. */
  refresh(ids?: readonly string[]): void {
    if (!ids) this.#dirty = undefined;
    else for (const id of ids) this.#dirty?.add(id);
    this.#runs = undefined;
    this.#changed.fire();
  }

  /** A step was made that no file tells yet; views hear of it as often as its share in percent changes. */
  advance(id: string, step: number): void {
    const entry = this.#entries.get(id);
    if (entry?.run.state !== 'running' || step <= entry.run.step) return;
    const share = ({ step, steps }: StoredRun) => Math.floor((100 * step) / Math.max(1, steps));
    const before = share(entry.run);
    const { going: _, ...run } = entry.run;
    entry.run = { ...run, step };
    if (share(entry.run) !== before) this.refresh([]);
  }

  /** What comes before the first step has gone on, which no file tells either. */
  prepare(id: string, going: string): void {
    const entry = this.#entries.get(id);
    if (entry?.run.state !== 'running' || entry.run.going === going) return;
    entry.run = { ...entry.run, going };
    this.refresh([]);
  }

  refreshSoon(ms = 200, id?: string): void {
    if (id !== undefined) this.#dirty?.add(id);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.refresh([]);
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
    const folder = runsFolder(this.workspace);
    const ids = runIds(folder);
    const dirty = this.#dirty;
    this.#dirty = new Set();
    for (const id of ids) {
      const known = this.#entries.get(id);
      if (known && dirty && !dirty.has(id) && known.run.state !== 'running') continue;
      this.#look(id, join(folder, id), known);
    }
    const there = new Set(ids);
    for (const all of [this.#entries, this.#faults]) for (const id of all.keys()) if (!there.has(id)) all.delete(id);
    const runs = this.#nameAll([...this.#entries.values()].map(({ run }) => run));
    if (runs.some(({ state }) => state === 'running')) this.refreshSoon(watchMs);
    return runs.sort((a, b) => Number(b.pinned) - Number(a.pinned) || (a.id < b.id ? 1 : -1));
  }

  #look(id: string, path: string, known: Entry | undefined): void {
    const stamp = stampOf(path);
    if (known?.stamp === stamp && known.run.state !== 'running') return;
    if (this.#faults.get(id)?.stamp === stamp) return;
    let run: RunDir;
    try {
      run = openRun(path);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const [{ why, tried }] = error.problems;
      this.#faults.set(id, { stamp, problem: `${tried}: ${why}` });
      this.#entries.delete(id);
      return;
    }
    this.#faults.delete(id);
    const fresh = readStoredRun(run, known?.run);
    const isAhead = known?.run.state === 'running' && fresh.state === 'running' && known.run.step > fresh.step;
    const ahead = isAhead ? { ...fresh, step: known.run.step } : fresh;
    const stillGoing = known?.run.going !== undefined && ahead.state === 'running' && ahead.step === known.run.step;
    const read = stillGoing ? { ...ahead, going: known.run.going } : ahead;
    if (known && JSON.stringify(known.run) === JSON.stringify(read)) known.stamp = stamp;
    else this.#entries.set(id, { stamp, run: read });
  }

  /** Names depend on all runs; they are made anew only where what they are made of has changed. */
  #nameAll(runs: readonly StoredRun[]): StoredRun[] {
    const key = runs.map(({ id, label, experiment }) => `${id}\n${label}\n${experiment}`).join('\n\n');
    if (key !== this.#named) {
      this.#names = runNames(runs, vscode.l10n.t);
      this.#named = key;
    }
    const given = new Map<string, { from: StoredRun; name: string; run: StoredRun }>();
    for (const from of runs) {
      const name = this.#names.get(from.id) ?? from.name;
      const before = this.#given.get(from.id);
      const same = before && before.from === from && before.name === name;
      given.set(from.id, same ? before : { from, name, run: { ...from, name } });
    }
    this.#given = given;
    return [...given.values()].map(({ run }) => run);
  }

  #spelled = false;

  async #loadNames(): Promise<void> {
    if (this.#spelled) return;
    this.#spelled = true;
    const { languageName, speak } = await import('../language-name.ts');
    speak(vscode.l10n.bundle && vscode.env.language);
    spellLanguages(languageName);
    for (const entry of this.#entries.values()) entry.run = spelled(entry.run);
    this.refreshSoon();
  }
}

function runIds(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}

/** Changes with any file that a run's line is made of. */
const stampOf = (path: string): string =>
  [runFiles.info, runFiles.log, runFiles.heartbeat, 'label.json']
    .map((name) => statSync(join(path, name), { throwIfNoEntry: false })?.mtimeMs ?? 0)
    .join(' ');

export const runFile = (run: StoredRun, name: string) => vscode.Uri.file(join(run.path, name));
