/**
 * @file Other threads of this process, for work that needs no runtime: decoding, hashing, reading. A run of a graph blocks
 * the thread that asked for it, and on many cores one decoder could not feed the rest. They live in `helper.js` beside
 * this file in dist/; where that is not, as when sources are run, whoever asks does the work itself. A leaf.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parentPort, Worker } from 'node:worker_threads';
import { allocatedCpus } from './allocation.ts';
import { type Problem, UserError } from './errors.ts';

/** One kind of work: the same result wherever it is done. */
export interface Task<A, R> {
  name: string;
  run(argument: A): Promise<R> | R;
  /** Of a result, what is handed over instead of copied. */
  transfer?(result: R): ArrayBuffer[];
}

interface Question {
  id: number;
  task: string;
  argument: unknown;
}

type Answer =
  | { id: number; result: unknown }
  | { id: number; problems: readonly Problem[] }
  | { id: number; message: string; stack?: string };

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

const script = new URL('./helper.js', import.meta.url);
/** More find nothing to do: what they feed takes longer than they. */
const MOST = 4;

/** How many are worth having beside the thread that computes: none on a single core. MILORE_HELPERS says otherwise. */
export const helpersHere = (): number => {
  const asked = process.env.MILORE_HELPERS;
  if (asked && /^\d{1,2}$/.test(asked) && existsSync(fileURLToPath(script))) return Number(asked);
  const cores = Number(process.env.MILORE_THREADS) || (allocatedCpus() ?? availableParallelism());
  return existsSync(fileURLToPath(script)) ? Math.min(MOST, cores - 1) : 0;
};

export class Threads {
  private readonly helpers: Helper[] = [];

  /** @param count of threads, each begun when there is work for it; 0: everything is done by whoever asks */
  constructor(readonly count = helpersHere()) {}

  /**
   * Does the work in a thread, or here where there are none.
   * @param key what follows with the same key as the last goes to the same thread, which may still have what it needs
   */
  run<A, R>(task: Task<A, R>, argument: A, key?: string): Promise<R> {
    if (this.count === 0) return Promise.resolve().then(() => task.run(argument));
    const helper = this.helperFor(key);
    helper.last = key;
    return helper.ask(task.name, argument) as Promise<R>;
  }

  private helperFor(key: string | undefined): Helper {
    const same = key === undefined ? undefined : this.helpers.find(({ last }) => last === key);
    if (same) return same;
    const idlest = this.helpers.reduce<Helper | undefined>((a, b) => (a && a.load <= b.load ? a : b), undefined);
    if (idlest && (idlest.load === 0 || this.helpers.length >= this.count)) return idlest;
    const one = new Helper();
    this.helpers.push(one);
    return one;
  }

  /** Ends them at once, whatever they are at. */
  async close(): Promise<void> {
    await Promise.all(this.helpers.splice(0).map((helper) => helper.end()));
  }
}

class Helper {
  /** The key of what it was asked last. */
  last?: string;
  // Nothing of the parent's arguments is added.
  private readonly worker = new Worker(script, { argv: [], execArgv: [] });
  private readonly waiting = new Map<number, Waiting>();
  private next = 0;

  constructor() {
    this.worker.unref();
    this.worker.on('message', (answer: Answer) => {
      const asked = this.waiting.get(answer.id);
      this.waiting.delete(answer.id);
      if (this.waiting.size === 0) this.worker.unref();
      if ('result' in answer) asked?.resolve(answer.result);
      else asked?.reject(faultOf(answer));
    });
    this.worker.on('error', (error) => this.died(error));
    this.worker.on('exit', (code) => this.died(new Error(`internal: a helper ended with code ${code}`)));
  }

  get load(): number {
    return this.waiting.size;
  }

  ask(task: string, argument: unknown): Promise<unknown> {
    this.worker.ref();
    return new Promise((resolve, reject) => {
      const id = this.next++;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, task, argument } satisfies Question);
    });
  }

  end(): Promise<unknown> {
    return this.worker.terminate();
  }

  private died(why: Error): void {
    for (const { reject } of this.waiting.values()) reject(why);
    this.waiting.clear();
  }
}

function faultOf(answer: Exclude<Answer, { result: unknown }>): Error {
  if ('problems' in answer) return new UserError(answer.problems);
  return Object.assign(new Error(answer.message), { stack: answer.stack });
}

/** What `helper.js` does: answers every question, one after the other. */
// biome-ignore lint/suspicious/noExplicitAny: each task knows its own argument.
export function serveTasks(tasks: readonly Task<any, any>[]): void {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  let turn = Promise.resolve();
  parentPort!.on('message', (question: Question) => {
    turn = turn.then(() => answer(question));
  });

  async function answer({ id, task: name, argument }: Question): Promise<void> {
    try {
      const task = byName.get(name)!;
      const result = await task.run(argument);
      parentPort!.postMessage({ id, result } satisfies Answer, task.transfer?.(result) ?? []);
    } catch (fault) {
      const told: Answer =
        fault instanceof UserError
          ? { id, problems: fault.problems }
          : { id, message: (fault as Error)?.message ?? String(fault), stack: (fault as Error)?.stack };
      parentPort!.postMessage(told);
    }
  }
}

/**
 * What `make` gives for each, in their order, begun ahead: up to `most` at once, and no more than `bytes` by `sizeOf`
 * beside the first. One after the other where `most` is 1. The first that fails in their order is the one that is thrown.
 */
export async function* inOrder<T, R>(
  all: Iterable<T>,
  make: (one: T) => Promise<R>,
  {
    most,
    bytes = Number.POSITIVE_INFINITY,
    sizeOf = () => 0,
  }: { most: number; bytes?: number; sizeOf?(one: T): number },
): AsyncGenerator<[T, R]> {
  const source = all[Symbol.iterator]();
  const begun: { one: T; made: Promise<R>; size: number }[] = [];
  let held = 0;
  let ended = false;
  const fill = () => {
    while (!ended && begun.length < most && (begun.length === 0 || held < bytes)) {
      const { value, done } = source.next();
      if (done) {
        ended = true;
        return;
      }
      const made = make(value);
      made.catch(() => {}); // It is thrown when its turn comes, if that comes.
      const size = sizeOf(value);
      held += size;
      begun.push({ one: value, made, size });
    }
  };
  for (fill(); begun.length > 0; fill()) {
    const { one, made, size } = begun[0];
    const result = await made;
    begun.shift();
    held -= size;
    yield [one, result];
  }
}
