/**
 * @file JSON-RPC messages on a WebSocket, one a text frame, for vscode-jsonrpc. Knows frames and limits, no methods.
 */
import type { DataCallback, Disposable } from 'vscode-jsonrpc/node';
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  Message,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc/node';
import type { WebSocket } from 'ws';

/** Bytes of the longest message that a peer may send. */
export const maxMessageBytes = 1 << 20;
/** Answers and news that may wait for a peer that takes nothing; beyond it the peer is gone. */
const maxWaitingBytes = 32 << 20;
/** A bucket of so many messages, refilled at that rate: a person's clicks never come near. */
const burst = 400;
const perSecond = 200;

export class SocketReader extends AbstractMessageReader implements MessageReader {
  readonly #socket: WebSocket;
  readonly #refuse: (why: 'malformed' | 'flood') => void;
  /** Asked before a message is handed on. */
  readonly #admit: (message: Message) => boolean;

  constructor(socket: WebSocket, admit: (message: Message) => boolean, refuse: (why: 'malformed' | 'flood') => void) {
    super();
    this.#socket = socket;
    this.#admit = admit;
    this.#refuse = refuse;
  }

  listen(callback: DataCallback): Disposable {
    let tokens = burst;
    let last = performance.now();
    const hear = (data: Buffer, isBinary: boolean) => {
      // Refused already: what still comes is not even read.
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      const now = performance.now();
      tokens = Math.min(burst, tokens + ((now - last) / 1000) * perSecond) - 1;
      last = now;
      if (tokens < 0) return this.#refuse('flood');
      const message = isBinary ? undefined : parse(data);
      if (!message) return this.#refuse('malformed');
      if (!this.#admit(message)) return;
      // vscode-jsonrpc takes one message a turn, libuv reads two megabytes: who sends faster than that waits in TCP.
      this.#socket.pause();
      setImmediate(() => this.#socket.resume());
      // For vscode-jsonrpc parameters left out would be a fault.
      if (Message.isRequest(message)) callback({ ...message, params: message.params ?? {} } as Message);
      else if (isCancellation(message)) callback(message);
    };
    this.#socket.on('message', hear);
    this.#socket.once('close', () => this.fireClose());
    this.#socket.once('error', (error) => this.fireError(error));
    return { dispose: () => this.#socket.off('message', hear) };
  }
}

export class SocketWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.once('close', () => this.fireClose());
  }

  async write(message: Message): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > maxWaitingBytes) this.#socket.terminate();
    else this.#socket.send(JSON.stringify(message));
  }

  end(): void {}
}

const isId = (id: unknown) => Number.isFinite(id) || (typeof id === 'string' && id.length <= 100);

/** A client sends requests and notifications: it is asked nothing, so it has nothing to answer. */
function parse(data: Buffer): Message | undefined {
  try {
    const value = JSON.parse(data.toString('utf8'));
    const sound =
      value?.jsonrpc === '2.0' &&
      typeof value.method === 'string' &&
      value.method.length <= 100 &&
      (value.id === undefined || isId(value.id));
    return sound ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The one notification that is heard; vscode-jsonrpc believes its form. */
const isCancellation = (message: Message): boolean =>
  Message.isNotification(message) &&
  message.method === '$/cancelRequest' &&
  isId((message.params as { id?: unknown } | undefined)?.id);
