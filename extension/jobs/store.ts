/**
 * @file The jobs of this workspace, asked of Slurm and read from files while somebody waits for them: no sidecar, no port.
 * It must not know views.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { type Job, lookAtJobs } from '../../sidecar/jobs/jobs.ts';
import { jobsFolder, readRecords } from '../../sidecar/jobs/record.ts';
import { isLive } from '../../sidecar/jobs/state.ts';
import { messageOf } from '../fault.ts';
import type { RunStore } from '../runs/store.ts';

/** Slurm's controller serves a whole cluster: one question in ten seconds, and none where nothing is awaited. */
const pauseMs = 10_000;

export class JobStore implements vscode.Disposable {
  readonly workspace: string | undefined;
  readonly #runs: RunStore;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #watcher: vscode.FileSystemWatcher | undefined;
  readonly onChange = this.#changed.event;
  #jobs: Job[] = [];
  #silent: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(workspace: string | undefined, runs: RunStore) {
    this.workspace = workspace;
    this.#runs = runs;
    if (!workspace) return;
    this.#watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.file(workspace), '.milore/slurm/*.json'),
    );
    for (const on of [this.#watcher.onDidCreate, this.#watcher.onDidDelete]) on(() => void this.refresh());
    // Not while the window is being opened.
    this.#timer = setTimeout(() => void this.refresh(), 1000);
  }

  get jobs(): readonly Job[] {
    return this.#jobs;
  }

  /** Why Slurm could not be asked. */
  get silent(): string | undefined {
    return this.#silent;
  }

  /** The job that began a run. */
  ofRun(run: string): Job | undefined {
    return this.#jobs.find(({ tasks }) => tasks.some((task) => task.run?.id === run));
  }

  /** Looks at once; where somebody is looking already, once more after that. */
  async refresh(): Promise<void> {
    await this.#looking;
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    const { workspace } = this;
    // In Restricted Mode no program is started, Slurm's own included.
    if (!workspace || !vscode.workspace.isTrusted || !existsSync(jobsFolder(workspace))) return;
    if (readRecords(workspace).length === 0 && this.#jobs.length === 0) return;
    this.#runs.refresh();
    try {
      const { jobs, silent } = await lookAtJobs(workspace, () => this.#runs.runs);
      this.#jobs = jobs;
      this.#silent = silent;
    } catch (error) {
      this.#silent = messageOf(error);
    }
    this.#changed.fire();
    if (this.#jobs.some(({ tasks }) => tasks.some(isLive)))
      this.#timer = setTimeout(() => void this.refresh(), pauseMs);
  }

  /** What jobs of a name wrote. */
  outputOf(name: string): string {
    return join(jobsFolder(this.workspace ?? ''), name);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#watcher?.dispose();
    this.#changed.dispose();
  }
}
