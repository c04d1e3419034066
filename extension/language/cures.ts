/**
 * @file Changes to an experiment's text that leave every other line as it was: a value written, a key put in, a key or
 * item taken out, in blocks and in braces. Must not know why.
 */
import type { Path } from './grammar.ts';
import type { Entry, Tree } from './tree.ts';

/** Offsets, the end not included. */
export interface Change {
  start: number;
  end: number;
  text: string;
}

/** @param value YAML. Undefined where no place for it is found */
export function write(text: string, tree: Tree, path: Path, value: string): Change | undefined {
  const entry = tree.at(path);
  if (entry?.value) return { start: entry.value.start, end: entry.value.end, text: value };
  if (entry) return afterColon(text, entry, ` ${value}`);
  const key = path.at(-1);
  if (typeof key !== 'string') return undefined;
  return insert(text, tree, path.slice(0, -1), `${key}: ${value}`);
}

/** `pair` becomes the first of a section; one that is not there is begun at the end of what is. */
function insert(text: string, tree: Tree, section: Path, pair: string): Change | undefined {
  if (section.length === 0) {
    const gap = text === '' || text.endsWith('\n') ? '' : '\n';
    return { start: text.length, end: text.length, text: `${gap}${pair}\n` };
  }
  const entry = tree.at(section);
  if (!entry) {
    const key = section.at(-1);
    return typeof key === 'string' ? insert(text, tree, section.slice(0, -1), `${key}: { ${pair} }`) : undefined;
  }
  if (entry.kind === 'nothing') return afterColon(text, entry, ` { ${pair} }`);
  if (entry.kind !== 'map' || !entry.value) return undefined;
  const [first] = tree.under(section);
  const { start } = entry.value;
  if (text[start] === '{')
    return { start: start + 1, end: start + 1, text: first === undefined ? ` ${pair} ` : ` ${pair},` };
  const key = tree.at([...section, first])?.key;
  if (!key) return undefined;
  const indent = text.slice(text.lastIndexOf('\n', key.start - 1) + 1, key.start);
  // What follows a list's dash is no indent.
  if (indent.trim() !== '') return undefined;
  return { start: key.start, end: key.start, text: `${pair}\n${indent}` };
}

function afterColon(text: string, { key }: Entry, what: string): Change | undefined {
  const colon = key ? text.indexOf(':', key.end) : -1;
  return colon < 0 ? undefined : { start: colon + 1, end: colon + 1, text: what };
}

/** @param offset of its key, where a key stands twice */
export function takeOut(text: string, tree: Tree, path: Path, offset?: number): Change | undefined {
  const same = tree.entries.filter((entry) => JSON.stringify(entry.path) === JSON.stringify(path));
  const entry = same.find(({ key }) => key?.start === offset) ?? same[0];
  const from = entry?.key?.start ?? entry?.value?.start;
  if (!entry || from === undefined) return undefined;
  const parent = path.slice(0, -1);
  // A section or list that would be left empty goes with it.
  if (parent.length > 0 && tree.under(parent).length === 1) return takeOut(text, tree, parent);
  const to = entry.value?.end ?? text.indexOf(':', entry.key?.end) + 1;
  return isInBraces(text, tree, path) ? fromBraces(text, from, to) : wholeLines(text, from, to);
}

const isInBraces = (text: string, tree: Tree, path: Path): boolean =>
  path.slice(0, -1).some((_, depth) => {
    const start = tree.at(path.slice(0, depth + 1))?.value?.start;
    return start !== undefined && /[{[]/.test(text[start]);
  });

/** With the comma behind it, or the one before where it is the last. */
function fromBraces(text: string, from: number, to: number): Change {
  const behind = /^\s*,\s*/.exec(text.slice(to));
  if (behind) return { start: from, end: to + behind[0].length, text: '' };
  const before = /\s*,\s*$/.exec(text.slice(0, from));
  return { start: from - (before?.[0].length ?? 0), end: to, text: '' };
}

function wholeLines(text: string, from: number, to: number): Change {
  const start = text.lastIndexOf('\n', from - 1) + 1;
  // A block's value ends behind its last line break.
  const ended = text[to - 1] === '\n' ? to - 1 : to;
  const end = text.indexOf('\n', ended);
  return { start, end: end < 0 ? text.length : end + 1, text: '' };
}
