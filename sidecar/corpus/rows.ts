/**
 * @file Long lists: what an array and a table whose rows are made for whoever asks have in common. A corpus of a thousand
 * hours has 360,000 rows, and as objects they take a gigabyte. Knows no corpus.
 */

/** A row may be another object each time that it is asked for: what tells rows apart is their place. */
export interface Rows<T> extends Iterable<T> {
  readonly length: number;
  at(index: number): T | undefined;
  map<U>(of: (row: T, index: number) => U): U[];
  flatMap<U>(of: (row: T, index: number) => U | readonly U[]): U[];
  filter(keep: (row: T, index: number) => unknown): Rows<T>;
  find(is: (row: T, index: number) => unknown): T | undefined;
  some(is: (row: T, index: number) => unknown): boolean;
  every(is: (row: T, index: number) => unknown): boolean;
}

/** Rows that are made by their place. */
export abstract class MadeRows<T> implements Rows<T> {
  abstract readonly length: number;
  /** @param index from 0 to below the length */
  protected abstract make(index: number): T;

  at(index: number): T | undefined {
    return index >= 0 && index < this.length ? this.make(index) : undefined;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let i = 0; i < this.length; i++) yield this.make(i);
  }

  map<U>(of: (row: T, index: number) => U): U[] {
    return Array.from({ length: this.length }, (_, i) => of(this.make(i), i));
  }

  flatMap<U>(of: (row: T, index: number) => U | readonly U[]): U[] {
    const all: U[] = [];
    for (let i = 0; i < this.length; i++) {
      const made = of(this.make(i), i);
      if (Array.isArray(made)) all.push(...made);
      else all.push(made as U);
    }
    return all;
  }

  /** The places of those that are kept, four bytes each; the rows themselves stay where they are. */
  filter(keep: (row: T, index: number) => unknown): Rows<T> {
    const kept = new Places();
    for (let i = 0; i < this.length; i++) if (keep(this.make(i), i)) kept.push(i);
    return chosen(this, kept.all());
  }

  find(is: (row: T, index: number) => unknown): T | undefined {
    for (let i = 0; i < this.length; i++) {
      const row = this.make(i);
      if (is(row, i)) return row;
    }
    return undefined;
  }

  some(is: (row: T, index: number) => unknown): boolean {
    for (let i = 0; i < this.length; i++) if (is(this.make(i), i)) return true;
    return false;
  }

  every(is: (row: T, index: number) => unknown): boolean {
    return !this.some((row, i) => !is(row, i));
  }
}

class Rule<T> extends MadeRows<T> {
  constructor(
    readonly length: number,
    protected readonly make: (index: number) => T,
  ) {
    super();
  }
}

/** Rows by a rule, none of them kept. */
export const rowsBy = <T>(length: number, make: (index: number) => T): Rows<T> => new Rule(length, make);

/** The rows at these places, in their order. */
export const chosen = <T>(rows: Rows<T>, places: ArrayLike<number>): Rows<T> =>
  rowsBy(places.length, (i) => rows.at(places[i])!);

/** One list behind the other. */
export function joined<T>(lists: readonly Rows<T>[]): Rows<T> {
  if (lists.length === 1) return lists[0];
  const ends = lists.map((_, i) => lists.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0));
  return rowsBy(ends.at(-1) ?? 0, (index) => {
    const list = ends.findIndex((end) => index < end);
    return lists[list].at(index - (ends[list] - lists[list].length))!;
  });
}

/** Whole numbers from 0 to below 2^32, four bytes each. */
export class Places {
  length = 0;
  #all = new Uint32Array(64);

  push(value: number): void {
    if (this.length === this.#all.length) {
      const more = new Uint32Array(2 * this.length);
      more.set(this.#all);
      this.#all = more;
    }
    this.#all[this.length++] = value;
  }

  at(index: number): number {
    return this.#all[index];
  }

  add(index: number, value: number): void {
    this.#all[index] += value;
  }

  /** A copy. */
  all(): Uint32Array {
    return this.#all.slice(0, this.length);
  }
}
