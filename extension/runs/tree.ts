/** @file The tree of runs: experiments, newest first, and under each its runs. It must not know how a run is changed. */
import * as vscode from 'vscode';
import { sizeInWords } from '../../sidecar/machine.ts';
import { sayReason } from '../../sidecar/protocol/reason.ts';
import { sayWhole } from '../../sidecar/protocol/result-words.ts';
import { stateWord } from '../../sidecar/protocol/state-words.ts';
import { bytesOfRun } from '../../sidecar/runs/disk-use.ts';
import { readResult } from '../../sidecar/runs/result.ts';
import { SteadyTree } from '../steady-tree.ts';
import { oneLine } from '../text.ts';
import type { RunStore, StoredRun } from './store.ts';

export interface ExperimentNode {
  kind: 'experiment';
  name: string;
  runs: StoredRun[];
}
export interface RunNode {
  kind: 'run';
  run: StoredRun;
}
export interface ProblemNode {
  kind: 'problem';
  text: string;
}
export type Node = ExperimentNode | RunNode | ProblemNode;

const icons: Record<StoredRun['state'], [icon: string, color: string | undefined]> = {
  running: ['sync~spin', 'charts.blue'],
  done: ['pass-filled', 'charts.green'],
  failed: ['error', 'charts.red'],
  interrupted: ['debug-pause', 'charts.yellow'],
};

export class RunTree implements vscode.TreeDataProvider<Node> {
  readonly #store: RunStore;
  readonly #tree: SteadyTree<Node>;
  readonly #changed = new vscode.EventEmitter<Node | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(store: RunStore) {
    this.#store = store;
    this.#tree = new SteadyTree<Node>({ children: (node) => this.#children(node), idOf, lookOf }, (node) =>
      this.#changed.fire(node),
    );
    store.onChange(() => this.#tree.update());
  }

  getChildren(node?: Node): Node[] {
    return this.#tree.children(node);
  }

  #children(node?: Node): Node[] {
    if (!node) return this.#roots();
    return node.kind === 'experiment' ? node.runs.map((run) => ({ kind: 'run', run })) : [];
  }

  getParent(node: Node): Node | undefined {
    if (node.kind !== 'run') return undefined;
    return this.#tree.children().find((root) => root.kind === 'experiment' && root.name === node.run.experiment);
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (node.kind === 'experiment') {
      const item = new vscode.TreeItem(oneLine(node.name), vscode.TreeItemCollapsibleState.Expanded);
      item.id = idOf(node);
      item.iconPath = new vscode.ThemeIcon('beaker');
      item.description = node.runs.length === 1 ? vscode.l10n.t('1 run') : vscode.l10n.t('{0} runs', node.runs.length);
      item.accessibilityInformation = { label: `${oneLine(node.name)}, ${item.description}` };
      item.contextValue = 'experiment';
      return item;
    }
    if (node.kind === 'problem') {
      const item = new vscode.TreeItem(oneLine(node.text));
      item.id = idOf(node);
      item.iconPath = new vscode.ThemeIcon('warning');
      item.tooltip = node.text;
      item.accessibilityInformation = { label: oneLine(node.text) };
      return item;
    }
    return runItem(node.run);
  }

  /** What it taught and cost is read when somebody rests on it, not for every run of a long list. */
  async resolveTreeItem(item: vscode.TreeItem, node: Node): Promise<vscode.TreeItem> {
    if (node.kind !== 'run') return item;
    const said = await readResult(node.run, vscode.l10n.t).catch(() => undefined);
    item.tooltip = tooltip(node.run, said && sayWhole(said), await bytesOfRun(node.run));
    return item;
  }

  #roots(): Node[] {
    const groups = new Map<string, StoredRun[]>();
    for (const run of this.#store.runs) groups.set(run.experiment, [...(groups.get(run.experiment) ?? []), run]);
    const newest = (runs: StoredRun[]) => runs.reduce((most, { id }) => (id > most ? id : most), '');
    const experiments: Node[] = [...groups]
      .map(([name, runs]) => ({ kind: 'experiment' as const, name, runs }))
      .sort((a, b) => (newest(a.runs) < newest(b.runs) ? 1 : -1));
    return [...experiments, ...this.#store.problems.map((text) => ({ kind: 'problem' as const, text }))];
  }
}

/** The experiment stands above already; what tells the run apart has the room. */
const underExperiment = ({ name, experiment }: StoredRun): string =>
  name.startsWith(`${experiment} · `) ? name.slice(experiment.length + 3) : name;

/** A person who walks through the tree goes on walking. */
export const keepFocus = 'keep focus';

const idOf = (node: Node): string => {
  if (node.kind === 'run') return node.run.id;
  return node.kind === 'experiment' ? `experiment ${node.name}` : `problem ${node.text}`;
};

/** Its step changes many times before anything that is shown does. */
const lookOf = (node: Node): string => {
  if (node.kind !== 'run') return node.kind === 'experiment' ? String(node.runs.length) : '';
  const { step, path, ...seen } = node.run;
  return JSON.stringify([seen, stateText(node.run)]);
};

function runItem(run: StoredRun): vscode.TreeItem {
  // A label is plain text to VS Code: nothing in a hostile name is interpreted, and line breaks are shown as spaces.
  const item = new vscode.TreeItem(oneLine(underExperiment(run)));
  const [icon, color] = icons[run.state];
  item.id = run.id;
  item.iconPath = new vscode.ThemeIcon(icon, color ? new vscode.ThemeColor(color) : undefined);
  item.contextValue = `run.${run.state}${run.pinned ? '.pinned' : ''}`;
  item.description = [
    stateText(run),
    when(run.createdAt),
    ...run.tags.map((tag) => `#${oneLine(tag)}`),
    run.pinned ? vscode.l10n.t('pinned') : '',
  ]
    .filter(Boolean)
    .join(' · ');
  item.accessibilityInformation = {
    label: `${oneLine(run.name)}, ${stateText(run)}, ${when(run.createdAt)}${run.pinned ? `, ${vscode.l10n.t('pinned')}` : ''}`,
  };
  item.command = {
    command: 'milore.openDashboard',
    title: vscode.l10n.t('Open Dashboard'),
    arguments: [run.id, undefined, keepFocus],
  };
  return item;
}

export function stateText(run: StoredRun): string {
  const { state, reason, step, steps, going } = run;
  const share = steps > 0 ? `${Math.floor((100 * step) / steps)} %` : '';
  switch (state) {
    case 'running':
      return going ?? vscode.l10n.t('running {0}', share);
    case 'done':
      return vscode.l10n.t('done');
    case 'failed':
      return vscode.l10n.t('failed: {0}', oneLine(reason ? sayReason(reason, vscode.l10n.t).text : ''));
    case 'interrupted':
      return `${stateWord(run, vscode.l10n.t)} ${share}`.trim();
  }
}

const when = (iso: string) => {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  return date.toLocaleString(vscode.env.language, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
};

function tooltip(run: StoredRun, result: string | undefined, bytes: number): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  if (result) {
    text.appendText(result);
    text.appendMarkdown('\n\n---\n\n');
  }
  const line = (label: string, value: string) => {
    text.appendMarkdown(`**${label}** `);
    text.appendText(value);
    text.appendMarkdown('  \n');
  };
  line(vscode.l10n.t('Run'), run.id);
  line(vscode.l10n.t('State'), stateText(run));
  line(vscode.l10n.t('Step'), `${run.step} / ${run.steps}`);
  line(vscode.l10n.t('Device'), run.device);
  line(vscode.l10n.t('On the disk'), sizeInWords(bytes));
  if (run.parent) line(vscode.l10n.t('Fork of'), vscode.l10n.t('{0} at {1}', run.parent.run, run.parent.step));
  const list = (role: string) =>
    run.languages
      .filter((language) => language.role === role)
      .map(({ name, code }) => `${name} (${code})`)
      .join(', ') || '–';
  line(vscode.l10n.t('New languages'), list('new'));
  line(vscode.l10n.t('Existing languages'), list('existing'));
  if (run.reason) line(vscode.l10n.t('Reason'), sayReason(run.reason, vscode.l10n.t).text);
  if (run.note) line(vscode.l10n.t('Note'), run.note);
  return text;
}
