/** @file The editor's side of the language server, on Node's file system: what VS Code's client answers. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { grammarOf } from '../../extension/language/grammar.ts';
import { Tree } from '../../extension/language/tree.ts';
import { translator } from '../../extension/language/words.ts';
import { type Editor, Workspace } from '../../extension/language/workspace.ts';

const kindOf = (entry: { isDirectory(): boolean; isFile(): boolean }) =>
  entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other';

/** `root`: where experiments are looked for. */
export function nodeEditor(root: string, open: (path: string) => string | undefined = () => undefined): Editor {
  return {
    open,
    async look(uri) {
      try {
        return kindOf(await stat(fileURLToPath(uri)));
      } catch (error) {
        if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
        throw error;
      }
    },
    async list(uri) {
      const entries = await readdir(fileURLToPath(uri), { withFileTypes: true });
      return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
    },
    read: (uri) => readFile(fileURLToPath(uri), 'utf8'),
    async experiments() {
      const names = await readdir(root, { recursive: true });
      return names.filter((name) => /\.milore\.ya?ml$/.test(name)).map((name) => pathToFileURL(join(root, name)).href);
    },
  };
}

/** Text with `|` where the cursor stands, as the server's functions take it. */
export function opened(file: string, marked: string, root: string) {
  const offset = marked.indexOf('|');
  const text = offset < 0 ? marked : marked.slice(0, offset) + marked.slice(offset + 1);
  const uri = pathToFileURL(file).href;
  const document = TextDocument.create(uri, 'milore', 1, text);
  return {
    uri,
    text,
    document,
    tree: new Tree(text),
    position: document.positionAt(Math.max(0, offset)),
    grammar: grammarOf(uri),
    workspace: new Workspace(nodeEditor(root)),
    t: translator({}),
  };
}
