/** @file Finds the row that has a text, in eight to sixteen bytes a row: the texts themselves stay where they are. */
import { fingerprint } from '../random.ts';

/** Slots that are taken at most, as a share: beyond it looking takes long. */
const FULLEST = 0.7;

export class TextIndex {
  length = 0;
  /** Of each slot the row and one, 0 where it is empty; and the fingerprint of its text. */
  #rows = new Uint32Array(64);
  #prints = new Uint32Array(64);

  /** @param textOf the text of a row that was added: where fingerprints agree, the texts are compared */
  constructor(private readonly textOf: (row: number) => string) {}

  /** The row that was added with this text, or −1. */
  find(text: string): number {
    const print = fingerprint(text);
    const last = this.#rows.length - 1;
    for (let slot = print & last; this.#rows[slot] !== 0; slot = (slot + 1) & last)
      if (this.#prints[slot] === print && this.textOf(this.#rows[slot] - 1) === text) return this.#rows[slot] - 1;
    return -1;
  }

  /** Adds a row, whose text must not be among them yet, or stands for another row's from now on where it comes before. */
  add(text: string, row: number): void {
    if (this.length >= FULLEST * this.#rows.length) this.#grow();
    this.#put(row + 1, fingerprint(text));
    this.length++;
  }

  #put(row: number, print: number): void {
    const last = this.#rows.length - 1;
    let slot = print & last;
    while (this.#rows[slot] !== 0) slot = (slot + 1) & last;
    this.#rows[slot] = row;
    this.#prints[slot] = print;
  }

  #grow(): void {
    const [rows, prints] = [this.#rows, this.#prints];
    this.#rows = new Uint32Array(2 * rows.length);
    this.#prints = new Uint32Array(2 * rows.length);
    for (let slot = 0; slot < rows.length; slot++) if (rows[slot] !== 0) this.#put(rows[slot], prints[slot]);
  }
}
