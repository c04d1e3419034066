/**
 * @file The language server's process: it composes, and keeps documents and their trees. What is right to write stands in
 * sidecar/config; what is offered stands in the files beside this one.
 */
import { availableParallelism } from 'node:os';
import {
  CodeActionKind,
  CodeLensRefreshRequest,
  type CompletionList,
  createConnection,
  type Diagnostic,
  DidChangeWatchedFilesNotification,
  ErrorCodes,
  type InitializeResult,
  ProposedFeatures,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { BaseConfig } from '../../sidecar/architecture/config.ts';
import { PACE_FILE, type Paces, paceOf, parsePaces } from '../../sidecar/config/pace.ts';
import { type Experiment, parseExperiment } from '../../sidecar/config/parse.ts';
import type { Files } from '../../sidecar/config/paths.ts';
import { machineName } from '../../sidecar/machine.ts';
import { speak } from '../language-name.ts';
import { complete } from './completion.ts';
import { problemsOf, toDiagnostic } from './diagnostics.ts';
import { fixes } from './fixes.ts';
import { type Grammar, grammarOf } from './grammar.ts';
import { hover } from './hover.ts';
import { buttons, type KnownOf, sizeLine } from './lens.ts';
import { links } from './links.ts';
import { headsOf, lossesOf, speechOf } from './losses.ts';
import { changed, type EditorRequests, type Initialization } from './messages.ts';
import { RenameRefused, renameable, renameEverywhere } from './rename.ts';
import { symbols } from './symbols.ts';
import { Tree } from './tree.ts';
import { translator } from './words.ts';
import { pathOf, uriOf, Workspace } from './workspace.ts';

/** Silence after the last keystroke before a text is checked. */
const quietMs = 150;

const connection = createConnection(ProposedFeatures.all);
const documents = new TextDocuments(TextDocument);
const ask = <M extends keyof EditorRequests>(method: M, params: EditorRequests[M]['params']) =>
  connection.sendRequest<EditorRequests[M]['result']>(method, params);
const workspace = new Workspace({
  look: (uri) => ask('milore/look', { uri }),
  list: (uri) => ask('milore/list', { uri }),
  read: (uri) => ask('milore/read', { uri }),
  experiments: () => ask('milore/experiments', {}),
  open: (path) =>
    documents
      .all()
      .find(({ uri }) => pathOf(uri) === path)
      ?.getText(),
});
let t = translator({});
let refreshesLenses = false;

connection.onInitialize(({ initializationOptions, capabilities }): InitializeResult => {
  const { words = {}, locale } = (initializationOptions ?? {}) as Partial<Initialization>;
  t = translator(words);
  speak(locale);
  refreshesLenses = capabilities.workspace?.codeLens?.refreshSupport ?? false;
  return {
    capabilities: {
      textDocumentSync: TextDocumentSyncKind.Incremental,
      completionProvider: { triggerCharacters: [':', ' ', '/', '[', '{', ',', '-', '"', "'"] },
      hoverProvider: true,
      codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
      codeLensProvider: {},
      documentLinkProvider: {},
      documentSymbolProvider: true,
      renameProvider: { prepareProvider: true },
    },
  };
});

interface Known {
  document: TextDocument;
  tree: Tree;
  grammar: Grammar;
}

const trees = new WeakMap<TextDocument, { version: number; tree: Tree }>();

function known({ uri }: { uri: string }): Known | undefined {
  const document = documents.get(uri);
  if (!document) return undefined;
  let entry = trees.get(document);
  if (entry?.version !== document.version) {
    entry = { version: document.version, tree: new Tree(document.getText()) };
    trees.set(document, entry);
  }
  return { document, tree: entry.tree, grammar: grammarOf(uri) };
}

// Diagnostics: an experiment's faults may stand in its list of datasets, so each file shows what all sources say of it.
const timers = new Map<string, NodeJS.Timeout>();
const found = new Map<string, Map<string, Diagnostic[]>>();

async function check(uri: string): Promise<void> {
  const about = known({ uri });
  if (!about) return;
  const { document, tree, grammar } = about;
  const { version } = document;
  const file = pathOf(uri);
  const files = workspace.files(uri);
  const problems = await problemsOf(document.getText(), file, grammar, files);
  if (problems.length === 0 && files && grammar.kind === 'experiment') {
    // A client that knows nothing of inspections does not answer.
    const inspected = await ask('milore/inspected', {}).catch(() => []);
    problems.push(...(await lossesOf(document.getText(), file, files, inspected, t)));
    problems.push(...(await headsOf(document.getText(), file, files, t)));
  }
  if (documents.get(uri)?.version !== version) return;
  const byFile = new Map<string, Diagnostic[]>([[uri, []]]);
  for (const problem of problems) {
    const elsewhere = problem.place && problem.place.file !== file;
    const at = elsewhere ? openUri(problem.place!.file, uri) : uri;
    const target = elsewhere ? known({ uri: at }) : about;
    const shown = target ?? { document: TextDocument.create(at, 'milore', 0, await textOf(at)), tree: new Tree('') };
    const diagnostic = toDiagnostic(problem, shown.document, target ? target.tree : tree);
    byFile.set(at, [...(byFile.get(at) ?? []), diagnostic]);
  }
  const before = found.get(uri);
  found.set(uri, byFile);
  for (const at of new Set([...(before?.keys() ?? []), ...byFile.keys()])) publish(at);
}

const openUri = (path: string, like: string) =>
  documents.all().find(({ uri }) => pathOf(uri) === path)?.uri ?? uriOf(path, like);

const textOf = (uri: string) => workspace.text(uri).catch(() => '');

/** What all sources say of a file, the same place and code once. */
function publish(uri: string): void {
  const once = new Map<string, Diagnostic>();
  const sources = [found.get(uri)?.get(uri) ?? [], ...[...found.values()].map((byFile) => byFile.get(uri) ?? [])];
  for (const diagnostic of sources.flat()) {
    const key = JSON.stringify([diagnostic.range.start, diagnostic.code]);
    if (!once.has(key)) once.set(key, diagnostic);
  }
  void connection.sendDiagnostics({ uri, diagnostics: [...once.values()] });
}

function checkSoon(uri: string, waitMs = quietMs): void {
  clearTimeout(timers.get(uri));
  timers.set(
    uri,
    setTimeout(() => {
      timers.delete(uri);
      check(uri).catch((error) => connection.console.error(`internal: check ${uri}: ${error?.stack ?? error}`));
    }, waitMs),
  );
}

function checkAll(except?: string): void {
  workspace.forget();
  for (const { uri } of documents.all()) if (uri !== except) checkSoon(uri);
  if (refreshesLenses) void connection.sendRequest(CodeLensRefreshRequest.type).catch(() => {});
}

const opened = new Set<string>();
documents.onDidChangeContent(({ document: { uri } }) => {
  checkSoon(uri, opened.has(uri) ? quietMs : 0);
  opened.add(uri);
  if (grammarOf(uri).kind === 'datasets') checkAll(uri);
});
documents.onDidClose(({ document: { uri } }) => {
  clearTimeout(timers.get(uri));
  timers.delete(uri);
  opened.delete(uri);
  const shown = found.get(uri);
  found.delete(uri);
  for (const at of shown?.keys() ?? []) publish(at);
});
connection.onNotification(DidChangeWatchedFilesNotification.type, () => checkAll());
connection.onNotification(changed, () => checkAll());

const nothing: CompletionList = { isIncomplete: false, items: [] };

connection.onCompletion(({ textDocument, position }) => {
  const document = documents.get(textDocument.uri);
  return document ? complete(document, position, grammarOf(textDocument.uri), workspace, t) : nothing;
});

connection.onHover(({ textDocument, position }) => {
  const about = known(textDocument);
  return about && hover(about.document, about.tree, position, about.grammar, workspace, t);
});

connection.onCodeAction(({ textDocument, context }) => {
  const about = known(textDocument);
  return about ? fixes(about.document, about.tree, context.diagnostics, about.grammar, workspace, t) : [];
});

connection.onCodeLens(async ({ textDocument: { uri } }) => {
  const document = documents.get(uri);
  if (!document || grammarOf(uri).kind !== 'experiment') return [];
  const { experiment } = parseExperiment(document.getText(), pathOf(uri));
  if (!experiment) return buttons(uri, t);
  const shape = await workspace.shape(uri, experiment.base.model);
  const known = shape && (await knownOf(experiment, shape, uri));
  return [...buttons(uri, t), ...sizeLine(experiment, shape, availableParallelism(), t, known)];
});

/** How much speech was read, and how fast this machine was. */
async function knownOf(experiment: Experiment, shape: BaseConfig, uri: string): Promise<KnownOf> {
  const files = workspace.files(uri);
  if (!files) return { speech: {} };
  const inspected = await ask('milore/inspected', {}).catch(() => []);
  const [speech, paces] = await Promise.all([speechOf(experiment, pathOf(uri), files, inspected), pacesOf(files, uri)]);
  return { speech, pace: paceOf(paces, experiment.device, shape) };
}

/** Beside the runs, in the experiment's folder or one above it. */
async function pacesOf(files: Files, uri: string): Promise<Paces> {
  const machine = machineName();
  for (let folder = workspace.folder(uri), level = 0; level < 6; folder = files.parent(folder), level++) {
    const text = await files.read(files.join(files.join(folder, '.milore'), PACE_FILE)).catch(() => undefined);
    if (text !== undefined) return parsePaces(text, machine);
  }
  return { machine, entries: [] };
}

connection.onDocumentLinks(({ textDocument }) => {
  const about = known(textDocument);
  return about ? links(about.document, about.tree, about.grammar, workspace, t) : [];
});

connection.onDocumentSymbol(({ textDocument }) => {
  const about = known(textDocument);
  return about ? symbols(about.document, about.tree, about.grammar) : [];
});

connection.onPrepareRename(({ textDocument, position }) => {
  const about = known(textDocument);
  const named = about && renameable(about.document, about.tree, position, about.grammar);
  return named ? { range: named.range, placeholder: named.name } : null;
});

connection.onRenameRequest(async ({ textDocument, position, newName }) => {
  const about = known(textDocument);
  const named = about && renameable(about.document, about.tree, position, about.grammar);
  if (!named) return null;
  workspace.forget();
  try {
    return { changes: await renameEverywhere(textDocument.uri, named, newName, workspace) };
  } catch (error) {
    if (error instanceof RenameRefused) throw new ResponseError(ErrorCodes.InvalidRequest, error.message);
    throw error;
  }
});

documents.listen(connection);
connection.listen();
