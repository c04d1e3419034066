/**
 * @file One client: authenticates in time, asks, hears. What may be dropped is coalesced while it is slow; what may
 * not waits in the log on disk. It must not know what a request means.
 */

import {
  type CancellationToken,
  createMessageConnection,
  Message,
  type MessageConnection,
  NullLogger,
  ParameterStructures,
  RequestType,
  ResponseError,
} from 'vscode-jsonrpc/node';
import type { WebSocket } from 'ws';
import { UserError } from '../errors.ts';
import { inWords } from '../machine.ts';
import type { LogName } from '../protocol/log.ts';
import { CloseCodes, ErrorCodes, type Notifications, tokenLate } from '../protocol/messages.ts';
import { JobError } from './job-host.ts';
import { type House, methods } from './methods.ts';
import { SocketReader, SocketWriter } from './socket-stream.ts';
import { Subscription } from './subscription.ts';

const authenticateMs = 2000;
/** Bytes that may wait in a socket; beyond it nothing more is written until it has drained. */
const highWater = 1 << 20;
const drainMs = 20;
/** A peer that takes nothing for so long is gone, whatever its kernel says. */
const stuckMs = 60_000;
/** For a peer to take its leave; one that has flooded reads why only after all that it still writes. */
const partingMs = 1000;
const floodPartingMs = 3000;
const maxSubscriptions = 64;
const maxRequests = 16;
const maxClients = 64;

type State = 'new' | 'admitted' | 'closed';

export class Session {
  readonly #socket: WebSocket;
  readonly #house: House;
  readonly #connection: MessageConnection;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Latest droppable message by key, while the socket is behind. */
  readonly #latest = new Map<string, { name: keyof Notifications; params: unknown }>();
  #state: State = 'new';
  readonly #answering = new Set<AbortController>();
  #drain: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #onAdmitted: () => void;
  wasAdmitted = false;

  constructor(socket: WebSocket, house: House, onAdmitted: () => void) {
    this.#socket = socket;
    this.#house = house;
    const outOfTime = () => this.close(CloseCodes.unauthenticated, tokenLate);
    let asked = false;
    let timer = setTimeout(() => {
      // Where this thread had no turn, what came meanwhile is read after its clocks have gone off, and before this.
      setImmediate(() => {
        if (!asked) outOfTime();
        else if (this.#state === 'new') timer = setTimeout(outOfTime, authenticateMs);
      });
    }, authenticateMs);
    const reader = new SocketReader(
      socket,
      (message) => {
        if (this.#state === 'admitted') return true;
        const first = this.#state === 'new' && Message.isRequest(message) && message.method === 'authenticate';
        if (!first) this.close(CloseCodes.unauthenticated, 'not authenticated');
        asked ||= first;
        return first;
      },
      (why) =>
        why === 'flood' ? this.close(CloseCodes.tooMany, why, floodPartingMs) : this.close(CloseCodes.protocol, why),
    );
    this.#connection = createMessageConnection(reader, new SocketWriter(socket), NullLogger);
    for (const method of Object.keys(methods) as (keyof typeof methods)[]) {
      const type = new RequestType<unknown, unknown, unknown>(method, ParameterStructures.byName);
      this.#connection.onRequest(type, (params, token) => this.#answer(method, params, token));
    }
    this.#connection.onError(() => {});
    socket.on('close', () => {
      clearTimeout(timer);
      this.#state = 'closed';
      for (const subscription of this.#subscriptions.values()) subscription.end();
      this.#subscriptions.clear();
      this.#latest.clear();
      for (const controller of this.#answering) controller.abort();
      this.#connection.dispose();
    });
    this.#onAdmitted = () => {
      clearTimeout(timer);
      onAdmitted();
    };
    this.#connection.listen();
  }

  get admitted(): boolean {
    return this.#state === 'admitted';
  }

  /** The token was right. */
  admit(): void {
    if (this.#state === 'admitted') return;
    if (this.#house.clients() >= maxClients)
      throw new ResponseError(ErrorCodes.tooMany, `More than ${maxClients} clients are connected already.`);
    this.#onAdmitted();
    this.#state = 'admitted';
    this.wasAdmitted = true;
  }

  /** The token was wrong: no answer, so that nothing is learned from it. */
  refuse(): never {
    this.close(CloseCodes.unauthenticated, 'wrong token');
    throw new ResponseError(ErrorCodes.unauthenticated, 'wrong token');
  }

  /** Never dropped. */
  notify<N extends keyof Notifications>(name: N, params: Notifications[N]): void {
    if (this.#state !== 'admitted') return;
    void this.#connection.sendNotification(name, params);
  }

  /** May be dropped: while the socket is behind, only the latest of a key is kept. */
  notifyLatest<N extends keyof Notifications>(key: string, name: N, params: Notifications[N]): void {
    if (this.#state !== 'admitted') return;
    if (this.#socket.bufferedAmount < highWater && this.#latest.size === 0) {
      this.notify(name, params);
      return;
    }
    this.#latest.set(key, { name, params });
    void this.#drained().then(() => {
      for (const { name, params } of this.#latest.values()) this.notify(name, params as Notifications[N]);
      this.#latest.clear();
    });
  }

  subscribe(run: string, log: LogName, path: string, fromSeq: number): void {
    this.unsubscribe(run, log);
    if (this.#subscriptions.size >= maxSubscriptions)
      throw new ResponseError(ErrorCodes.tooMany, `More than ${maxSubscriptions} logs are followed already.`);
    const outlet = {
      send: (events: Notifications['run/events']) => this.notify('run/events', events),
      inTurn: <T>(work: () => Promise<T>) => this.#inTurn(work),
    };
    this.#subscriptions.set(`${log} ${run}`, new Subscription(run, log, path, fromSeq, outlet));
  }

  unsubscribe(run: string, log: LogName): void {
    this.#subscriptions.get(`${log} ${run}`)?.end();
    this.#subscriptions.delete(`${log} ${run}`);
  }

  /** A run's logs have grown. */
  wake(run: string): void {
    for (const subscription of this.#subscriptions.values()) if (subscription.run === run) subscription.wake();
  }

  /** Nothing that comes or is under way is heard any more. */
  close(code: number, why: string, withinMs = partingMs): void {
    this.#state = 'closed';
    this.#socket.close(code, why);
    setTimeout(() => this.#socket.terminate(), withinMs).unref();
  }

  /** One log at a time: who follows many has one batch in memory. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => this.#drained()).then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #drained(): Promise<void> {
    if (this.#socket.bufferedAmount < highWater) return Promise.resolve();
    this.#drain ??= new Promise((resolve) => {
      let last = this.#socket.bufferedAmount;
      let since = performance.now();
      const timer = setInterval(() => {
        const { bufferedAmount } = this.#socket;
        if (bufferedAmount < last) since = performance.now();
        last = bufferedAmount;
        if (performance.now() - since > stuckMs) this.#socket.terminate();
        if (bufferedAmount >= highWater / 2 && this.#state !== 'closed') return;
        clearInterval(timer);
        this.#drain = undefined;
        resolve();
      }, drainMs);
    });
    return this.#drain;
  }

  async #answer(method: keyof typeof methods, raw: unknown, token: CancellationToken): Promise<unknown> {
    const controller = new AbortController();
    token.onCancellationRequested(() => controller.abort());
    this.#answering.add(controller);
    try {
      // A client that sent more than it may does not have the rest of it done.
      if (this.#state === 'closed') throw new ResponseError(ErrorCodes.unauthenticated, 'closed');
      if (this.#answering.size > maxRequests)
        throw new ResponseError(ErrorCodes.tooMany, `More than ${maxRequests} requests are at work already.`);
      const params = methods[method].params.safeParse(raw);
      if (!params.success && this.#state === 'new') return this.refuse();
      if (!params.success)
        throw new ResponseError(
          -32602,
          `${method}: ${params.error.issues[0]?.path.join('.')}: ${params.error.issues[0]?.message}`.slice(0, 300),
        );
      return await methods[method].answer(params.data as never, this.#house, this, controller.signal);
    } catch (error) {
      throw asResponse(error);
    } finally {
      this.#answering.delete(controller);
    }
  }
}

function asResponse(fault: unknown): ResponseError<unknown> {
  const error = inWords(fault);
  if (error instanceof ResponseError) return error;
  if (error instanceof UserError || (error instanceof JobError && error.kind === 'user'))
    return new ResponseError(ErrorCodes.user, error.message, { problems: error.problems });
  process.stderr.write(`${(error as Error)?.stack ?? error}\n`);
  const message = error instanceof JobError ? error.message : `internal: ${(error as Error)?.message ?? error}`;
  return new ResponseError(ErrorCodes.internal, message);
}
