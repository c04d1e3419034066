/** @file The workspace's data as the tree shows it: what the lists say, what is remembered of it, what is under way. */
import * as vscode from 'vscode';
import type { ListFile } from './list-file.ts';
import type { Lists } from './lists.ts';
import type { Memory } from './memory.ts';
import type { DatasetEntry, ListProblem, ModelEntry } from './nodes.ts';

export interface Dataset extends DatasetEntry {
  file: ListFile;
  uri: vscode.Uri;
}

export interface Model extends ModelEntry {
  file: ListFile;
  uri: vscode.Uri;
}

/** How a folder is read: another layout, or other tiers, are another reading. */
export const readAs = ({
  layout,
  tiers,
  unannotated,
}: {
  layout?: string;
  tiers?: string[];
  unannotated?: string;
}): string | undefined => {
  if (unannotated === 'pauses') return JSON.stringify([layout, tiers ?? null, unannotated]);
  return tiers ? JSON.stringify([layout, tiers]) : layout;
};

export class Data implements vscode.Disposable {
  readonly lists: Lists;
  readonly memory: Memory;
  datasets: readonly Dataset[] = [];
  models: readonly Model[] = [];
  problems: readonly ListProblem[] = [];
  /** Share done by folder. */
  readonly #busy = new Map<string, number>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onChange = this.#changed.event;
  readonly #parts: vscode.Disposable[];

  constructor(lists: Lists, memory: Memory) {
    this.lists = lists;
    this.memory = memory;
    this.#parts = [lists.onChange(() => this.#compose()), memory.onChange(() => this.#compose()), this.#changed];
  }

  /** Shows that a folder is being read; without a share it no longer is. */
  setBusy(uri: vscode.Uri, share?: number): void {
    if (share === undefined) this.#busy.delete(uri.toString());
    else this.#busy.set(uri.toString(), share);
    this.#compose();
  }

  dispose(): void {
    for (const part of this.#parts) part.dispose();
  }

  #compose(): void {
    const { files } = this.lists;
    this.datasets = files.flatMap((file) =>
      Object.entries(file.parsed.datasets).map(([name, entry]) => {
        const uri = file.at(entry.path);
        return {
          file,
          uri,
          list: file.uri.toString(),
          name,
          language: entry.language,
          path: uri.fsPath,
          layout: entry.layout,
          tiers: entry.tiers,
          unannotated: entry.unannotated,
          facts: this.memory.dataset(uri, readAs(entry)),
          changed: this.memory.isStale(uri),
          busy: this.#busy.get(uri.toString()),
        };
      }),
    );
    this.models = files.flatMap((file) =>
      Object.entries(file.parsed.models).map(([name, { path, source, revision }]) => {
        const uri = file.at(path);
        const [facts, busy] = [this.memory.model(uri), this.#busy.get(uri.toString())];
        return { file, uri, list: file.uri.toString(), name, path: uri.fsPath, source, revision, facts, busy };
      }),
    );
    this.problems = files.flatMap((file) =>
      file.parsed.problems.map(({ why, cure, place }) => ({
        list: file.uri.toString(),
        line: place?.line ?? 1,
        column: place?.column ?? 1,
        text: `${why} ${cure}`,
      })),
    );
    this.memory.watch(this.datasets);
    this.#changed.fire();
  }
}
