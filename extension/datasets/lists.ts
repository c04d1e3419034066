/**
 * @file Every `milore.datasets.yaml` of the workspace: read, watched, and changed as a person would change it, in the
 * open editor where there is one. It must not know the tree or the sidecar.
 */
import * as vscode from 'vscode';
import { datasetsFileName, type ParsedDatasets, parseDatasets } from '../../sidecar/config/datasets.ts';
import { ListFile } from './list-file.ts';

const mostLists = 50;
const settleMs = 150;

export class Lists implements vscode.Disposable {
  #files: ListFile[] = [];
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onChange = this.#changed.event;
  readonly #parts: vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    const watcher = vscode.workspace.createFileSystemWatcher(`**/${datasetsFileName}`);
    const later = () => this.#later();
    this.#parts = [
      this.#changed,
      watcher,
      watcher.onDidChange(later),
      watcher.onDidCreate(later),
      watcher.onDidDelete(later),
      vscode.workspace.onDidChangeWorkspaceFolders(later),
      // What stands in the editor counts, saved or not.
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.path.endsWith(`/${datasetsFileName}`)) later();
      }),
    ];
    void this.refresh();
  }

  get files(): readonly ListFile[] {
    return this.#files;
  }

  async refresh(): Promise<void> {
    const uris = await vscode.workspace.findFiles(
      `**/${datasetsFileName}`,
      '**/{node_modules,.git,.milore}/**',
      mostLists,
    );
    const files = await Promise.all(uris.map(async (uri) => new ListFile(uri, parse(uri, await textOf(uri)))));
    this.#files = files.sort((a, b) => (a.uri.path < b.uri.path ? -1 : 1));
    this.#changed.fire();
  }

  /** The list that something in `folder` belongs to: the nearest above it, else one that is begun in its workspace. */
  listFor(folder: vscode.Uri): vscode.Uri | undefined {
    const holds = ({ uri }: ListFile) => isBelow(folder, vscode.Uri.joinPath(uri, '..'));
    const nearest = this.#files.filter(holds).sort((a, b) => b.uri.path.length - a.uri.path.length)[0];
    if (nearest) return nearest.uri;
    const workspace = vscode.workspace.getWorkspaceFolder(folder) ?? vscode.workspace.workspaceFolders?.[0];
    return workspace && vscode.Uri.joinPath(workspace.uri, datasetsFileName);
  }

  /** Every name that the list has now. */
  async read(uri: vscode.Uri): Promise<ParsedDatasets> {
    return parse(uri, await textOf(uri));
  }

  /** Changes the text of a list; one that is not there is begun. An editor with unsaved changes keeps them unsaved. */
  async edit(uri: vscode.Uri, change: (text: string) => string): Promise<void> {
    const before = await textOf(uri);
    const after = change(before);
    if (after === before) return;
    if (!(await exists(uri))) await vscode.workspace.fs.writeFile(uri, Buffer.from(after));
    else {
      const document = await vscode.workspace.openTextDocument(uri);
      const unsaved = document.isDirty;
      const edit = new vscode.WorkspaceEdit();
      const [start, end, text] = difference(before, after);
      edit.replace(uri, new vscode.Range(document.positionAt(start), document.positionAt(end)), text);
      if (!(await vscode.workspace.applyEdit(edit))) {
        throw new Error(vscode.l10n.t('{0} could not be changed. Close it and try again.', uri.fsPath));
      }
      if (!unsaved) await document.save();
    }
    await this.refresh();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const part of this.#parts) part.dispose();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), settleMs);
  }
}

const parse = (uri: vscode.Uri, text: string) => parseDatasets(text, uri.fsPath);

async function textOf(uri: vscode.Uri): Promise<string> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open) return open.getText();
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch {
    return '';
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

export function isBelow(uri: vscode.Uri, folder: vscode.Uri): boolean {
  const [path, base] = [uri.path, folder.path].map((text) => (text.endsWith('/') ? text : `${text}/`));
  return uri.scheme === folder.scheme && uri.authority === folder.authority && path.startsWith(base);
}

/** The one stretch in which two texts differ: where it begins and ends in the first, and what stands there instead. */
function difference(before: string, after: string): [start: number, end: number, text: string] {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let same = 0;
  const most = Math.min(before.length, after.length) - start;
  while (same < most && before[before.length - 1 - same] === after[after.length - 1 - same]) same++;
  return [start, before.length - same, after.slice(start, after.length - same)];
}
