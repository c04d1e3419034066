/**
 * @file The dashboard's host: one webview, told everything when it becomes visible, and every event once while it is.
 * It keeps no points: they lie in the run's files.
 */
import * as vscode from 'vscode';
import { MOST_SHOWN, type RunHead, type ToHost, type ToWebview } from '../../sidecar/protocol/dashboard.ts';
import type { RunRow } from '../../sidecar/protocol/run-row.ts';
import { playExample } from '../play.ts';
import { RunFeed } from '../runs/feed.ts';
import { FindingsFeed } from '../runs/findings-feed.ts';
import { rowsFeed, sizesFeed } from '../runs/rows-feed.ts';
import type { Known } from '../runs/runs-feed.ts';
import type { RunStore, StoredRun } from '../runs/store.ts';
import type { SidecarService } from '../sidecar/service.ts';
import { saveExport } from './export.ts';
import { pageOf } from './html.ts';
import { DashboardMemory } from './memory.ts';
import { isToHost } from './messages.ts';

export const viewType = 'milore.dashboard';
/** As webview/controls.ts tells: the one style element that the toolkit puts into the page. */
const styleHashes = ['sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='];

/** For as long as the window lives: a dashboard that is closed and opened again reads nothing twice. */
const knownRows: Known<RunRow> = new Map();
const knownSizes: Known<number> = new Map();

export interface DashboardParts {
  context: vscode.ExtensionContext;
  store: RunStore;
  sidecar: SidecarService;
  output: vscode.LogOutputChannel;
}

export class Dashboard implements vscode.Disposable {
  readonly #parts: DashboardParts;
  readonly #panel: vscode.WebviewPanel;
  readonly #memory: DashboardMemory;
  readonly #disposables: vscode.Disposable[] = [];
  readonly #feeds = new Map<string, vscode.Disposable>();
  #shown: string[];
  #ready = false;
  /** As the webview knows them, in order. */
  #heads: readonly StoredRun[] = [];
  #rows: vscode.Disposable | undefined;
  #sizes: vscode.Disposable | undefined;

  constructor(parts: DashboardParts, panel: vscode.WebviewPanel, shown: string[]) {
    const { context, store, sidecar } = parts;
    this.#parts = parts;
    this.#panel = panel;
    this.#memory = new DashboardMemory(context.workspaceState);
    this.#shown = shown;
    const dist = vscode.Uri.joinPath(context.extensionUri, 'dist');
    const icon = (name: string) => vscode.Uri.joinPath(context.extensionUri, 'extension', 'media', name);
    panel.iconPath = { light: icon('file-light.svg'), dark: icon('file-dark.svg') };
    panel.webview.options = { enableScripts: true, localResourceRoots: [dist], enableCommandUris: false };
    const file = (name: string) => panel.webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
    this.#disposables.push(
      panel.webview.onDidReceiveMessage((message: unknown) => this.#hear(message)),
      panel.onDidChangeViewState(() => !panel.visible && this.#sleep()),
      store.onChange(() => this.#tellRuns()),
      sidecar.onState(() => this.#tellConnection()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#ready && this.#greet(this.#shown)),
      sidecar.on('run/progress', (progress) => this.#say({ type: 'progress', progress })),
    );
    panel.webview.html = pageOf({
      script: file('webview.js'),
      style: file('webview.css'),
      cspSource: panel.webview.cspSource,
      styleHashes,
      title: 'MiLorE',
      language: vscode.env.language,
    });
  }

  onClosed(listener: () => void): void {
    this.#panel.onDidDispose(() => {
      this.#memory.clear();
      listener();
    });
  }

  /** None: those that are shown already. */
  show(runs: string[], preserveFocus = false): void {
    this.#panel.reveal(undefined, preserveFocus);
    if (runs.length === 0) return;
    this.#select(runs);
    this.#say({ type: 'show', runs: this.#shown });
  }

  dispose(): void {
    this.#sleep();
    for (const disposable of this.#disposables) disposable.dispose();
  }

  /** Resolves when the webview has it. */
  async #say(message: ToWebview): Promise<void> {
    if (this.#ready) await this.#panel.webview.postMessage(message);
  }

  /** A hidden webview is destroyed by VS Code: nothing is sent until its script says `ready` again. */
  #sleep(): void {
    this.#ready = false;
    this.#heads = [];
    this.#table({ open: false });
    for (const feed of this.#feeds.values()) feed.dispose();
    this.#feeds.clear();
  }

  #hear(message: unknown): void {
    if (!isToHost(message)) this.#parts.output.warn('the dashboard said something that is no message');
    else if (message.type === 'ready') this.#greet(message.runs);
    else if (message.type === 'select') this.#select(message.runs);
    else if (message.type === 'view') this.#memory.set(message.view);
    else if (message.type === 'command') void this.#command(message);
    else if (message.type === 'several') void this.#several(message);
    else if (message.type === 'table') this.#table(message);
    else if (message.type === 'copy') void vscode.env.clipboard.writeText(message.text);
    else if (message.type === 'export') void saveExport(message, this.#parts.store.workspace);
    else if (message.type === 'play') void playExample(message);
    else this.#parts.output.error(`dashboard: ${message.message}`);
  }

  #greet(remembered: string[]): void {
    this.#sleep();
    this.#ready = true;
    const { context, store } = this.#parts;
    this.#say({
      type: 'hello',
      // The bundle that VS Code has loaded for this language; the webview's words are in it too.
      words: { ...vscode.l10n.bundle },
      version: String(context.extension.packageJSON.version),
      trusted: vscode.workspace.isTrusted,
      ...(this.#memory.view === undefined ? {} : { view: this.#memory.view }),
    });
    this.#tellRuns();
    this.#tellConnection();
    const known = [this.#shown, this.#memory.runs, remembered]
      .map((ids) => ids.filter((id) => store.find(id)))
      .find((ids) => ids.length > 0);
    const newest = [...store.runs].sort((a, b) => (a.id < b.id ? 1 : -1))[0];
    this.#select(known ?? (newest ? [newest.id] : []));
    this.#say({ type: 'show', runs: this.#shown });
  }

  #tellRuns(): void {
    if (!this.#ready) return;
    const before = this.#heads;
    const runs = this.#parts.store.runs;
    this.#heads = runs;
    const sameOrder = before.length === runs.length && runs.every(({ id }, i) => id === before[i].id);
    if (!sameOrder || before.length === 0) {
      this.#say({ type: 'runs', runs: runs.map(headOf) });
      return;
    }
    // The store gives the same object for what has not changed: of two thousand runs one is told.
    const changed = runs.filter((run, i) => run !== before[i]);
    if (changed.length > 0) this.#say({ type: 'heads', runs: changed.map(headOf) });
  }

  #table({ open, sizes = false }: { open: boolean; sizes?: boolean }): void {
    const { store } = this.#parts;
    if (!open) {
      this.#rows?.dispose();
      this.#sizes?.dispose();
      this.#rows = this.#sizes = undefined;
      return;
    }
    this.#rows ??= rowsFeed(store, (message) => this.#say(message), knownRows);
    if (sizes) this.#sizes ??= sizesFeed(store, (message) => this.#say(message), knownSizes);
  }

  async #several({ command, runs }: Extract<ToHost, { type: 'several' }>): Promise<void> {
    const id = {
      tag: 'milore.run.tag',
      pin: 'milore.run.pin',
      unpin: 'milore.run.unpin',
      delete: 'milore.run.delete',
      exportAdapter: 'milore.run.export',
      compareConfigs: 'milore.run.compareConfigs',
    }[command];
    await vscode.commands.executeCommand(id, undefined, runs);
  }

  #tellConnection(): void {
    const { state } = this.#parts.sidecar;
    if (state.kind === 'ready') this.#say({ type: 'connection', state: 'live' });
    else if (state.kind === 'lost') this.#say({ type: 'connection', state: 'lost', reason: state.reason });
    else this.#say({ type: 'connection', state: 'files' });
  }

  #select(ids: string[]): void {
    const { store, sidecar } = this.#parts;
    const runs = ids.slice(0, MOST_SHOWN).flatMap((id) => store.find(id) ?? []);
    this.#shown = runs.map(({ id }) => id);
    for (const [id, feed] of this.#feeds) {
      if (this.#shown.includes(id)) continue;
      feed.dispose();
      this.#feeds.delete(id);
    }
    if (!this.#ready) return;
    for (const run of runs) {
      if (this.#feeds.has(run.id)) continue;
      const feeds = (['log', 'utilisation'] as const).map(
        (log) =>
          new RunFeed(run, log, sidecar, {
            events: (lines, flags) => this.#say({ type: 'events', run: run.id, log, lines, ...flags }),
          }),
      );
      const findings = new FindingsFeed(run, ({ kind, ...told }) => {
        void this.#say({ type: 'findings', run: run.id, ...told });
      });
      this.#feeds.set(run.id, vscode.Disposable.from(...feeds, findings));
    }
  }

  async #command({ command, run }: Extract<ToHost, { type: 'command' }>): Promise<void> {
    const id = {
      stop: 'milore.stopRun',
      checkpoint: 'milore.checkpointRun',
      resume: 'milore.resumeRun',
      openConfig: 'milore.run.openConfig',
      openLog: 'milore.run.openLog',
      openFolder: 'milore.run.openFolder',
      exportAdapter: 'milore.run.export',
      train: 'milore.train',
    }[command];
    await vscode.commands.executeCommand(id, ...(command === 'train' ? [] : [run]));
  }
}

const headOf = ({ path, note, label, settings, going, ...head }: StoredRun): RunHead => head;
