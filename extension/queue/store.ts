/** @file The workspace's queue, read from its file: no sidecar, no trust needed. Tells when it changed. It must not know views. */
import { hostname } from 'node:os';
import * as vscode from 'vscode';
import { isTaken, type Queue, readQueue } from '../../sidecar/runs/queue.ts';

export class QueueStore implements vscode.Disposable {
  readonly workspace: string | undefined;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #watcher: vscode.FileSystemWatcher | undefined;
  readonly onChange = this.#changed.event;
  #queue: Queue;

  constructor(workspace: string | undefined) {
    this.workspace = workspace;
    this.#queue = workspace ? readQueue(workspace) : { version: 1, paused: false, items: [] };
    if (!workspace) return;
    this.#watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.file(workspace), '.milore/queue.json'),
    );
    for (const on of [this.#watcher.onDidCreate, this.#watcher.onDidChange, this.#watcher.onDidDelete])
      on(() => this.refresh());
  }

  get queue(): Queue {
    return this.#queue;
  }

  /** What would be begun without anybody saying so: put there on this machine, and not put aside. */
  get waits(): boolean {
    return !this.#queue.paused && this.#queue.items.some(({ host, failed }) => host === hostname() && !failed);
  }

  refresh(): void {
    if (!this.workspace) return;
    this.#queue = readQueue(this.workspace);
    this.#changed.fire();
  }

  dispose(): void {
    this.#watcher?.dispose();
    this.#changed.dispose();
  }
}

export type ItemState = 'at work' | 'waits' | 'failed' | 'foreign';

export function stateOf(item: Queue['items'][number]): ItemState {
  if (item.failed !== undefined) return 'failed';
  if (isTaken(item)) return 'at work';
  return item.host === hostname() ? 'waits' : 'foreign';
}
