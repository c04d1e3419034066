/** @file The outline: sections, keys and languages as they stand in the file. */
import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { languageName } from '../language-name.ts';
import type { Grammar } from './grammar.ts';
import type { Entry, Tree } from './tree.ts';

const kindOf = ({ kind }: Entry) =>
  kind === 'map' ? SymbolKind.Module : kind === 'list' ? SymbolKind.Array : SymbolKind.Property;

export function symbols(document: TextDocument, tree: Tree, grammar: Grammar): DocumentSymbol[] {
  const roots: DocumentSymbol[] = [];
  const byPath = new Map<string, DocumentSymbol>();
  for (const entry of tree.entries) {
    if (!entry.key) continue;
    const section = entry.path.slice(0, -1);
    const key = String(entry.path.at(-1));
    const language = grammar.named(section) === 'language' ? languageName(key) : undefined;
    const detail = language ?? entry.text;
    const start = document.positionAt(entry.key.start);
    const symbol: DocumentSymbol = {
      name: key.trim() || '—',
      ...(detail ? { detail } : {}),
      kind: kindOf(entry),
      range: { start, end: document.positionAt(Math.max(entry.key.end, entry.value?.end ?? 0)) },
      selectionRange: { start, end: document.positionAt(entry.key.end) },
      children: [],
    };
    byPath.set(JSON.stringify(entry.path), symbol);
    const parent = byPath.get(JSON.stringify(section));
    if (parent) parent.children!.push(symbol);
    else if (section.length === 0) roots.push(symbol);
  }
  return roots;
}
