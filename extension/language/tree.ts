/**
 * @file YAML text as a flat list of its keys and values with where they stand, however broken the text. It must not know
 * which keys exist.
 */
import { Composer, type Document, isMap, isScalar, isSeq, type Node, Parser } from 'yaml';
import { maxBytes, tooMuch } from '../../sidecar/config/document.ts';
import type { Path } from './grammar.ts';

/** Offsets, the end not included. */
export interface Span {
  start: number;
  end: number;
}

export interface Entry {
  path: Path;
  /** Absent for an item of a list. */
  key?: Span;
  /** Of a single value, quotes included; of a map or list, from its first to its last character. */
  value?: Span;
  kind: 'map' | 'list' | 'text' | 'nothing';
  /** What a single value says. */
  text?: string;
}

/** The first document, whatever its errors; undefined where the text is too large or too deep to be looked at. */
export function compose(text: string): Document | undefined {
  if (text.length > maxBytes || tooMuch(text)) return undefined;
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
  for (const document of composer.compose(new Parser().parse(text), true, text.length)) return document as Document;
  return undefined;
}

export const keyText = (node: unknown): string =>
  isScalar(node) ? String(typeof node.value === 'string' ? node.value : (node.source ?? node.value ?? '')) : '';

const spanOf = (node: Node | null | undefined): Span | undefined =>
  node?.range ? { start: node.range[0], end: node.range[1] } : undefined;

/** Calls `visit` for each pair and each item, a section before what stands in it. */
export function walk(
  node: unknown,
  path: Path,
  visit: (path: Path, key: Node | undefined, value: Node | null) => void,
): void {
  if (isMap(node)) {
    for (const pair of node.items) {
      const below = [...path, keyText(pair.key)];
      visit(below, (pair.key as Node | null) ?? undefined, pair.value as Node | null);
      walk(pair.value, below, visit);
    }
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => {
      const below = [...path, index];
      visit(below, undefined, item as Node | null);
      walk(item, below, visit);
    });
  }
}

export class Tree {
  readonly entries: Entry[] = [];
  readonly #byPath = new Map<string, Entry>();
  readonly #under = new Map<string, string[]>();

  constructor(text: string) {
    walk(compose(text)?.contents, [], (path, key, value) => {
      const entry: Entry = {
        path,
        ...(key ? { key: spanOf(key) } : {}),
        value: spanOf(value),
        kind: isMap(value) ? 'map' : isSeq(value) ? 'list' : isScalar(value) && value.source ? 'text' : 'nothing',
        ...(isScalar(value) ? { text: keyText(value) } : {}),
      };
      if (entry.kind === 'nothing') delete entry.value;
      this.entries.push(entry);
      const at = JSON.stringify(path);
      if (!this.#byPath.has(at)) this.#byPath.set(at, entry);
      const parent = JSON.stringify(path.slice(0, -1));
      const siblings = this.#under.get(parent);
      const last = String(path.at(-1));
      if (siblings) siblings.push(last);
      else this.#under.set(parent, [last]);
    });
  }

  at(path: Path): Entry | undefined {
    return this.#byPath.get(JSON.stringify(path));
  }

  /** Keys directly under a path, in their order. */
  under(path: Path): string[] {
    return this.#under.get(JSON.stringify(path)) ?? [];
  }

  /** The innermost key or single value that an offset touches. */
  touching(offset: number): { entry: Entry; on: 'key' | 'value'; span: Span } | undefined {
    const touches = (span?: Span) => span !== undefined && span.start <= offset && offset <= span.end;
    for (const entry of this.entries) {
      if (touches(entry.key)) return { entry, on: 'key', span: entry.key! };
      if (entry.kind === 'text' && touches(entry.value)) return { entry, on: 'value', span: entry.value! };
    }
    return undefined;
  }
}
