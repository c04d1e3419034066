/**
 * @file What a schema says about each key, as rows: for help, the table in docs/keys.md, error messages and completion.
 * It reads the JSON Schema made from the schema and knows nothing else.
 */
import * as z from 'zod';
import { experimentSchema } from './schema.ts';

export interface KeyInfo {
  /** `adapter.router.kind`; a language's code reads `languages.<code>.role`, a dataset's name `datasets.<name>.path`, a place in a list `stages.<n>.add`. */
  path: string;
  /** `whole number`, `word`, `path`, `section`, … */
  type: string;
  /** `seconds`, `steps`, … or empty. */
  unit: string;
  /** `1 to 64`, `dense, top-k`, … or empty. */
  range: string;
  /** As it would stand in the file, or words where it depends; empty where the key is required. */
  default: string;
  meaning: string;
  required: boolean;
  /** The words that may be written, where they are few. */
  values: string[];
  /** Whether `default` could be written into the file; it is words otherwise. */
  writable: boolean;
  /** The paper that the key or its default comes from; empty where it is our own. */
  source: string;
}

interface Node {
  type?: string;
  description?: string;
  unit?: string;
  otherwise?: string;
  source?: string;
  /** How a row writes a person's own key under it; the table's word unless told. */
  entry?: string;
  format?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  items?: Node | false;
  prefixItems?: Node[];
  anyOf?: Node[];
  properties?: Record<string, Node>;
  additionalProperties?: Node | boolean;
  required?: string[];
}

/** The JSON Schema (draft 2020-12) of the experiment file, for the editor's completion and checks. */
export function jsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(experimentSchema, { io: 'input' }) as Record<string, unknown>;
}

const several = (type: string) => (type === 'true or false' || type === 'text' ? type : `${type}s`);

function typeOf(node: Node): string {
  if (node.anyOf) return [...new Set(node.anyOf.map(typeOf))].join(' or ');
  if (node.enum || node.const !== undefined) return 'word';
  if (node.type === 'integer') return 'whole number';
  if (node.type === 'boolean') return 'true or false';
  if (node.type === 'string') return node.format === 'path' ? 'path' : 'text';
  if (node.type === 'array') {
    const items = node.items || node.prefixItems?.[0];
    const size = node.prefixItems ? `${node.prefixItems.length} ` : '';
    return `list of ${size}${items ? several(typeOf(items)) : 'values'}`;
  }
  return node.type === 'object' ? 'section' : (node.type ?? 'value');
}

const number = (value: number) =>
  Math.abs(value) >= 1e5 && value % 1000 === 0 ? value.toExponential().replace('+', '') : String(value);

function rangeOf(node: Node): string {
  if (node.anyOf) return [...new Set(node.anyOf.map(rangeOf).filter(Boolean))].join(', or ');
  if (node.enum) return node.enum.join(', ');
  if (node.const !== undefined) return String(node.const);
  const items = node.items || node.prefixItems?.[0];
  if (items) return rangeOf(items);
  if (node.type === 'boolean') return 'true, false';
  if (node.type !== 'integer' && node.type !== 'number') return '';
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = node;
  if (minimum !== undefined && maximum !== undefined) return `${number(minimum)} to ${number(maximum)}`;
  const low =
    exclusiveMinimum !== undefined
      ? `above ${number(exclusiveMinimum)}`
      : minimum !== undefined
        ? `from ${number(minimum)}`
        : '';
  const high =
    exclusiveMaximum !== undefined
      ? `below ${number(exclusiveMaximum)}`
      : maximum !== undefined
        ? `up to ${number(maximum)}`
        : '';
  return [low, high].filter(Boolean).join(', ');
}

function valuesOf(node: Node): string[] {
  if (node.anyOf) return node.anyOf.flatMap(valuesOf);
  if (node.enum) return node.enum.map(String);
  if (node.const !== undefined) return [String(node.const)];
  if (node.items) return valuesOf(node.items);
  return node.type === 'boolean' ? ['true', 'false'] : [];
}

const shown = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(shown).join(', ')}]` : typeof value === 'number' ? number(value) : String(value);

/** Stands in a row for the place in a list of sections. */
const NTH = '<n>';

function walk(node: Node, path: string, rows: KeyInfo[], required: boolean, entry: string): void {
  const isSection = node.type === 'object';
  if (path) {
    rows.push({
      path,
      type: typeOf(node),
      unit: node.unit ?? '',
      range: isSection ? '' : rangeOf(node),
      default: isSection || node.default === undefined ? (node.otherwise ?? '') : shown(node.default),
      meaning: node.description ?? '',
      required,
      values: isSection ? [] : valuesOf(node),
      writable: !isSection && node.default !== undefined,
      source: node.source ?? '',
    });
  }
  const below = (key: string) => (path ? `${path}.${key}` : key);
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    walk(child, below(key), rows, node.required?.includes(key) ?? false, entry);
  }
  if (typeof node.additionalProperties === 'object')
    walk(node.additionalProperties, below(node.entry ?? entry), rows, true, entry);
  // A list of sections: its rows read `stages.<n>.add`.
  if (node.items && node.items.type === 'object') walk(node.items, below(NTH), rows, true, entry);
}

/** The keys of one kind of file. */
export interface KeyTable {
  /** Every key in the order of the schema, sections before their keys. */
  rows(): readonly KeyInfo[];
  /** The row of a path as it stands in a file (`languages.eng.role`), or of the nearest key above it. */
  info(path: readonly PropertyKey[]): KeyInfo | undefined;
  /** The keys that may stand directly under a path. */
  under(path: readonly PropertyKey[]): string[];
}

/** `entry`: how a row writes a key that is a person's own, where the schema has no word for it. */
export function keyTable(schema: z.ZodType, entry: string): KeyTable {
  let known: readonly KeyInfo[] | undefined;
  const children = new Map<string, string[]>();
  const rows = () => {
    if (!known) {
      const found: KeyInfo[] = [];
      walk(z.toJSONSchema(schema, { io: 'input' }) as Node, '', found, true, entry);
      known = found;
    }
    return known;
  };
  /** As rows write it: a person's own keys and places in lists as their stand-ins. */
  const general = (path: readonly PropertyKey[]) => {
    const words: string[] = [];
    for (const part of path.map(String)) words.push(wordOf(words.length > 0 ? `${words.join('.')}.` : '', part));
    return words;
  };
  const wordOf = (prefix: string, part: string) => {
    let own: string | undefined;
    for (const { path } of rows()) {
      if (!path.startsWith(prefix)) continue;
      const word = path.slice(prefix.length);
      if (word === part && !part.includes('.')) return part;
      if (word === NTH ? /^\d+$/.test(part) : /^<[^.]*>$/.test(word)) own = word;
    }
    return own ?? part;
  };
  const info = (path: readonly PropertyKey[]) => {
    for (let length = path.length; length > 0; length--) {
      const wanted = general(path.slice(0, length)).join('.');
      const row = rows().find((candidate) => candidate.path === wanted);
      if (row) return row;
    }
    return undefined;
  };
  const under = (path: readonly PropertyKey[]) => {
    const prefix = path.length ? `${general(path).join('.')}.` : '';
    let keys = children.get(prefix);
    if (!keys) {
      keys = rows()
        .filter((row) => row.path.startsWith(prefix))
        .map((row) => row.path.slice(prefix.length))
        .filter((key) => key !== '' && !key.startsWith('<') && !key.includes('.'));
      if (keys.length > 0) children.set(prefix, keys);
    }
    return keys;
  };
  return { rows, info, under };
}

export const experimentKeys = keyTable(experimentSchema, '<code>');

export const describeKeys = experimentKeys.rows;
export const keyInfo = experimentKeys.info;
export const keysUnder = experimentKeys.under;

/** What may be written for a key, in words: `whole number; 1 to 64 (steps)`. */
export function allowed(info: KeyInfo): string {
  if (info.type === 'section') {
    const keys = info.path === 'languages' ? 'ISO 639-3 codes' : keysUnder(info.path.split('.')).join(', ');
    return `a section with the keys ${keys}`;
  }
  return `${info.type}${info.range ? `; ${info.range}` : ''}${info.unit ? ` (${info.unit})` : ''}`;
}

const cell = (text: string) => text.replace(/\|/g, '\\|').replace(/</g, '&lt;') || ' ';
const mark = (text: string) => (text ? `\`${text}\`` : ' ');

/** A table of keys in docs/keys.md; every key of an experiment unless told. */
export function markdownTable(keys: readonly KeyInfo[] = describeKeys()): string {
  const rows = keys
    .filter((row) => row.type !== 'section')
    .map((row) => {
      const otherwise = row.required
        ? 'required'
        : /^\[|^\S+$/.test(row.default)
          ? mark(row.default)
          : cell(row.default);
      const range = row.range + (row.unit ? ` ${row.unit}` : '');
      return `| \`${row.path}\` | ${cell(row.type)} | ${cell(range.trim())} | ${otherwise} | ${cell(row.meaning)} |`;
    });
  return ['| key | type | range | default | meaning |', '| --- | --- | --- | --- | --- |', ...rows, ''].join('\n');
}

/** The same for a terminal, one key a paragraph. */
export function helpText(): string {
  return describeKeys()
    .map((row) => {
      if (row.type === 'section') return `\n${row.path}: ${row.meaning}`;
      const otherwise = row.required ? 'required' : `default ${row.default}`;
      return `  ${row.path}\n      ${row.meaning}\n      ${allowed(row)}; ${otherwise}`;
    })
    .join('\n');
}
