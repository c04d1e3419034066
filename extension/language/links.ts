/** @file Links from the paths and names of a file to what they stand for. */
import type { DocumentLink } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { parseReference } from '../../sidecar/config/references.ts';
import type { Grammar } from './grammar.ts';
import type { Entry, Tree } from './tree.ts';
import type { Translate } from './words.ts';
import { uriOf, type Workspace } from './workspace.ts';

/** More paths than any experiment has. */
const most = 500;

/** A folder's link ends with `/`: the client shows it in the explorer. A name leads to its line in the list. */
export async function links(
  document: TextDocument,
  tree: Tree,
  grammar: Grammar,
  workspace: Workspace,
  t: Translate,
): Promise<DocumentLink[]> {
  const { uri } = document;
  const files = workspace.files(uri);
  if (!files) return [];
  const link = async (entry: Entry): Promise<DocumentLink | undefined> => {
    const role = grammar.role(entry.path);
    if (!role || !('references' in role || role.names === 'head') || !entry.text || !entry.value) return undefined;
    const range = { start: document.positionAt(entry.value.start), end: document.positionAt(entry.value.end) };
    const reference = 'references' in role && role.references ? parseReference(entry.text) : undefined;
    if (reference) {
      const list = await workspace.datasets(uri);
      const entries = reference.kind === 'dataset' ? list?.datasets : list?.models;
      if (!list || !entries || !Object.hasOwn(entries, reference.name)) return undefined;
      const { line = 1, column = 1 } = entries[reference.name].place ?? {};
      return { range, target: `${uriOf(list.file, uri)}#L${line},${column}`, tooltip: t('Show it in the list') };
    }
    const target = files.absolute(entry.text, workspace.folder(uri));
    const found = await files.look(target).catch(() => undefined);
    if (found === undefined) return undefined;
    if (found === 'folder') return { range, target: `${uriOf(target, uri)}/`, tooltip: t('Show the folder') };
    return { range, target: uriOf(target, uri), tooltip: t('Open the file') };
  };
  const texts = tree.entries.filter(({ kind }) => kind === 'text').slice(0, most);
  return (await Promise.all(texts.map(link))).filter((found) => found !== undefined);
}
