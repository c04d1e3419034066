/**
 * @file The language client: starts the server, lends it the editor's file system, and tells it when files come and go.
 * It starts nothing but that server, so it runs in Restricted Mode and in virtual workspaces too.
 */
import * as vscode from 'vscode';
import {
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  TransportKind,
} from 'vscode-languageclient/node';
import { reveal } from '../reveal.ts';
import { changed, type EditorRequests, type Initialization, type InspectedData, type Kind } from './messages.ts';

const mostBytes = 16_000_000;
const mostExperiments = 5000;
const experiments = '**/*.milore.{yaml,yml}';

const kindOf = (type: vscode.FileType): Kind =>
  type & vscode.FileType.Directory ? 'folder' : type & vscode.FileType.File ? 'file' : 'other';

const absent = (error: unknown) =>
  error instanceof vscode.FileSystemError && (error.code === 'FileNotFound' || error.code === 'FileNotADirectory');

async function look(uri: vscode.Uri): Promise<Kind | null> {
  try {
    return kindOf((await vscode.workspace.fs.stat(uri)).type);
  } catch (error) {
    if (absent(error)) return null;
    throw error;
  }
}

async function read(uri: vscode.Uri): Promise<string> {
  const { size } = await vscode.workspace.fs.stat(uri);
  if (size > mostBytes) throw new Error(`it has ${size} bytes; ${mostBytes} is the most.`);
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
}

/** Ours, since only a command of the extension's own has its URIs translated where the workspace is remote. */
const revealCommand = 'milore.language.reveal';

/** A folder cannot be opened as a text: it is shown where folders are. */
function showFolder(link: vscode.DocumentLink): vscode.DocumentLink {
  const { target } = link;
  if (!target?.path.endsWith('/')) return link;
  const folder = target.with({ path: target.path.slice(0, -1) });
  link.target = vscode.Uri.parse(`command:${revealCommand}?${encodeURIComponent(JSON.stringify([String(folder)]))}`);
  return link;
}

/** What the data view knows of what experiments are made of. */
export interface Inspections {
  inspected(): InspectedData[];
  onChange: vscode.Event<void>;
}

/** Resolves when the server answers; the disposable stops it. */
export async function startLanguageClient(
  context: vscode.ExtensionContext,
  inspections: Inspections,
): Promise<vscode.Disposable> {
  const module = vscode.Uri.joinPath(context.extensionUri, 'dist', 'language-server.cjs').fsPath;
  const server: ServerOptions = { module, transport: TransportKind.ipc };
  const watchers = [experiments, '**/milore.datasets.yaml', '**/config.json', '**/.milore/pace.json'].map((pattern) =>
    vscode.workspace.createFileSystemWatcher(pattern),
  );
  const { bundle } = vscode.l10n;
  const initialization: Initialization = { words: bundle ?? {}, ...(bundle ? { locale: vscode.env.language } : {}) };
  const options: LanguageClientOptions = {
    documentSelector: [{ language: 'milore' }],
    initializationOptions: initialization,
    synchronize: { fileEvents: watchers },
    markdown: { isTrusted: false, supportHtml: false },
    middleware: {
      provideDocumentLinks: async (document, token, next) => (await next(document, token))?.map(showFolder),
    },
  };
  const client = new LanguageClient('milore', vscode.l10n.t('MiLorE Experiments'), server, options);

  const answer = <M extends keyof EditorRequests>(
    method: M,
    how: (params: EditorRequests[M]['params']) => Promise<EditorRequests[M]['result']>,
  ) => client.onRequest<unknown, void>(method, how);
  answer('milore/look', ({ uri }) => look(vscode.Uri.parse(uri, true)));
  answer('milore/list', async ({ uri }) => {
    const entries = await vscode.workspace.fs.readDirectory(vscode.Uri.parse(uri, true));
    return entries.map(([name, type]) => ({ name, kind: kindOf(type) }));
  });
  answer('milore/read', ({ uri }) => read(vscode.Uri.parse(uri, true)));
  answer('milore/experiments', async () =>
    (await vscode.workspace.findFiles(experiments, '**/{node_modules,.milore}/**', mostExperiments)).map(String),
  );

  answer('milore/inspected', async () => inspections.inspected());

  await client.start();
  // A server that has ended is started anew by the client, and then reads everything.
  const tell = () => void client.sendNotification(changed, {}).catch(() => {});
  return vscode.Disposable.from(
    ...watchers,
    vscode.commands.registerCommand(revealCommand, (folder: string) => reveal(vscode.Uri.parse(folder, true))),
    inspections.onChange(tell),
    vscode.workspace.onDidCreateFiles(tell),
    vscode.workspace.onDidDeleteFiles(tell),
    vscode.workspace.onDidRenameFiles(tell),
    vscode.workspace.onDidChangeWorkspaceFolders(tell),
    // Audio is copied by other programs: whoever comes back to the editor finds it checked anew.
    vscode.window.onDidChangeWindowState(({ focused }) => focused && tell()),
    { dispose: () => void client.dispose() },
  );
}
