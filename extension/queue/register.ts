/** @file The queue in the editor: its view, its commands, and a sidecar for it where something waits. */
import * as vscode from 'vscode';
import {
  addToQueue,
  continueQueue,
  moveInQueue,
  pauseQueue,
  type QueueItem,
  removeFromQueue,
} from '../../sidecar/runs/queue.ts';
import { choose } from '../choose.ts';
import { command } from '../command.ts';
import { inform } from '../say.ts';
import type { SidecarService } from '../sidecar/service.ts';
import { oneLine, pickable } from '../text.ts';
import { QueueStore } from './store.ts';
import { QueueTree } from './tree.ts';

export function registerQueue(sidecar: SidecarService): vscode.Disposable {
  const store = new QueueStore(sidecar.workspace);
  const tree = new QueueTree(store);
  const view = vscode.window.createTreeView('milore.queue', {
    treeDataProvider: tree,
    dragAndDropController: tree,
    canSelectMany: true,
  });
  const draw = () => {
    const { items, paused } = store.queue;
    view.description = paused ? vscode.l10n.t('paused') : undefined;
    view.badge =
      items.length > 0 ? { value: items.length, tooltip: vscode.l10n.t('{0} queued', items.length) } : undefined;
    void vscode.commands.executeCommand(
      'setContext',
      'milore.queue',
      items.length === 0 ? 'empty' : paused ? 'paused' : 'open',
    );
  };
  draw();
  /** Whatever is changed here is seen at once, and a sidecar is there for it. */
  const change = async (act: (root: string) => Promise<unknown>) => {
    if (!sidecar.workspace) return;
    await act(sidecar.workspace);
    store.refresh();
    await wake();
  };
  const wake = async () => {
    if (store.waits && vscode.workspace.isTrusted) await sidecar.request('status', {});
  };
  /** The tree's selection, or one that is chosen. */
  const chosen = async (target: unknown, all: unknown): Promise<QueueItem[]> => {
    const given = (Array.isArray(all) && all.length > 0 ? all : [target]) as (QueueItem | undefined)[];
    const known = store.queue.items.filter(({ id }) => given.some((one) => one?.id === id));
    if (known.length > 0) return known;
    const picked = await choose(
      store.queue.items.map((item) => ({ label: pickable(item.name), description: item.what, item })),
      { title: vscode.l10n.t('Which one of the queue?') },
    );
    return picked ? [picked.item] : [];
  };
  const place = (item: QueueItem) => store.queue.items.findIndex(({ id }) => id === item.id);
  return vscode.Disposable.from(
    store,
    view,
    store.onChange(draw),
    command('queue.add', (uri?: vscode.Uri | string) => addFile(uri, change)),
    command('queue.remove', async (target?: unknown, all?: unknown) => {
      for (const { id } of await chosen(target, all)) await change((root) => removeFromQueue(root, id));
    }),
    command('queue.up', async (target?: unknown) => {
      for (const item of await chosen(target, undefined))
        await change((root) => moveInQueue(root, item.id, place(item) - 1));
    }),
    command('queue.down', async (target?: unknown) => {
      for (const item of await chosen(target, undefined))
        await change((root) => moveInQueue(root, item.id, place(item) + 1));
    }),
    command('queue.pause', () => change(pauseQueue)),
    command('queue.continue', () => change(continueQueue)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void wake().catch(() => {})),
    later(wake),
  );
}

/** After a restart of the machine nobody else would begin what waits. Not while the window is being opened. */
function later(act: () => Promise<void>): vscode.Disposable {
  const timer = setTimeout(() => void act().catch(() => {}), 3000);
  return new vscode.Disposable(() => clearTimeout(timer));
}

type Change = (act: (root: string) => Promise<unknown>) => Promise<void>;

async function addFile(uri: vscode.Uri | string | undefined, change: Change): Promise<void> {
  const { experimentFile } = await import('../train.ts');
  const file = await experimentFile(uri);
  if (!file) return;
  const text = (await vscode.workspace.openTextDocument(file)).getText();
  const { sweepIn } = await import('../../sidecar/config/sweep.ts');
  const name = oneLine(vscode.workspace.asRelativePath(file));
  await change((root) =>
    addToQueue(root, { kind: sweepIn(text, file.fsPath) ? 'sweep' : 'experiment', what: file.fsPath, name }),
  );
  void inform(vscode.l10n.t('Queued: {0}', name));
}
