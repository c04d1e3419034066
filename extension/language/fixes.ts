/** @file What one click can cure: a mistyped key, word or path, a wrong language code, a name that no list has. */
import { type CodeAction, CodeActionKind, type Diagnostic, type TextEdit } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { suggestCodes } from '../../sidecar/config/iso639.ts';
import { nearest } from '../../sidecar/config/nearest.ts';
import { parseReference, referenceTo } from '../../sidecar/config/references.ts';
import { type Grammar, rowOf } from './grammar.ts';
import { joinShort, shortClips } from './losses.ts';
import { yamlText } from './snippets.ts';
import type { Entry, Span, Tree } from './tree.ts';
import type { Translate } from './words.ts';
import type { Workspace } from './workspace.ts';

interface Fix {
  title: string;
  /** Replaces the key or value at fault. */
  write?: string;
  command?: CodeAction['command'];
}

export async function fixes(
  document: TextDocument,
  tree: Tree,
  diagnostics: readonly Diagnostic[],
  grammar: Grammar,
  workspace: Workspace,
  t: Translate,
): Promise<CodeAction[]> {
  const actions: CodeAction[] = [];
  for (const diagnostic of diagnostics) {
    if (diagnostic.source !== 'milore') continue;
    const joined = diagnostic.code === shortClips && joinShort(document.getText(), tree);
    if (joined) {
      const at = document.positionAt(joined.at);
      actions.push({
        title: t('Join short recordings'),
        kind: CodeActionKind.QuickFix,
        diagnostics: [diagnostic],
        isPreferred: true,
        edit: { changes: { [document.uri]: [{ range: { start: at, end: at }, newText: joined.write }] } },
      });
      continue;
    }
    const at = entryAt(tree, document.offsetAt(diagnostic.range.start));
    if (!at) continue;
    const found = await fixesOf(String(diagnostic.code), at, document.uri, grammar, workspace, t);
    for (const [index, { title, write, command }] of found.entries()) {
      const range = { start: document.positionAt(at.span.start), end: document.positionAt(at.span.end) };
      const edits: TextEdit[] | undefined = write === undefined ? undefined : [{ range, newText: write }];
      actions.push({
        title,
        kind: CodeActionKind.QuickFix,
        diagnostics: [diagnostic],
        isPreferred: index === 0 && edits !== undefined,
        ...(edits ? { edit: { changes: { [document.uri]: edits } } } : {}),
        ...(command ? { command } : {}),
      });
    }
  }
  return actions;
}

interface At {
  entry: Entry;
  span: Span;
  /** The key's or value's own words. */
  text: string;
}

function entryAt(tree: Tree, offset: number): At | undefined {
  for (const entry of tree.entries) {
    if (entry.key?.start === offset) return { entry, span: entry.key, text: String(entry.path.at(-1)) };
    if (entry.kind === 'text' && entry.value?.start === offset) {
      return { entry, span: entry.value, text: entry.text ?? '' };
    }
  }
  return undefined;
}

async function fixesOf(
  code: string,
  { entry, text }: At,
  uri: string,
  grammar: Grammar,
  workspace: Workspace,
  t: Translate,
): Promise<Fix[]> {
  const change = (to: string, shown = to): Fix => ({ title: t('Change to {0}', shown), write: yamlText(to) });
  switch (code) {
    case 'config.unknown-key': {
      const near = nearest(text, grammar.keys.under(entry.path.slice(0, -1)));
      return near ? [change(near)] : [];
    }
    case 'config.wrong-value': {
      const near = nearest(text, rowOf(grammar, entry.path)?.values ?? []);
      return near ? [change(near)] : [];
    }
    case 'config.language-code':
      return suggestCodes(text).map((found) => change(found.code, `${found.code} (${found.name})`));
    case 'config.unknown-dataset':
    case 'config.unknown-model': {
      const reference = parseReference(text);
      if (!reference) return [];
      const { kind, name } = reference;
      const list = await workspace.datasets(uri);
      const near = nearest(name, Object.keys((kind === 'dataset' ? list?.datasets : list?.models) ?? {}));
      const add =
        kind === 'dataset'
          ? { title: t('Add the dataset {0}…', name), command: 'milore.dataset.add' }
          : { title: t('Add the base model {0}…', name), command: 'milore.model.add' };
      const fix: Fix = { title: add.title, command: { ...add, arguments: [name] } };
      return near ? [change(referenceTo({ kind, name: near })), fix] : [fix];
    }
    case 'config.path-missing': {
      const near = await nearestPath(text, uri, workspace);
      return near === undefined ? [] : [change(near)];
    }
    default:
      return [];
  }
}

/** The path with its first part that is not there exchanged for the nearest that is. */
async function nearestPath(path: string, uri: string, workspace: Workspace): Promise<string | undefined> {
  const parts = path.split('/');
  for (const [index, part] of parts.entries()) {
    if (part === '' || part === '.' || part === '..') continue;
    const before = parts.slice(0, index).join('/') + (index > 0 ? '/' : '');
    const names = (await workspace.entries(uri, before))
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('.'));
    if (names.includes(part)) continue;
    const near = nearest(part, names.slice(0, 2000));
    return near === undefined ? undefined : [...parts.slice(0, index), near, ...parts.slice(index + 1)].join('/');
  }
  return undefined;
}
