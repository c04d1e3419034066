/** @file The view of data: nodes as tree items, and folders that are dropped on it. */
import * as vscode from 'vscode';
import { SteadyTree } from '../steady-tree.ts';
import type { Data } from './data.ts';
import { children, itemOf, type Node, roots } from './nodes.ts';

const reportMs = 100;

export class DataTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #tree: SteadyTree<Node>;
  readonly #changed = new vscode.EventEmitter<Node | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #listening: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;

  constructor(data: Data) {
    const shown = (node: Node) => itemOf(node, vscode.l10n, vscode.env.language);
    this.#tree = new SteadyTree<Node>(
      {
        children: (node) => (node ? children(node) : roots(data.datasets, data.models, data.problems)),
        idOf: (node) => shown(node).id,
        lookOf: (node) => JSON.stringify(shown(node)),
      },
      (node) => this.#changed.fire(node),
    );
    // Progress comes many times a second; the tree need not.
    this.#listening = data.onChange(() => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#tree.update();
      }, reportMs);
    });
  }

  getChildren(node?: Node): Node[] {
    return this.#tree.children(node);
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const shown = itemOf(node, vscode.l10n, vscode.env.language);
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const state = shown.expanded ? Expanded : children(node).length > 0 ? Collapsed : None;
    const item = new vscode.TreeItem(shown.label, state);
    item.id = shown.id;
    item.description = shown.description;
    item.iconPath = new vscode.ThemeIcon(shown.icon);
    item.contextValue = shown.context;
    item.accessibilityInformation = { label: shown.spoken };
    if (shown.tooltip.length > 0) {
      const text = new vscode.MarkdownString();
      for (const [label, value] of shown.tooltip) {
        text.appendMarkdown(`**${label}** `).appendText(value).appendMarkdown('  \n');
      }
      item.tooltip = text;
    }
    const command = commandOf(node);
    if (command) item.command = command;
    return item;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#listening.dispose();
    this.#changed.dispose();
  }
}

/** What a click does, where there is something to see. */
function commandOf(node: Node): vscode.Command | undefined {
  if (node.kind === 'file') {
    return {
      command: 'vscode.open',
      title: vscode.l10n.t('Open'),
      arguments: [vscode.Uri.file(node.path)],
    };
  }
  if (node.kind !== 'problem') return undefined;
  const { list, line, column } = node.problem;
  const at = new vscode.Position(line - 1, column - 1);
  return {
    command: 'vscode.open',
    title: vscode.l10n.t('Open'),
    arguments: [vscode.Uri.parse(list), { selection: new vscode.Range(at, at) }],
  };
}

/** Folders from the explorer or the desktop. */
export class DropFolders implements vscode.TreeDragAndDropController<Node> {
  readonly dropMimeTypes = ['text/uri-list'];
  readonly dragMimeTypes = [];
  readonly #take: (folders: readonly vscode.Uri[]) => Promise<void>;

  constructor(take: (folders: readonly vscode.Uri[]) => Promise<void>) {
    this.#take = take;
  }

  async handleDrop(_target: Node | undefined, transfer: vscode.DataTransfer): Promise<void> {
    const text = (await transfer.get('text/uri-list')?.asString()) ?? '';
    const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
    await this.#take(lines.map((line) => vscode.Uri.parse(line)));
  }
}
