/**
 * @file A run's events for whoever draws them: all that stand on the disk, then what comes, through the sidecar where
 * one is connected and from the growing file otherwise. In order, each once.
 */
import { join } from 'node:path';
import type * as vscode from 'vscode';
import type { LogName } from '../../sidecar/protocol/log.ts';
import { LogFollower, type NumberedLine, numberLine } from '../../sidecar/runs/follow.ts';
import { runFiles } from '../../sidecar/runs/run.ts';
import type { SidecarService } from '../sidecar/service.ts';
import type { StoredRun } from './store.ts';

/** Events in one delivery; the first is small, so that something is seen at once. */
const batch = 2000;
const firstBatch = 100;
/** A file that another process writes. */
const pollMs = 300;

export interface FeedListener {
  /** JSON lines. `first`: these begin at 1. `more`: others stand on the disk and follow at once. */
  events(lines: string, flags: { first: boolean; more: boolean }): Promise<void>;
}

export class RunFeed implements vscode.Disposable {
  readonly #path: string;
  readonly #run: StoredRun;
  readonly #log: LogName;
  readonly #sidecar: SidecarService;
  readonly #listener: FeedListener;
  readonly #states: vscode.Disposable;
  #following: (vscode.Disposable & { next: number }) | undefined;
  #follower: LogFollower<NumberedLine>;
  #timer: NodeJS.Timeout | undefined;
  #first = true;
  #disposed = false;
  #reading: Promise<void> | undefined;

  constructor(run: StoredRun, log: LogName, sidecar: SidecarService, listener: FeedListener) {
    this.#run = run;
    this.#log = log;
    this.#sidecar = sidecar;
    this.#listener = listener;
    this.#path = join(run.path, log === 'log' ? runFiles.log : runFiles.utilisation);
    this.#follower = new LogFollower(this.#path, 1, numberLine);
    this.#states = sidecar.onState(() => void this.#choose());
    void this.#choose();
  }

  dispose(): void {
    this.#disposed = true;
    clearInterval(this.#timer);
    this.#states.dispose();
    this.#following?.dispose();
  }

  /** What stands on the disk comes from the disk; what comes then, from the sidecar if it is there. */
  async #choose(): Promise<void> {
    await this.#read();
    if (this.#disposed) return;
    const live = this.#sidecar.state.kind === 'ready';
    if (live && !this.#following) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#following = this.#sidecar.follow(this.#run.id, this.#log, this.#follower.next, (events) =>
        this.#give(events.map((event) => JSON.stringify(event)).join('\n'), false),
      );
    } else if (!live && !this.#timer) {
      if (this.#following) this.#follower = new LogFollower(this.#path, this.#following.next, numberLine);
      this.#following?.dispose();
      this.#following = undefined;
      this.#timer = setInterval(() => void this.#read(), pollMs);
    }
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    let given = Promise.resolve();
    while (!this.#disposed && !this.#following) {
      const found = await this.#follower.read(this.#first ? firstBatch : batch);
      if (this.#disposed || this.#following) return;
      // Said even where nothing stands there yet: what was shown before is not this.
      if (found.length === 0 && !this.#first) return;
      const more = this.#follower.behind;
      const before = given;
      given = this.#give(found.map(({ line }) => line).join('\n'), more);
      // One is on its way while the next is read; a thousand would fill the memory.
      await before;
      if (!more) return;
    }
  }

  #give(lines: string, more: boolean): Promise<void> {
    const first = this.#first;
    this.#first = false;
    return this.#listener.events(lines, { first, more });
  }
}
