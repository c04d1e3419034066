import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  CodeAction,
  CodeLens,
  CompletionList,
  Diagnostic,
  DocumentLink,
  DocumentSymbol,
  Hover,
  InitializeResult,
  MarkupContent,
  WorkspaceEdit,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { loadExperiment } from '../../../sidecar/config/resolve.ts';
import { LanguageServer } from '../../support/language-client.ts';

describe('the built server, in its own process', () => {
  let root: string;
  let server: LanguageServer;
  let capabilities: InitializeResult['capabilities'];
  let uri: string;
  let list: string;
  let text: string;
  const inside = (name: string) => join(root, name);

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'milore-server-'));
    await cp(resolve('extension/sample'), root, {
      recursive: true,
      filter: (path) => !/\.(opus|safetensors)$/.test(path),
    });
    uri = pathToFileURL(inside('add-two-languages.milore.yaml')).href;
    list = pathToFileURL(inside('milore.datasets.yaml')).href;
    text = await readFile(inside('add-two-languages.milore.yaml'), 'utf8');
    [server, { capabilities }] = await LanguageServer.start(root, { Train: 'Trainieren' });
    server.open(uri, text);
  });
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    await rm(root, { recursive: true });
  });

  const at = (needle: string, within = text, of = uri) => {
    const offset = within.indexOf(needle);
    expect(offset).toBeGreaterThanOrEqual(0);
    return { textDocument: { uri: of }, position: TextDocument.create('', '', 0, within).positionAt(offset + 1) };
  };

  it('says what it can', () => {
    expect(capabilities).toMatchObject({
      hoverProvider: true,
      documentSymbolProvider: true,
      renameProvider: { prepareProvider: true },
      codeLensProvider: {},
      documentLinkProvider: {},
    });
  });

  it('finds nothing wrong with the sample, and faults while it is being changed', async () => {
    await server.diagnostics(uri, (found) => found.length === 0);
    server.change(uri, text.replace('experts: 4', 'expertts: 4').replace('fin-udhr', 'fin-uhdr'));
    const [, only] = await server.diagnostics(uri, (found) => found.length > 1);
    expect(only).toMatchObject({ code: 'config.unknown-key', source: 'milore' });
    const actions = await server.request<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri },
      range: only.range,
      context: { diagnostics: [only] },
    });
    expect(actions.map(({ title }) => title)).toEqual(['Change to experts']);
    server.change(uri, text);
    await server.diagnostics(uri, (found) => found.length === 0);
  });

  it('tells what the terminal tells of the same file', async () => {
    const faulty = text.replace('dataset:fin-udhr', 'speech/fni').replace('model:sample-base', 'model:simple-base');
    const file = inside('faulty.milore.yaml');
    await writeFile(file, faulty);
    const error = await loadExperiment(file).catch((caught) => caught);
    const other = pathToFileURL(file).href;
    server.open(other, faulty);
    const found = await server.diagnostics(other, (all) => all.length > 0);
    const told = ({ code, range, message }: Diagnostic) => [
      code,
      range.start.line + 1,
      range.start.character + 1,
      message,
    ];
    expect(found.map(told)).toEqual(
      error.problems.map(
        (p: { code: string; tried: string; why: string; cure: string; place: { line: number; column: number } }) => [
          p.code,
          p.place.line,
          p.place.column,
          `Could not ${p.tried}: ${p.why} ${p.cure}`,
        ],
      ),
    );
    server.notify('textDocument/didClose', { textDocument: { uri: other } });
    await rm(file);
  });

  it('shows a fault of the list of datasets in the list, also while nobody has opened it', async () => {
    const good = await readFile(inside('milore.datasets.yaml'), 'utf8');
    await writeFile(inside('milore.datasets.yaml'), good.replace('speech/fin', 'speech/fni'));
    server.notify('milore/changed', {});
    const [only] = await server.diagnostics(list, (found) => found.length > 0);
    expect(only).toMatchObject({ code: 'config.path-missing', range: { start: { line: 6 } } });
    await writeFile(inside('milore.datasets.yaml'), good);
    server.notify('workspace/didChangeWatchedFiles', { changes: [] });
    await server.diagnostics(list, (found) => found.length === 0);
  });

  it('completes, explains, links and outlines', async () => {
    const { items } = await server.request<CompletionList>('textDocument/completion', at(' rank'));
    expect(items.map(({ label }) => label)).toContain('router');
    const hover = await server.request<Hover>('textDocument/hover', at('vie:'));
    expect((hover.contents as MarkupContent).value).toContain('Vietnamese');
    const links = await server.request<DocumentLink[]>('textDocument/documentLink', { textDocument: { uri } });
    expect(links).toHaveLength(6);
    const symbols = await server.request<DocumentSymbol[]>('textDocument/documentSymbol', { textDocument: { uri } });
    expect(symbols.map(({ name }) => name)).toContain('languages');
  });

  it('puts buttons and the exact size above an experiment, in the person’s language', async () => {
    const lenses = await server.request<CodeLens[]>('textDocument/codeLens', { textDocument: { uri } });
    expect(lenses.map(({ command }) => command?.command)).toEqual([
      'milore.train',
      'milore.trainOn',
      'milore.estimate',
      '',
      '',
    ]);
    expect(lenses[0].command).toMatchObject({ title: 'Trainieren', arguments: [uri] });
    expect(lenses[3].command?.title).toMatch(/^195,840 trainable parameters \(16\.4 %\) \+ 23,520 in the head$/);
    expect(lenses[4].command?.title).toMatch(/^about \d+ MB, \d+ (s|min) beside preparing the audio/);
  });

  it('renames a dataset in the list and in every experiment, from either end', async () => {
    const prepared = await server.request<{ placeholder: string }>('textDocument/prepareRename', at('dataset:fin'));
    expect(prepared.placeholder).toBe('fin-udhr');
    const listText = await readFile(inside('milore.datasets.yaml'), 'utf8');
    const fromUse = { ...at('dataset:fin'), newName: 'suomi: uusi' };
    const edit = await server.request<WorkspaceEdit>('textDocument/rename', fromUse);
    server.open(list, listText);
    const fromKey = { ...at('fin-udhr:', listText, list), newName: 'suomi: uusi' };
    expect(await server.request<WorkspaceEdit>('textDocument/rename', fromKey)).toEqual(edit);
    expect(Object.keys(edit.changes!).sort()).toEqual(
      [uri, uri.replace('add-two-languages', 'without-replay'), list].sort(),
    );
    for (const [changed, edits] of Object.entries(edit.changes!)) {
      const file = inside(changed.split('/').at(-1)!);
      const before = TextDocument.create(changed, 'milore', 0, await readFile(file, 'utf8'));
      await writeFile(file, TextDocument.applyEdits(before, edits));
    }
    const { experiment } = await loadExperiment(inside('without-replay.milore.yaml'));
    expect(experiment.languages.fin.data).toEqual([inside('speech/fin')]);
    const taken = server.request('textDocument/rename', { ...fromUse, newName: 'vie-udhr' });
    await expect(taken).rejects.toThrow(/vie-udhr is in milore.datasets.yaml already/);
    await expect(server.request('textDocument/rename', { ...fromUse, newName: ' ' })).rejects.toThrow(/name is needed/);
  });
});
