/** @file What one click can cure: a mistyped key, word or path, a wrong language code, a name that no list has. */
import { type CodeAction, CodeActionKind, type Diagnostic, type TextEdit } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { suggestCodes } from '../../sidecar/config/iso639.ts';
import { nearest } from '../../sidecar/config/nearest.ts';
import { parseReference, referenceTo } from '../../sidecar/config/references.ts';
import type { Fix as Cure } from '../../sidecar/errors.ts';
import { type Change, takeOut, write } from './cures.ts';
import { type Grammar, rowOf, variable } from './grammar.ts';
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
    if (diagnostic.code === 'config.empty') {
      const title = t('Fill it in step by step…');
      const command = { title, command: 'milore.newExperiment' };
      actions.push({ title, kind: CodeActionKind.QuickFix, diagnostics: [diagnostic], command });
      continue;
    }
    const offset = document.offsetAt(diagnostic.range.start);
    const at = entryAt(tree, offset);
    const found = at ? await fixesOf(String(diagnostic.code), at, document.uri, grammar, workspace, t) : [];
    if (!found.some(({ write }) => write !== undefined)) {
      const cured = await cureOf(diagnostic, offset, document, tree, workspace, t);
      if (cured) {
        const range = { start: document.positionAt(cured.change.start), end: document.positionAt(cured.change.end) };
        actions.push({
          title: cured.title,
          kind: CodeActionKind.QuickFix,
          diagnostics: [diagnostic],
          isPreferred: cured.preferred,
          edit: { changes: { [document.uri]: [{ range, newText: cured.change.text }] } },
        });
      }
    }
    if (!at) continue;
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

/** What the problem itself knows to be its cure, or a value that the workspace has one of. */
async function cureOf(
  { code, data }: Diagnostic,
  offset: number,
  document: TextDocument,
  tree: Tree,
  workspace: Workspace,
  t: Translate,
): Promise<{ title: string; change: Change; preferred: boolean } | undefined> {
  const text = document.getText();
  const twice = code === 'config.duplicate-key' && tree.entries.find(({ key }) => key?.start === offset);
  const fix = twice ? { path: twice.path } : fixIn(data);
  if (!fix) return undefined;
  const value =
    fix.write ?? (code === 'config.missing-key' ? await valueFor(fix.path, document.uri, workspace) : undefined);
  const key = fix.path.filter((part) => typeof part === 'string').join('.');
  if (value !== undefined) {
    const change = write(text, tree, fix.path, value);
    return change && { title: t('Write {0}', `${key}: ${value}`), change, preferred: true };
  }
  if (code === 'config.missing-key') return undefined;
  const change = takeOut(text, tree, fix.path, twice ? offset : undefined);
  const item = fix.path.at(-1);
  const shown = typeof item === 'number' ? (tree.at(fix.path)?.text ?? key) : key;
  return change && { title: t('Take {0} out', shown), change, preferred: code !== 'config.unknown-key' };
}

function fixIn(data: unknown): Cure | undefined {
  const { path, write } = (data ?? {}) as { path?: unknown; write?: unknown };
  if (!Array.isArray(path) || (write !== undefined && typeof write !== 'string')) return undefined;
  return { path: path as Cure['path'], ...(write === undefined ? {} : { write }) };
}

/** The base or the data that a workspace has one of. */
async function valueFor(path: Cure['path'], uri: string, workspace: Workspace): Promise<string | undefined> {
  const list = await workspace.datasets(uri);
  const models = Object.keys(list?.models ?? {});
  const model = models.length === 1 ? yamlText(`model:${models[0]}`) : undefined;
  if (path.join('.') === 'base') return model && `{ model: ${model} }`;
  if (path.join('.') === 'base.model') return model;
  if (path.length !== 3 || path[0] !== 'languages' || path[2] !== 'data') return undefined;
  const spoken = Object.entries(list?.datasets ?? {}).filter(([, { language }]) => language === path[1]);
  return spoken.length === 1 ? yamlText(`dataset:${spoken[0][0]}`) : undefined;
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
    case 'config.reference-kind': {
      const reference = parseReference(text);
      const kind = reference?.kind === 'dataset' ? 'model' : 'dataset';
      const list = await workspace.datasets(uri);
      const names = Object.keys((kind === 'dataset' ? list?.datasets : list?.models) ?? {});
      const near = reference && (names.includes(reference.name) ? reference.name : nearest(reference.name, names));
      return near === undefined ? [] : [change(referenceTo({ kind, name: near }))];
    }
    case 'sweep.key': {
      const near = nearest(
        text,
        variable().map(({ path }) => path),
      );
      return near ? [change(near)] : [];
    }
    case 'sweep.preset': {
      const near = nearest(text, rowOf(grammar, ['sweep', 'preset'])?.values ?? []);
      return near ? [change(near)] : [];
    }
    case 'config.path-missing': {
      const near = await nearestPath(text, uri, workspace);
      if (near !== undefined) return [change(near)];
      // Nothing of that name is near: what the list has in its place.
      const role = grammar.role(entry.path);
      const list = await workspace.datasets(uri);
      const known =
        role?.names === 'model' && role.references
          ? Object.keys(list?.models ?? {}).map((name) => referenceTo({ kind: 'model', name }))
          : role?.names === 'audio' && role.references
            ? Object.entries(list?.datasets ?? {})
                .filter(([, { language }]) => language === role.code)
                .map(([name]) => referenceTo({ kind: 'dataset', name }))
            : [];
      if (known.length > 0) return known.slice(0, 3).map((reference) => change(reference));
      return [];
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
