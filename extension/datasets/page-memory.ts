/** @file The texts of the newest pages, over a reload of the window: a few, and none that is very long. */
import type * as vscode from 'vscode';

const key = 'milore.pages';
const mostPages = 12;
const mostLetters = 200_000;

export class PageMemory {
  readonly #state: vscode.Memento;
  readonly #texts: Map<string, string>;

  constructor(state: vscode.Memento) {
    this.#state = state;
    const kept = state.get<unknown>(key);
    const pairs = Array.isArray(kept) ? kept : [];
    this.#texts = new Map(pairs.filter((one): one is [string, string] => isPair(one)));
  }

  get(uri: string): string | undefined {
    return this.#texts.get(uri);
  }

  set(uri: string, text: string): void {
    this.#texts.delete(uri);
    this.#texts.set(uri, text);
    const kept = [...this.#texts].filter(([, one]) => one.length <= mostLetters).slice(-mostPages);
    void this.#state.update(key, kept);
  }
}

const isPair = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'string');
