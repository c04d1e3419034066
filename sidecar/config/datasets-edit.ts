/**
 * @file Changes to the text of `milore.datasets.yaml` that leave every other line, comment and space as it was.
 * It must not know the file system.
 */
import { Document, isMap, isScalar, type Pair, parseDocument, type Scalar, YAMLMap } from 'yaml';
import { type Problem, UserError } from '../errors.ts';
import { type DatasetEntry, datasetsFileName, type ModelEntry, nameFault, parseDatasets } from './datasets.ts';

type Section = 'datasets' | 'models';

const newFile = `# ${datasetsFileName}: the recordings and base models of this workspace\n`;
const noun = { datasets: 'dataset', models: 'base model' } as const;

/** @throws UserError where the text is at fault, the name cannot be, or is taken. */
export const addDataset = (text: string, name: string, entry: DatasetEntry): string =>
  add(text, 'datasets', name, entry);
export const addModel = (text: string, name: string, entry: ModelEntry): string => add(text, 'models', name, entry);

/** @throws UserError where there is no such entry. */
export const removeDataset = (text: string, name: string): string => remove(text, 'datasets', name);
export const removeModel = (text: string, name: string): string => remove(text, 'models', name);

/** Changes the entry's name alone; the experiments that use it are not known here. */
export function renameDataset(text: string, from: string, to: string): string {
  if (from === to) return text;
  const document = open(text, 'datasets', to, 'rename');
  const key = need(document, 'datasets', from, 'rename').pair.key as Scalar;
  const [start, end] = key.range!;
  return text.slice(0, start) + writtenKey(to) + text.slice(end);
}

/** A name like the wanted one that no entry has: `yor`, `yor-2`, … */
export function freeName(wanted: string, taken: readonly string[]): string {
  const plain = wanted.trim().replace(/[\p{C}\s]+/gu, '-');
  const stem = nameFault(plain.slice(0, 90)) ? 'data' : plain.slice(0, 90);
  for (let number = 1; ; number++) {
    const name = number === 1 ? stem : `${stem}-${number}`;
    if (!taken.includes(name)) return name;
  }
}

function add(text: string, section: Section, name: string, entry: DatasetEntry | ModelEntry): string {
  if (text.trim() === '') return `${newFile}${section}:\n  ${written(name, entry)}\n`;
  const document = open(text, section, name, 'add');
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const map = document.get(section, true);
  if (isMap(map) && !map.flow && map.items.length > 0) {
    const first = (map.items[0].key as Scalar).range![0];
    const indent = text.slice(text.lastIndexOf('\n', first - 1) + 1, first);
    const at = endOfLine(text, endOfPair(map.items[map.items.length - 1]));
    const before = text[at - 1] === '\n' ? '' : end;
    const grown = text.slice(0, at) + before + indent + written(name, entry) + end + text.slice(at);
    if (has(grown, section, name)) return grown;
  }
  if (!document.has(section) && !(isMap(document.contents) && document.contents.flow)) {
    const gap = text.endsWith('\n') ? '' : end;
    const grown = `${text}${gap}${section}:${end}  ${written(name, entry)}${end}`;
    if (has(grown, section, name)) return grown;
  }
  // A form that no line can be put into: written anew, with its comments.
  const entries = isMap(map) ? map : (document.createNode({}) as YAMLMap);
  if (!isMap(map)) document.set(section, entries);
  entries.add(document.createPair(name, document.createNode(entry, { flow: true })));
  return document.toString({ lineWidth: 0 });
}

function remove(text: string, section: Section, name: string): string {
  const document = parse(text, `remove the ${noun[section]} "${name}"`);
  const { map, pair } = need(document, section, name, 'remove');
  const root = document.contents as YAMLMap;
  if (!map.flow && !root.flow) {
    // With its last entry a section goes whole.
    const first = map.items.length > 1 ? pair : root.items.find((candidate) => keyOf(candidate) === section)!;
    const start = text.lastIndexOf('\n', (first.key as Scalar).range![0] - 1) + 1;
    const shrunk = text.slice(0, start) + text.slice(endOfLine(text, endOfPair(pair)));
    if (!has(shrunk, section, name) && parseDatasets(shrunk, datasetsFileName).problems.length === 0) return shrunk;
  }
  map.delete(pair.key);
  if (map.items.length === 0) document.delete(section);
  return document.toString({ lineWidth: 0 });
}

/** One line: `name: { language: yor, path: … }`, quoted where it must be. */
function written(name: string, entry: DatasetEntry | ModelEntry): string {
  const document = new Document();
  const map = new YAMLMap();
  map.add(document.createPair(name, document.createNode(entry, { flow: true })));
  document.contents = map as never;
  return document.toString({ lineWidth: 0 }).trimEnd();
}

/** A key that is right both on a line of its own and within braces. */
function writtenKey(name: string): string {
  const document = new Document();
  const map = new YAMLMap();
  map.flow = true;
  map.add(document.createPair(name, 1));
  document.contents = map as never;
  return document.toString({ lineWidth: 0 }).trim().slice('{ '.length, -': 1 }'.length);
}

function open(text: string, section: Section, name: string, verb: 'add' | 'rename'): Document {
  const tried = `${verb} the ${noun[section]} "${name}"`;
  const document = parse(text, tried);
  const fault = nameFault(name);
  if (fault) throw problem('config.name', tried, fault, 'Give it another name.');
  if (entriesOf(document, section)?.items.some((pair) => keyOf(pair) === name)) {
    throw problem('config.name-taken', tried, 'the list has one of that name.', 'Give it another name.');
  }
  return document;
}

/** Only a list that can be read is changed. */
function parse(text: string, tried: string): Document {
  const { problems } = parseDatasets(text, datasetsFileName);
  if (problems.length > 0) {
    throw new UserError(problems.map((one) => ({ ...one, tried: `${tried}, since the list cannot be read` })));
  }
  return parseDocument(text, { uniqueKeys: false }) as unknown as Document;
}

const problem = (code: string, tried: string, why: string, cure: string): UserError =>
  new UserError({ code, tried, why, cure } satisfies Problem);

function entriesOf(document: Document, section: Section): YAMLMap | undefined {
  const map = document.get(section, true);
  return isMap(map) ? map : undefined;
}

const keyOf = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.source ?? pair.key.value) : '');

function need(document: Document, section: Section, name: string, verb: string): { map: YAMLMap; pair: Pair } {
  const map = entriesOf(document, section);
  const pair = map?.items.find((candidate) => keyOf(candidate) === name);
  if (map && pair) return { map, pair };
  throw problem(
    'config.no-entry',
    `${verb} the ${noun[section]} "${name}"`,
    'the list has none of that name.',
    'Look at the list.',
  );
}

function has(text: string, section: Section, name: string): boolean {
  const parsed = parseDatasets(text, datasetsFileName);
  return parsed.problems.length === 0 && Object.hasOwn(parsed[section], name);
}

/** Behind the entry's last character that is not white space. */
function endOfPair({ key, value }: Pair): number {
  const node = (value ?? key) as { range?: [number, number, number] | null };
  return node.range![1];
}

/** Behind the line break that ends the line at `offset`; the entry's own range may already reach there. */
function endOfLine(text: string, offset: number): number {
  if (text[offset - 1] === '\n') return offset;
  const line = text.indexOf('\n', offset);
  return line < 0 ? text.length : line + 1;
}
