/** @file The view of the queue: what is to be trained next, in its order, which dragging changes. It must not know how it is trained. */
import * as vscode from 'vscode';
import { moveInQueue, type QueueItem } from '../../sidecar/runs/queue.ts';
import { oneLine } from '../text.ts';
import { type ItemState, type QueueStore, stateOf } from './store.ts';

const icons: Record<ItemState, [icon: string, color?: string]> = {
  'at work': ['sync~spin', 'charts.blue'],
  waits: ['clock'],
  failed: ['error', 'charts.red'],
  foreign: ['question', 'charts.yellow'],
};

const mime = 'application/vnd.code.tree.milore.queue';

export class QueueTree implements vscode.TreeDataProvider<QueueItem>, vscode.TreeDragAndDropController<QueueItem> {
  readonly dragMimeTypes = [mime];
  readonly dropMimeTypes = [mime];
  readonly #store: QueueStore;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(store: QueueStore) {
    this.#store = store;
    store.onChange(() => this.#changed.fire(undefined));
  }

  getChildren(item?: QueueItem): QueueItem[] {
    return item ? [] : this.#store.queue.items;
  }

  getTreeItem(item: QueueItem): vscode.TreeItem {
    const state = stateOf(item);
    const node = new vscode.TreeItem(oneLine(item.name));
    const [icon, color] = icons[state];
    node.id = item.id;
    node.iconPath = new vscode.ThemeIcon(icon, color ? new vscode.ThemeColor(color) : undefined);
    node.contextValue = `queued.${state === 'at work' ? 'working' : state}`;
    node.description = inWords(item, state);
    node.tooltip = [oneLine(item.name), oneLine(item.what), node.description].join('\n');
    node.accessibilityInformation = { label: `${oneLine(item.name)}, ${node.description}` };
    return node;
  }

  handleDrag(items: readonly QueueItem[], data: vscode.DataTransfer): void {
    data.set(mime, new vscode.DataTransferItem(items.map(({ id }) => id)));
  }

  async handleDrop(target: QueueItem | undefined, data: vscode.DataTransfer): Promise<void> {
    const ids = data.get(mime)?.value as unknown;
    const { workspace, queue } = this.#store;
    if (!workspace || !Array.isArray(ids)) return;
    const to = target ? queue.items.findIndex(({ id }) => id === target.id) : queue.items.length;
    for (const [i, id] of ids.entries()) if (typeof id === 'string') await moveInQueue(workspace, id, to + i);
    this.#store.refresh();
  }
}

function inWords({ failed, kind, device }: QueueItem, state: ItemState): string {
  const kinds = { experiment: '', sweep: vscode.l10n.t('sweep'), resume: vscode.l10n.t('goes on') };
  const states: Record<ItemState, string> = {
    'at work': vscode.l10n.t('at work'),
    waits: vscode.l10n.t('waits'),
    failed: vscode.l10n.t('failed: {0}', oneLine(failed ?? '')),
    foreign: vscode.l10n.t('queued on another machine: Continue begins it'),
  };
  return [states[state], kinds[kind], device ?? ''].filter(Boolean).join(' · ');
}
