/** @file What a key or value means: its row, a language's name, a dataset's folder. */
import type { Hover, Position } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { suggestCodes } from '../../sidecar/config/iso639.ts';
import { parseReference } from '../../sidecar/config/references.ts';
import { languageName } from '../language-name.ts';
import { describeKey } from './describe-key.ts';
import { type Grammar, rowOf, variable } from './grammar.ts';
import type { Tree } from './tree.ts';
import { plain, type Translate } from './words.ts';
import type { Workspace } from './workspace.ts';

export async function hover(
  document: TextDocument,
  tree: Tree,
  position: Position,
  grammar: Grammar,
  workspace: Workspace,
  t: Translate,
): Promise<Hover | undefined> {
  const touched = tree.touching(document.offsetAt(position));
  if (!touched) return undefined;
  const { entry, on, span } = touched;
  const range = { start: document.positionAt(span.start), end: document.positionAt(span.end) };
  const show = (value: string): Hover => ({ contents: { kind: 'markdown', value }, range });
  const section = entry.path.slice(0, -1);
  const key = String(entry.path.at(-1));
  const role = grammar.role(entry.path);

  if (on === 'key') {
    const named = grammar.named(section);
    if (named === 'language') return show(language(key, t));
    const varied = named === 'key' ? variable().find(({ path }) => path === key) : undefined;
    if (varied) return show(describeKey(varied, t));
    if (named === 'dataset' || named === 'model') {
      const path = tree.at([...entry.path, 'path'])?.text ?? '';
      const code = tree.at([...entry.path, 'language'])?.text;
      return show(reference(key, path, code, t));
    }
  } else {
    const text = entry.text ?? '';
    const isCode = role?.names === 'language' || (role?.names === 'languages' && languageName(text) !== undefined);
    if (isCode) return show(language(text, t));
    const referred = role && 'references' in role && role.references ? parseReference(text) : undefined;
    if (referred) {
      const list = await workspace.datasets(document.uri);
      const entries = referred.kind === 'dataset' ? list?.datasets : list?.models;
      if (!list || !entries || !Object.hasOwn(entries, referred.name)) {
        return show(plain(t('{0} is in no milore.datasets.yaml of this folder or above it.', text)));
      }
      const found = entries[referred.name];
      return show(reference(referred.name, found.path, 'language' in found ? found.language : undefined, t));
    }
  }
  const row = rowOf(grammar, entry.path);
  return row ? show(describeKey(row, t)) : undefined;
}

function language(code: string, t: Translate): string {
  const name = languageName(code);
  if (name) return `**${plain(code)}**: ${plain(name)} \\(ISO 639\\-3\\)`;
  const meant = suggestCodes(code).map((found) => `**${plain(found.code)}** \\(${plain(found.name)}\\)`);
  const wrong = plain(t('{0} is not an ISO 639-3 code.', code));
  return meant.length ? `${wrong} ${plain(t('Meant is probably'))} ${meant.join(', ')}` : wrong;
}

function reference(name: string, path: string, code: string | undefined, t: Translate): string {
  const spoken = code ? `\n- ${plain(t('Language'))}: ${plain(code)} \\(${plain(languageName(code) ?? '?')}\\)` : '';
  return `**${plain(name)}**\n\n- ${plain(t('Path'))}: ${plain(path)}${spoken}`;
}
