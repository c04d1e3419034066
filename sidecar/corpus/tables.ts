/** @file Text manifests line by line, with the place of every fault. Knows no layout. */
import { type Stats, statSync } from 'node:fs';
import { type Place, UserError } from '../errors.ts';
import { textLines } from './file-lines.ts';
import { PackedRows } from './packed-rows.ts';
import { TextIndex } from './text-index.ts';

export interface Line {
  /** From 1. */
  number: number;
  text: string;
}

const maxManifestBytes = 512 * 1024 * 1024 - 1;

/** @throws UserError `corpus.*`, with the line and what was expected there. */
export function lineError(code: string, file: string, line: number, why: string, cure: string): UserError {
  return new UserError({
    code: `corpus.${code}`,
    tried: `read the manifest ${file}`,
    why,
    cure,
    place: at(file, line),
  });
}

export function at(file: string, line: number): Place {
  return { file, line, column: 1 };
}

/** A pipe would wait for ever, and a folder has no lines. */
export function regular(file: string): Stats {
  let found: Stats;
  try {
    found = statSync(file);
  } catch (fault) {
    throw unreadable(file, (fault as Error).message);
  }
  if (!found.isFile()) throw unreadable(file, found.isDirectory() ? 'it is a folder' : 'it is not a regular file');
  return found;
}

export const unreadable = (file: string, why: string) =>
  lineError('unreadable', file, 1, `${why}.`, 'Put a text file that you may read in its place, or remove it.');

/** The lines that are not blank, without byte-order mark and carriage returns, one after the other: a manifest may be long. */
export function* readLines(file: string): Generator<Line> {
  const { size } = regular(file);
  if (size > maxManifestBytes) {
    throw lineError(
      'manifest-too-large',
      file,
      1,
      `it has ${size} bytes; ${maxManifestBytes} can be read.`,
      'Split it.',
    );
  }
  const lines = textLines(file);
  for (let number = 1; ; number++) {
    let next: IteratorResult<string>;
    try {
      next = lines.next();
    } catch (fault) {
      if (!(fault instanceof TypeError)) throw unreadable(file, (fault as Error).message);
      throw lineError('not-utf8', file, number, 'it is not UTF-8 text.', 'Save it as UTF-8.');
    }
    if (next.done) return;
    const raw = next.value;
    const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (text.trim() !== '') yield { number, text };
  }
}

export interface Row {
  line: number;
  /** The cell, or undefined where the column is not there or the cell is empty. */
  get(column: string): string | undefined;
  /** The cell, or an error naming the column. */
  need(column: string): string;
}

/** Told of a row that cannot be used; without it such a row is an error. */
export type OnBadRow = (line: number, reason: string) => void;
/** More bad rows than this share, and the file is not what it is taken for. */
const mostBad = 0.5;

/**
 * Tab-separated rows under a header that must have the `required` columns. Quotes are ordinary characters. A row with
 * other columns than the header costs itself alone where `onBadRow` hears of it.
 */
export function* readTable(file: string, required: readonly string[], onBadRow?: OnBadRow): Generator<Row> {
  const lines = readLines(file);
  const header: Line | undefined = lines.next().value ?? undefined;
  const wanted = required.map((name) => `"${name}"`).join(', ');
  if (!header)
    throw lineError('empty-manifest', file, 1, `it is empty; a header with ${wanted} is expected.`, 'Fill it.');
  const columns = header.text.split('\t').map((name) => name.trim());
  const missing = required.filter((name) => !columns.includes(name));
  if (missing.length) {
    const why = `its header lacks ${missing.map((name) => `"${name}"`).join(', ')}; it has ${columns.map((name) => `"${name}"`).join(', ')}.`;
    throw lineError(
      'missing-column',
      file,
      header.number,
      why,
      `Name the columns ${wanted} in the first line, separated by tabs.`,
    );
  }
  const twice = columns.find((name, index) => name !== '' && columns.indexOf(name) !== index);
  if (twice)
    throw lineError('duplicate-column', file, header.number, `its header has "${twice}" twice.`, 'Rename one.');
  const indices = new Map(columns.map((name, index) => [name, index]));
  let all = 0;
  let bad = 0;
  let first: UserError | undefined;
  for (const { number, text } of lines) {
    all++;
    const cells = text.split('\t');
    // Trailing columns that are empty are often left out.
    while (cells.length < columns.length && required.every((name) => (indices.get(name) ?? 0) < cells.length))
      cells.push('');
    if (cells.length !== columns.length) {
      const why = `the line has ${cells.length} columns, but the header has ${columns.length}.`;
      first ??= lineError('column-count', file, number, why, 'Add or remove tabs.');
      if (!onBadRow) throw first;
      bad++;
      onBadRow(number, why);
      continue;
    }
    const get = (column: string) => cells[indices.get(column) ?? -1]?.trim() || undefined;
    const need = (column: string) => {
      const cell = get(column);
      if (cell === undefined)
        throw lineError('empty-cell', file, number, `the column "${column}" is empty.`, 'Fill it.');
      return cell;
    };
    yield { line: number, get, need };
  }
  if (first && bad > mostBad * all) throw first;
}

/** Lines of `key rest`, split at the first white space, with every key once; of a key that comes again the first counts. */
export function readPairs(
  file: string,
  what: string,
  onBadRow?: OnBadRow,
): Map<string, { value: string; line: number }> {
  const pairs = new Map<string, { value: string; line: number }>();
  for (const { number, text } of readLines(file)) {
    const [key, value] = splitFirst(text);
    const before = pairs.get(key);
    if (before) {
      if (!onBadRow) throw duplicate(file, number, key, file, before.line);
      onBadRow(number, `"${key}" was already in line ${before.line}.`);
      continue;
    }
    if (value === '' && what !== 'text') {
      throw lineError(
        'column-count',
        file,
        number,
        `"${key}" stands alone; ${what} is expected behind it.`,
        'Complete the line.',
      );
    }
    pairs.set(key, { value, line: number });
  }
  return pairs;
}

/** The first word and the rest, without white space around them; no regular expression that could go quadratic. */
export function splitFirst(text: string): [first: string, rest: string] {
  const trimmed = text.trim();
  const end = trimmed.search(/\s/);
  return end < 0 ? [trimmed, ''] : [trimmed.slice(0, end), trimmed.slice(end).trim()];
}

export function duplicate(file: string, line: number, id: string, firstFile: string, firstLine: number): UserError {
  const where = firstFile === file ? `line ${firstLine}` : `${firstFile}:${firstLine}`;
  return lineError('duplicate-id', file, line, `"${id}" was already in ${where}.`, 'Remove or rename one of the two.');
}

/** Refuses an id that came before, whichever file it was in. */
export class UniqueIds {
  readonly #seen = new PackedRows<{ id: string; file: string; line: number }>({
    id: 'text',
    file: 'word',
    line: 'count',
  });
  readonly #index = new TextIndex((row) => this.#seen.at(row)!.id);

  add(id: string, file: string, line: number): void {
    const before = this.#seen.at(this.#index.find(id));
    if (before) throw duplicate(file, line, id, before.file, before.line);
    this.#index.add(id, this.#seen.push({ id, file, line }));
  }
}

/** Names that came, of which each counts once. */
export class Names {
  readonly #seen = new PackedRows<{ name: string }>({ name: 'text' });
  readonly #index = new TextIndex((row) => this.#seen.at(row)!.name);

  has(name: string): boolean {
    return this.#index.find(name) >= 0;
  }

  /** Whether it is new. */
  add(name: string): boolean {
    if (this.has(name)) return false;
    this.#index.add(name, this.#seen.push({ name }));
    return true;
  }
}
