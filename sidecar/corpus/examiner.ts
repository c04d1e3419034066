/** @file Goes through many recordings at once, in other threads where there are any, some small files a message. */
import { type Task, Threads } from '../threads.ts';
import { findIn, type Unknown } from './examine.ts';
import type { Finding } from './scan-cache.ts';

/** Of several files. */
export const findTask: Task<readonly Unknown[], Finding[][]> = {
  name: 'find',
  async run(files) {
    const all: Finding[][] = [];
    for (const file of files) all.push(await findIn(file));
    return all;
  },
};

/** Files that are sent together: a message costs as much as reading a file of a second. */
const TOGETHER = 16;

interface Waiting {
  file: Unknown;
  resolve(findings: Finding[]): void;
  reject(reason: unknown): void;
}

export class Examiner {
  private readonly threads: Threads;
  private waiting: Waiting[] = [];
  private isDue = false;
  /** Of what was sent and is not answered. */
  private readonly asked = new Set<Waiting>();

  constructor(
    private readonly signal?: AbortSignal,
    threads = new Threads(),
  ) {
    this.threads = threads;
    // A recording of many hours is not waited for.
    signal?.addEventListener('abort', this.giveUp);
  }

  private giveUp = () => {
    for (const { reject } of [...this.asked, ...this.waiting]) reject(this.signal?.reason);
  };

  /** How many files are worth asking for before the first is needed. */
  get ahead(): number {
    const { count } = this.threads;
    return count === 0 ? 1 : 2 * TOGETHER * count;
  }

  find = (file: Unknown): Promise<Finding[]> => {
    if (this.threads.count === 0) return findIn(file, this.signal);
    return new Promise((resolve, reject) => {
      this.waiting.push({ file, resolve, reject });
      if (this.waiting.length >= TOGETHER) this.send();
      else if (!this.isDue) {
        this.isDue = true;
        setImmediate(() => this.send());
      }
    });
  };

  private send(): void {
    this.isDue = false;
    const sent = this.waiting;
    this.waiting = [];
    if (sent.length === 0) return;
    for (const one of sent) this.asked.add(one);
    const files = sent.map(({ file }) => file);
    const answered = (tell: (one: Waiting, i: number) => void) =>
      sent.forEach((one, i) => {
        this.asked.delete(one);
        tell(one, i);
      });
    this.threads.run(findTask, files).then(
      (all) => answered(({ resolve }, i) => resolve(all[i])),
      (fault) => answered(({ reject }) => reject(fault)),
    );
  }

  close(): Promise<void> {
    this.signal?.removeEventListener('abort', this.giveUp);
    return this.threads.close();
  }
}
