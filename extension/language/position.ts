/**
 * @file Where in the YAML a cursor stands, however broken the text: a mark is put there, what follows is cut off, and the
 * place of the mark is looked for in what the parser makes of it. It must not know which keys exist.
 */
import { isScalar, type Node } from 'yaml';
import type { Path } from './grammar.ts';
import { compose, type Span, Tree, walk } from './tree.ts';

export interface Cursor {
  at: 'key' | 'value';
  /** Of a key: the section that it stands in. Of a value: its own path, a list's index last. */
  path: Path;
  /** What was typed up to the cursor. */
  word: string;
  /** What a completion replaces: that word, and what goes on behind the cursor. */
  replace: Span;
  /** Within braces or brackets. */
  flow: boolean;
  quote: '' | '"' | "'";
  /** The value begins on a line below its key: it may yet become a key. */
  ownLine: boolean;
  /** A colon follows the word already. */
  colon: boolean;
}

const mark = '\ue000';

/** Depth of braces and brackets that are open at the end of a text that the parser found a mark in. */
function isFlow(contents: unknown, offset: number): boolean {
  let inside = false;
  const look = (node: Node | null | undefined) => {
    const collection = node as { flow?: boolean; range?: [number, number, number] } | null | undefined;
    if (collection?.flow && collection.range && collection.range[0] < offset && offset <= collection.range[2])
      inside = true;
  };
  look(contents as Node);
  walk(contents, [], (_, __, value) => look(value));
  return inside;
}

/** Undefined within comments, texts of several lines, and where the text is too large or too deep. */
export function cursorAt(text: string, offset: number): Cursor | undefined {
  if (text.includes(mark)) return undefined;
  const before = text.slice(0, offset);
  // Twice: of a quoted text that is not closed the parser takes the last character for its quote.
  const contents = compose(before + mark + mark)?.contents;
  if (!contents) return undefined;
  let found: { at: Cursor['at']; path: Path; node: Node; key?: Node } | undefined;
  const holds = (node: Node | null | undefined): node is Node => isScalar(node) && (node.source ?? '').includes(mark);
  if (holds(contents)) found = { at: 'value', path: [], node: contents };
  walk(contents, [], (path, key, value) => {
    if (holds(key)) found = { at: 'key', path: path.slice(0, -1), node: key };
    else if (holds(value)) found = { at: 'value', path, node: value, key };
  });
  if (!found || !isScalar(found.node)) return undefined;
  const { type } = found.node;
  const quote = type === 'QUOTE_DOUBLE' ? '"' : type === 'QUOTE_SINGLE' ? "'" : '';
  if (quote === '' && type !== 'PLAIN') return undefined;
  const start = (found.node.range?.[0] ?? offset) + quote.length;
  const word = before.slice(start);
  if (word.includes('\n')) return undefined;
  const rest = text.slice(offset);
  const behind = /^[\w.\-/]*/.exec(rest)![0].length;
  const keyEnd = found.key?.range?.[1];
  return {
    at: found.at,
    path: found.path,
    word,
    replace: { start, end: offset + behind },
    flow: isFlow(contents, offset),
    quote,
    ownLine: found.path.length === 0 || (keyEnd !== undefined && before.slice(keyEnd, start).includes('\n')),
    colon: /^\s*:/.test(rest.slice(behind).split('\n', 1)[0]),
  };
}

/** What else stands in the section of a cursor, its own word left out. */
export function siblingsOf(text: string, cursor: Cursor, section: Path): Set<string> {
  const { start, end } = cursor.replace;
  // A half-written key would swallow the next line; written to its end it does not.
  const whole = cursor.flow ? text : `${text.slice(0, start)}${mark}: 0${text.slice(end).replace(/^[^\n]*/, '')}`;
  const own = cursor.flow ? text.slice(start, end) : mark;
  const names = new Set(new Tree(whole).under(section));
  names.delete(own);
  return names;
}
