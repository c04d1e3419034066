/**
 * @file Something of every run for whoever shows it: of all runs, some at a time so that the editor goes on, and again of
 * those that have moved on. It is read once for as long as its stamp stays as it is.
 */
import type * as vscode from 'vscode';
import type { RunStore, StoredRun } from './store.ts';

export type Runs = Pick<RunStore, 'runs' | 'onChange'>;

/** By run, with the stamp that it had when it was read. */
export type Known<T> = Map<string, { stamp: string; value: T }>;

export interface Source<T> {
  /** Changes with what is read. */
  stampOf(run: StoredRun): Promise<string>;
  read(run: StoredRun): Promise<T>;
  /** So many are read side by side. */
  together: number;
  /** So many are told together. */
  batch: number;
  /** After a change it is looked so much later. */
  soonMs: number;
}

/** A run at work is told again so often at most. */
const restMs = 5000;

export class RunsFeed<T> implements vscode.Disposable {
  readonly #store: Runs;
  readonly #source: Source<T>;
  readonly #tell: (found: [run: string, value: T][], left: number) => unknown;
  /** The stamp with which a run was told. */
  readonly #told = new Map<string, string>();
  readonly #known: Known<T>;
  readonly #heard: vscode.Disposable;
  #again: NodeJS.Timeout | undefined;
  #busy = false;
  /** Everything was told once. */
  #whole = false;
  #disposed = false;

  /** @param known what was read before, for a view that comes back */
  constructor(
    store: Runs,
    source: Source<T>,
    tell: (found: [run: string, value: T][], left: number) => unknown,
    known: Known<T>,
  ) {
    this.#store = store;
    this.#source = source;
    this.#tell = tell;
    this.#known = known;
    this.#heard = store.onChange(() => this.#later(source.soonMs));
    void this.#look();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#again);
    this.#heard.dispose();
  }

  #later(ms: number): void {
    this.#again ??= setTimeout(() => {
      this.#again = undefined;
      void this.#look();
    }, ms);
  }

  async #look(): Promise<void> {
    if (this.#busy) return this.#later(restMs);
    this.#busy = true;
    const { batch } = this.#source;
    try {
      const runs = [...this.#store.runs];
      for (let from = 0; from < runs.length && !this.#disposed; from += batch) {
        const found = await this.#read(runs.slice(from, from + batch));
        const left = runs.slice(from + batch).filter(({ id }) => !this.#told.has(id)).length;
        if (this.#disposed) return;
        // The first end is said also where nothing is new: until then the table says that it reads.
        if (found.length > 0 || (left === 0 && !this.#whole)) await this.#tell(found, left);
        this.#whole ||= left === 0;
      }
      if (runs.some(({ state }) => state === 'running')) this.#later(restMs);
    } finally {
      this.#busy = false;
    }
  }

  async #read(runs: readonly StoredRun[]): Promise<[string, T][]> {
    const found: [string, T][] = [];
    const { stampOf, read, together } = this.#source;
    for (let from = 0; from < runs.length && !this.#disposed; from += together)
      await Promise.all(
        runs.slice(from, from + together).map(async (run) => {
          const stamp = await stampOf(run);
          if (this.#told.get(run.id) === stamp) return;
          const known = this.#known.get(run.id);
          const value = known?.stamp === stamp ? known.value : await read(run);
          found.push([run.id, value]);
          this.#known.set(run.id, { stamp, value });
          this.#told.set(run.id, stamp);
        }),
      );
    return found;
  }
}
