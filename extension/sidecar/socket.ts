/** @file One authenticated JSON-RPC connection to a sidecar. It must not know how the sidecar came to be. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  createMessageConnection,
  type DataCallback,
  type Message,
  type MessageConnection,
  NullLogger,
} from 'vscode-jsonrpc/node';
import { WebSocket } from 'ws';
import { CloseCodes, PROTOCOL, tokenLate, type Welcome } from '../../sidecar/protocol/messages.ts';

export interface Link {
  connection: MessageConnection;
  welcome: Welcome;
  /** Resolves with the close code when it is gone, for whatever reason. */
  closed: Promise<number>;
  close(): void;
}

class Reader extends AbstractMessageReader {
  readonly #socket: WebSocket;
  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }
  listen(callback: DataCallback) {
    this.#socket.on('message', (data) => {
      try {
        callback(JSON.parse(String(data)) as Message);
      } catch (error) {
        // Not what a sidecar says.
        this.fireError(error);
      }
    });
    this.#socket.once('close', () => this.fireClose());
    return { dispose: () => this.#socket.removeAllListeners('message') };
  }
}

class Writer extends AbstractMessageWriter {
  readonly #socket: WebSocket;
  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.once('close', () => this.fireClose());
  }
  async write(message: Message) {
    this.#socket.send(JSON.stringify(message));
  }
  end() {}
}

const answerMs = 5000;

/** Nothing listens there, or something that is no sidecar. */
export class NobodyThere extends Error {}

/** A sidecar whose thread had no turn in time, or this one: Node then answers 408 by itself, or not at all. */
class Busy extends Error {}
const mostTries = 4;

/** Somebody else's token, or one of before. */
export class TokenRefused extends Error {}

/**
 * @param version of this extension, where a sidecar of another is to give way when its run is over
 * @throws NobodyThere, TokenRefused, or Error where a sidecar is there and does not answer
 */
export async function connect(address: { port: number; token: string }, version?: string): Promise<Link> {
  for (let tries = 1; ; tries++) {
    try {
      return await connectOnce(address, version);
    } catch (error) {
      if (!(error instanceof Busy) || tries === mostTries) throw error;
    }
  }
}

async function connectOnce(address: { port: number; token: string }, version?: string): Promise<Link> {
  const socket = new WebSocket(`ws://127.0.0.1:${address.port}/`, {
    handshakeTimeout: 3000,
    // What the sidecar sends is bounded by its batches; a stranger on the port may send anything.
    maxPayload: 64 << 20,
    perMessageDeflate: false,
  });
  let reason = '';
  const closed = new Promise<number>((resolve) =>
    socket.once('close', (code, why) => {
      reason = String(why);
      resolve(code);
    }),
  );
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_, { statusCode }) => {
      reject(statusCode === 408 ? new Busy(silent(address.port)) : new NobodyThere(nobody(address.port)));
      socket.terminate();
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ECONNREFUSED' ? new NobodyThere(nobody(address.port)) : new Busy(silent(address.port))),
    );
  });
  socket.on('error', () => {});
  const connection = createMessageConnection(new Reader(socket), new Writer(socket), NullLogger);
  connection.onError(() => socket.terminate());
  connection.listen();
  try {
    const welcome = await Promise.race([
      connection.sendRequest<Welcome>('authenticate', {
        token: address.token,
        protocol: PROTOCOL,
        client: `VS Code ${vscode.version}`,
        version,
      }),
      closed.then((code) => {
        // One of us had no turn for so long: nothing was said of the token.
        if (code === CloseCodes.unauthenticated && reason === tokenLate) throw new Busy(silent(address.port));
        if (code === CloseCodes.unauthenticated)
          throw new TokenRefused(vscode.l10n.t('The sidecar at port {0} has another token.', address.port));
        throw new Error(vscode.l10n.t('The sidecar closed the connection (code {0}).', code));
      }),
      sleep(answerMs, undefined, { ref: false }).then(() => {
        throw new Error(silent(address.port));
      }),
    ]);
    return { connection, welcome, closed, close: () => socket.close(1000) };
  } catch (error) {
    socket.terminate();
    throw error;
  }
}

const silent = (port: number) =>
  vscode.l10n.t('The sidecar at port {0} does not answer. "MiLorE: Show Log" may say why.', port);
const nobody = (port: number) => vscode.l10n.t('No sidecar listens at port {0}.', port);
