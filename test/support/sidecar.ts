/** @file A client of the sidecar for tests: raw JSON over a WebSocket, so that what no client of ours says can be said. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { WebSocket } from 'ws';
import type { Endpoint } from '../../sidecar/endpoint.ts';
import type { RunEvents } from '../../sidecar/protocol/messages.ts';

export const script = resolve(import.meta.dirname, '../../dist/milore.js');

export interface Reply {
  id?: number;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

export class Client {
  readonly socket: WebSocket;
  readonly news: { method: string; params: Record<string, unknown> }[] = [];
  bytes = 0;
  closed: Promise<number>;
  /** Called with every batch of events. */
  onEvents: (batch: RunEvents) => void = () => {};
  #id = 0;
  readonly #waiting = new Map<number, (reply: Reply) => void>();

  constructor(port: number, options: { headers?: Record<string, string> } = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/`, options);
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) =>
      this.socket.once('close', (code) => {
        for (const answer of this.#waiting.values()) answer({ error: { code: 0, message: 'closed' } });
        resolve(code);
      }),
    );
    this.socket.on('message', (data: Buffer) => {
      this.bytes += data.length;
      const message = JSON.parse(String(data));
      if (message.id !== undefined) return this.#waiting.get(message.id)?.(message);
      if (message.method === 'run/events') this.onEvents(message.params);
      else this.news.push(message);
    });
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
    return this;
  }

  request(method: string, params: unknown = {}): Promise<Reply> {
    const id = ++this.#id;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  authenticate(token: string, protocol = 1, version?: string): Promise<Reply> {
    return this.request('authenticate', { token, protocol, client: 'test', version });
  }
}

/** Connected and admitted. */
export async function connected({ port, token }: { port: number; token: string }): Promise<Client> {
  const client = await new Client(port).open();
  const { error } = await client.authenticate(token);
  if (error) throw new Error(error.message);
  return client;
}

export interface Spawned {
  child: ChildProcess;
  endpoint: Endpoint;
  log(): string;
  /** Resolves with the exit code or the signal. */
  ended: Promise<number | string>;
}

/** A real `milore serve` with a home of its own. */
export async function serve(workspace: string, home: string, args: string[] = [], bundle = script): Promise<Spawned> {
  const child = spawn(process.execPath, [bundle, 'serve', workspace, ...args], {
    env: { ...process.env, HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes) => {
      log += bytes;
    });
  const ended = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 0)),
  );
  const folder = join(home, '.milore', 'sidecars');
  for (let tries = 0; tries < 400 && child.exitCode === null; tries++) {
    const name = existsSync(folder) && readdirSync(folder).find((file) => file.endsWith('.json'));
    if (name) {
      const endpoint = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Endpoint;
      if (endpoint.pid === child.pid) return { child, endpoint, log: () => log, ended };
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  child.kill('SIGKILL');
  throw new Error(`milore serve did not come up:\n${log}`);
}
