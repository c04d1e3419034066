/** @file A dataset's or base model's name, changed in the list and in every experiment that uses it. */
import type { Position, Range, TextEdit } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { datasetsFileName, nameFault } from '../../sidecar/config/datasets.ts';
import { parseReference, type Reference, referenceTo } from '../../sidecar/config/references.ts';
import { type Grammar, grammarOf } from './grammar.ts';
import { yamlText } from './snippets.ts';
import { type Entry, type Span, Tree } from './tree.ts';
import { pathOf, uriOf, type Workspace } from './workspace.ts';

/** A rename that cannot be; the message is for the person. */
export class RenameRefused extends Error {}

interface Named extends Reference {
  /** The key or the whole value. */
  span: Span;
  /** The name's own part of it. */
  name: string;
}

function namedBy(entry: Entry, grammar: Grammar): Named | undefined {
  const kind = grammar.named(entry.path.slice(0, -1));
  if ((kind === 'dataset' || kind === 'model') && entry.key) {
    return { kind, name: String(entry.path.at(-1)), span: entry.key };
  }
  const role = grammar.role(entry.path);
  if (!role || !('references' in role) || !role.references || entry.kind !== 'text' || !entry.value) return undefined;
  const reference = parseReference(entry.text ?? '');
  return reference && { ...reference, span: entry.value };
}

/** What would be renamed at a position, and the part of the text that the person edits. */
export function renameable(
  document: TextDocument,
  tree: Tree,
  position: Position,
  grammar: Grammar,
): (Reference & { range: Range }) | undefined {
  const touched = tree.touching(document.offsetAt(position));
  const named = touched && namedBy(touched.entry, grammar);
  if (!named || named.span.start !== touched.span.start) return undefined;
  const written = document.getText().slice(named.span.start, named.span.end);
  const within = Math.max(0, written.lastIndexOf(named.name));
  const start = named.span.start + within;
  const range = { start: document.positionAt(start), end: document.positionAt(start + named.name.length) };
  return { kind: named.kind, name: named.name, range };
}

/** The changes of one file; whole keys and values are written anew, since another name may need quotes. */
export function renameIn(text: string, grammar: Grammar, from: Reference, to: string): TextEdit[] {
  const document = TextDocument.create('', 'milore', 0, text);
  return new Tree(text).entries.flatMap((entry) => {
    const named = namedBy(entry, grammar);
    if (!named || named.kind !== from.kind || named.name !== from.name) return [];
    const range = { start: document.positionAt(named.span.start), end: document.positionAt(named.span.end) };
    const newText = grammar.kind === 'datasets' ? yamlText(to) : yamlText(referenceTo({ kind: from.kind, name: to }));
    return [{ range, newText }];
  });
}

/** Every change in the workspace. @throws RenameRefused where the name cannot be, or is taken */
export async function renameEverywhere(
  uri: string,
  from: Reference,
  typed: string,
  workspace: Workspace,
): Promise<Record<string, TextEdit[]>> {
  const to = typed.trim().replace(/^(dataset|model):/, '');
  const fault = nameFault(to);
  if (fault) throw new RenameRefused(`${JSON.stringify(to)}: ${fault}`);
  const list = await workspace.datasets(uri);
  const entries = from.kind === 'dataset' ? list?.datasets : list?.models;
  if (to !== from.name && entries && Object.hasOwn(entries, to)) {
    throw new RenameRefused(`${to} is in ${datasetsFileName} already.`);
  }
  const changes: Record<string, TextEdit[]> = {};
  const own = list && uriOf(list.file, uri);
  const experiments = new Set([...(await workspace.experiments()), uri]);
  const paths = new Set<string>();
  for (const other of [...(own ? [own] : []), ...experiments]) {
    // One file may come under two spellings of its URI.
    if (paths.has(pathOf(other))) continue;
    paths.add(pathOf(other));
    const inOther = await workspace.datasets(other);
    if (inOther?.file !== list?.file) continue;
    const edits = renameIn(await workspace.text(other), grammarOf(other), from, to);
    if (edits.length > 0) changes[other] = edits;
  }
  return changes;
}
