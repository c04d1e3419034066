/** @file The built language server as a child process, spoken to as VS Code's client speaks to it. */
import { type ChildProcess, fork } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import type { Diagnostic, InitializeResult } from 'vscode-languageserver';
import type { EditorRequests } from '../../extension/language/messages.ts';
import { nodeEditor } from './editor.ts';

const module = resolve(import.meta.dirname, '../../dist/language-server.cjs');

export class LanguageServer {
  readonly #child: ChildProcess;
  readonly #connection;
  readonly #diagnostics = new Map<string, Diagnostic[]>();
  readonly #waiting = new Set<() => void>();
  readonly #versions = new Map<string, number>();

  /** `words`: translations, as the client hands them over. */
  private constructor(root: string) {
    this.#child = fork(module, ['--node-ipc'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#connection = createMessageConnection(new IPCMessageReader(this.#child), new IPCMessageWriter(this.#child));
    const editor = nodeEditor(root);
    const answer = <M extends keyof EditorRequests>(
      method: M,
      how: (params: EditorRequests[M]['params']) => Promise<EditorRequests[M]['result']>,
    ) => this.#connection.onRequest(method, how as never);
    answer('milore/look', ({ uri }) => editor.look(uri));
    answer('milore/list', ({ uri }) => editor.list(uri));
    answer('milore/read', ({ uri }) => editor.read(uri));
    answer('milore/experiments', () => editor.experiments());
    this.#connection.onNotification('textDocument/publishDiagnostics', ({ uri, diagnostics }) => {
      this.#diagnostics.set(uri, diagnostics);
      for (const look of [...this.#waiting]) look();
    });
    this.#connection.listen();
  }

  static async start(root: string, words: Record<string, string> = {}): Promise<[LanguageServer, InitializeResult]> {
    const server = new LanguageServer(root);
    const result = await server.request<InitializeResult>('initialize', {
      processId: process.pid,
      rootUri: pathToFileURL(root).href,
      capabilities: {},
      initializationOptions: { words },
    });
    server.notify('initialized', {});
    return [server, result];
  }

  request<R>(method: string, params: object): Promise<R> {
    return this.#connection.sendRequest(method, params);
  }

  notify(method: string, params: object): void {
    void this.#connection.sendNotification(method, params);
  }

  open(uri: string, text: string): void {
    this.#versions.set(uri, 1);
    this.notify('textDocument/didOpen', { textDocument: { uri, languageId: 'milore', version: 1, text } });
  }

  change(uri: string, text: string): void {
    const version = this.#versions.get(uri)! + 1;
    this.#versions.set(uri, version);
    this.notify('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text }] });
  }

  /** Resolves as soon as the diagnostics of a file are as wanted. */
  diagnostics(uri: string, wanted: (diagnostics: Diagnostic[]) => boolean, timeoutMs = 10_000): Promise<Diagnostic[]> {
    return new Promise((done, fail) => {
      const timer = setTimeout(
        () => fail(new Error(`waited in vain; last: ${JSON.stringify(this.#diagnostics.get(uri))}`)),
        timeoutMs,
      );
      const look = () => {
        const known = this.#diagnostics.get(uri);
        if (!known || !wanted(known)) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        done(known);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Resolves to the exit code. */
  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((done) => this.#child.on('exit', done));
    await this.request('shutdown', {});
    this.notify('exit', {});
    const code = await ended;
    this.#connection.dispose();
    return code;
  }
}
