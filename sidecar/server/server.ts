/**
 * @file The door: 127.0.0.1 alone, no web page, no other host's name, no HTTP. It must not know what is asked behind it.
 */
import { createServer, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { CloseCodes, type Welcome } from '../protocol/messages.ts';
import { QueueRunner } from './queue-runner.ts';
import { Runner } from './runner.ts';
import { Session } from './session.ts';
import { maxMessageBytes } from './socket-stream.ts';

export interface ServerOptions {
  /** Absolute, real path. */
  workspace: string;
  token: string;
  /** 0 takes a free one. */
  port?: number;
  /** Called when nobody is connected and no run is at work for so long. */
  idleMs?: number;
  onIdle(): void;
  /** A client has asked for the end. */
  onShutdown(): void;
  /** A client of another version has come. */
  onOtherVersion?(version: string): void;
}

export interface Server {
  port: number;
  runner: Runner;
  queue: QueueRunner;
  close(): Promise<void>;
}

/** Sockets that have not shown the token; beyond so many the oldest goes, so that they keep nobody else out. */
const maxStrangers = 64;

/** Why a handshake is refused, or undefined. */
export function refusal(
  request: Pick<IncomingMessage, 'headers' | 'headersDistinct' | 'url'>,
  port: number,
): number | undefined {
  const { origin } = request.headers;
  // A browser always sends one and a program need not: whoever has an origin is a page.
  if (origin !== undefined || request.headers['sec-fetch-mode'] !== undefined) return 403;
  // A name that resolves to us (DNS rebinding) is not our name.
  const { host = [] } = request.headersDistinct;
  if (host.length !== 1 || host[0] !== `127.0.0.1:${port}`) return 403;
  return request.url === '/' ? undefined : 404;
}

export async function startServer({
  workspace,
  token,
  port = 0,
  idleMs = 30_000,
  onIdle,
  onShutdown,
  onOtherVersion,
}: ServerOptions): Promise<Server> {
  const sessions = new Set<Session>();
  const runner = new Runner(workspace);
  const queue = new QueueRunner(workspace, runner);
  const http = createServer(
    { headersTimeout: 2000, requestTimeout: 2000, connectionsCheckingInterval: 1000, keepAliveTimeout: 1 },
    (_, response) => {
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Length': 0 }).end();
    },
  );
  const strangers = new Set<Socket>();
  http.on('connection', (socket) => {
    strangers.add(socket);
    socket.once('close', () => strangers.delete(socket));
    const [oldest] = strangers;
    if (strangers.size > maxStrangers) oldest.destroy();
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    maxFragments: 256,
    perMessageDeflate: false,
  });

  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    const status = refusal(request, (http.address() as AddressInfo).port);
    if (status) return deny(socket, status);
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', () => {});
      const session = new Session(ws, house, () => strangers.delete(request.socket));
      sessions.add(session);
      ws.on('close', () => {
        sessions.delete(session);
        // A visitor without the token does not keep us awake.
        if (session.wasAdmitted) watchIdle();
      });
    });
  });

  runner.on('logged', (run) => {
    for (const session of sessions) session.wake(run);
  });
  runner.on('progress', (progress) => {
    for (const session of sessions) session.notifyLatest(`progress ${progress.run}`, 'run/progress', progress);
  });
  runner.on('state', (change) => {
    for (const session of sessions) session.notify('run/state', change);
    watchIdle();
    // The next one does not wait for the clock.
    if (change.state !== 'started') setTimeout(() => queue.look(), 100).unref();
  });

  let idle: NodeJS.Timeout | undefined;
  const connected = () => [...sessions].filter((session) => session.admitted).length;
  /** Whatever ends may leave nobody behind. */
  function watchIdle(): void {
    clearTimeout(idle);
    idle = setTimeout(() => {
      if (connected() === 0 && !runner.busy && !queue.busy) onIdle();
      else watchIdle();
    }, idleMs);
    // The listening socket keeps the process; when it is closed, nothing shall.
    idle.unref();
  }

  const giveWayTo = (version: string): Welcome['stepsDown'] => {
    if (!onOtherVersion) return undefined;
    onOtherVersion(version);
    return runner.busy ? 'after its run' : 'now';
  };
  const house = { workspace, runner, token, clients: connected, shutdown: onShutdown, giveWayTo };
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, '127.0.0.1', resolve);
  });
  // A connection that could not be accepted is no reason to end a run.
  http.on('error', (error) => process.stderr.write(`${error.message}\n`));
  watchIdle();
  return {
    port: (http.address() as AddressInfo).port,
    runner,
    queue,
    async close() {
      clearTimeout(idle);
      queue.hold();
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      for (const socket of strangers) socket.destroy();
      // Whoever watches hears how the run ended before the line is closed.
      await runner.close({ code: 'sidecar' });
      await queue.close();
      for (const session of sessions) session.close(CloseCodes.goingAway, 'the sidecar ends');
      await closed;
    },
  };
}

function deny(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
