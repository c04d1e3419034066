/**
 * @file What inspections found, kept with the workspace's state so that the next window shows it without decoding; and
 * which folders have changed since.
 */
import * as vscode from 'vscode';
import type { InspectedData } from '../language/messages.ts';
import type { DatasetFacts, ModelFacts } from './facts.ts';

const storeKey = 'milore.data.facts';
const mostRemembered = 500;
const mostFolders = 400;
const settleMs = 1000;

type Facts = DatasetFacts | ModelFacts;

export class Memory implements vscode.Disposable {
  readonly #state: vscode.Memento;
  readonly #known: Map<string, Facts>;
  readonly #watched = new Map<string, vscode.Disposable>();
  readonly #stale = new Set<string>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onChange = this.#changed.event;
  #timer: NodeJS.Timeout | undefined;

  constructor(state: vscode.Memento) {
    this.#state = state;
    this.#known = new Map(state.get<[string, Facts][]>(storeKey, []));
  }

  /** Keyed by folder and by how it is read: another layout is another reading. */
  dataset(folder: vscode.Uri, layout: string | undefined): DatasetFacts | undefined {
    return this.#known.get(key('dataset', folder, layout)) as DatasetFacts | undefined;
  }

  model(folder: vscode.Uri): ModelFacts | undefined {
    return this.#known.get(key('model', folder)) as ModelFacts | undefined;
  }

  /** Of everything that was inspected, as far as the lengths of clips are known. */
  inspected(): InspectedData[] {
    return [...this.#known].flatMap(([name, facts]) => {
      const [kind, folder] = JSON.parse(name) as string[];
      if (kind !== 'dataset' || !('short' in facts) || !facts.short) return [];
      return [
        { path: vscode.Uri.parse(folder).fsPath, clips: facts.clips, seconds: facts.seconds, short: facts.short },
      ];
    });
  }

  async keepDataset(folder: vscode.Uri, layout: string | undefined, facts: DatasetFacts): Promise<void> {
    this.#stale.delete(folder.toString());
    await this.#keep(key('dataset', folder, layout), facts);
  }

  keepModel(folder: vscode.Uri, facts: ModelFacts): Promise<void> {
    return this.#keep(key('model', folder), facts);
  }

  isStale(folder: vscode.Uri): boolean {
    return this.#stale.has(folder.toString());
  }

  /** Watches these folders, and no others from now on; those that changed while nobody watched are found out. */
  watch(folders: readonly { uri: vscode.Uri; facts?: DatasetFacts }[]): void {
    const wanted = new Map(folders.map((folder) => [folder.uri.toString(), folder]));
    for (const [name, watcher] of this.#watched) {
      if (wanted.has(name)) continue;
      watcher.dispose();
      this.#watched.delete(name);
    }
    for (const [name, { uri, facts }] of wanted) {
      if (this.#watched.has(name)) continue;
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(uri, '**/*'));
      // What we write ourselves, where a whole workspace is a dataset, is no recording.
      const mark = (file?: vscode.Uri) => {
        if (!file?.path.includes('/.milore/')) this.#mark(name);
      };
      this.#watched.set(
        name,
        vscode.Disposable.from(
          watcher,
          watcher.onDidCreate(mark),
          watcher.onDidChange(mark),
          watcher.onDidDelete(mark),
        ),
      );
      if (facts) {
        void stampOf(uri).then((stamp) => {
          if (stamp !== facts.stamp) mark();
        });
      }
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watched.values()) watcher.dispose();
    this.#changed.dispose();
  }

  #mark(name: string): void {
    if (this.#stale.has(name)) return;
    this.#stale.add(name);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#changed.fire(), settleMs);
  }

  async #keep(name: string, facts: Facts): Promise<void> {
    this.#known.delete(name);
    this.#known.set(name, facts);
    const kept = [...this.#known].slice(-mostRemembered);
    await this.#state.update(storeKey, kept);
    this.#changed.fire();
  }
}

const key = (kind: string, folder: vscode.Uri, layout = '') => JSON.stringify([kind, folder.toString(), layout]);

/** Changes when a file comes or goes in the folder or in one below it; bounded, and '' where there is no such folder. */
export async function stampOf(folder: vscode.Uri): Promise<string> {
  let seen = 0;
  let newest = 0;
  const look = async (uri: vscode.Uri, depth: number): Promise<void> => {
    if (seen++ >= mostFolders) return;
    newest = Math.max(newest, (await vscode.workspace.fs.stat(uri)).mtime);
    if (depth === 0) return;
    for (const [name, type] of await vscode.workspace.fs.readDirectory(uri)) {
      if (type === vscode.FileType.Directory && !name.startsWith('.')) {
        await look(vscode.Uri.joinPath(uri, name), depth - 1);
      }
    }
  };
  try {
    await look(folder, 3);
    return `${seen} ${newest}`;
  } catch {
    return '';
  }
}
