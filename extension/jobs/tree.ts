/** @file The view of what was submitted: a job a line, of a sweep its points below it. It must not know how Slurm is asked. */
import * as vscode from 'vscode';
import type { Job } from '../../sidecar/jobs/jobs.ts';
import { isLive, type JobSeen, type JobState } from '../../sidecar/jobs/state.ts';
import { SteadyTree } from '../steady-tree.ts';
import { oneLine } from '../text.ts';
import type { JobStore } from './store.ts';
import { jobWords, stateOf, taskWords } from './words.ts';

export type JobNode =
  | { kind: 'job'; job: Job }
  | { kind: 'task'; job: Job; task: JobSeen }
  | { kind: 'silent'; text: string };

const icons: Record<JobState, [icon: string, color?: string]> = {
  pending: ['clock'],
  requeued: ['history', 'charts.yellow'],
  running: ['sync~spin', 'charts.blue'],
  done: ['pass-filled', 'charts.green'],
  stopped: ['debug-pause', 'charts.yellow'],
  failed: ['error', 'charts.red'],
  unknown: ['question', 'charts.yellow'],
};

export class JobTree implements vscode.TreeDataProvider<JobNode> {
  readonly #store: JobStore;
  readonly #tree: SteadyTree<JobNode>;
  readonly #changed = new vscode.EventEmitter<JobNode | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(store: JobStore) {
    this.#store = store;
    this.#tree = new SteadyTree<JobNode>({ children: (node) => this.#children(node), idOf, lookOf }, (node) =>
      this.#changed.fire(node),
    );
    store.onChange(() => this.#tree.update());
  }

  getChildren(node?: JobNode): JobNode[] {
    return this.#tree.children(node);
  }

  #children(node?: JobNode): JobNode[] {
    if (!node) {
      const { jobs, silent } = this.#store;
      const said: JobNode[] = silent === undefined ? [] : [{ kind: 'silent', text: silent }];
      return [...said, ...jobs.map((job) => ({ kind: 'job' as const, job }))];
    }
    if (node.kind !== 'job' || node.job.points === undefined) return [];
    return node.job.tasks.map((task) => ({ kind: 'task' as const, job: node.job, task }));
  }

  getTreeItem(node: JobNode): vscode.TreeItem {
    if (node.kind === 'silent') {
      const text = vscode.l10n.t('Slurm could not be asked: {0}', oneLine(node.text));
      const item = new vscode.TreeItem(text);
      item.iconPath = new vscode.ThemeIcon('warning');
      item.tooltip = text;
      return item;
    }
    const { job } = node;
    const isArray = job.points !== undefined;
    const item = new vscode.TreeItem(
      node.kind === 'task' ? node.task.job : oneLine(job.name),
      node.kind === 'job' && isArray ? vscode.TreeItemCollapsibleState.Collapsed : undefined,
    );
    const task = node.kind === 'task' ? node.task : isArray ? undefined : job.tasks[0];
    const words = task ? taskWords(task) : jobWords(job);
    const [icon, color] = icons[task?.state ?? stateOf(job)];
    item.id = idOf(node);
    item.iconPath = new vscode.ThemeIcon(icon, color ? new vscode.ThemeColor(color) : undefined);
    item.description =
      node.kind === 'job' ? [words, job.place && oneLine(job.place)].filter(Boolean).join(' · ') : words;
    item.contextValue = [
      node.kind,
      (task ? isLive(task) : job.tasks.some(isLive)) ? 'live' : 'ended',
      task?.run ? 'run' : '',
    ]
      .filter(Boolean)
      .join('.');
    item.tooltip = [
      oneLine(job.name),
      oneLine(job.experiment),
      vscode.l10n.t('Job {0}', task?.job ?? job.job),
      words,
    ].join('\n');
    item.accessibilityInformation = { label: `${item.label}, ${item.description}` };
    return item;
  }
}

const idOf = (node: JobNode): string =>
  node.kind === 'silent' ? 'silent' : node.kind === 'job' ? `job ${node.job.job}` : `task ${node.task.job}`;

const lookOf = (node: JobNode): string => {
  if (node.kind === 'silent') return node.text;
  return node.kind === 'job' ? jobWords(node.job) : taskWords(node.task);
};
