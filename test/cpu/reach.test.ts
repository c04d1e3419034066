/** The way to a sidecar that has no turn for a while, as on a busy machine, or that is about to end. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server as Http } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { SecretStorage } from 'vscode';
import { WebSocketServer } from 'ws';
import { reach } from '../../extension/sidecar/reach.ts';
import { connect, NobodyThere, TokenRefused } from '../../extension/sidecar/socket.ts';
import { claimEndpoint, endpointFile, releaseEndpoint } from '../../sidecar/endpoint.ts';
import { bornAt } from '../../sidecar/processes.ts';
import { CloseCodes, tokenLate } from '../../sidecar/protocol/messages.ts';
import { startServer } from '../../sidecar/server/server.ts';
import { Client, serve } from '../support/sidecar.ts';

vi.mock('vscode', () => ({
  version: '1.139.1',
  l10n: { t: (text: string) => text },
  workspace: { getConfiguration: () => ({ get: (_: string, none: unknown) => none }) },
}));
const launched = vi.hoisted(() => vi.fn());
vi.mock('../../extension/sidecar/launch.ts', () => ({ launch: launched }));

const token = 'the token';
const means = { script: 'milore.js', secrets: {} as SecretStorage, output: { warn: vi.fn() } };
let home: string;
let workspace: string;
const servers: Http[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'milore-reach-'));
  vi.stubEnv('HOME', home);
  workspace = join(home, 'work');
  mkdirSync(workspace);
  launched.mockReset();
  means.output.warn.mockReset();
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

const listening = async (server: Http): Promise<number> => {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

/** Closes its first so many clients with this code and reason, and admits the next. */
async function closing(first: number, code: number, reason: string): Promise<number> {
  const http = createServer();
  let met = 0;
  new WebSocketServer({ server: http }).on('connection', (socket) => {
    if (met++ < first) return socket.close(code, reason);
    socket.on('message', (data) => {
      const { id } = JSON.parse(String(data));
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: { version: '0.0.0', pid: 1 } }));
    });
  });
  return listening(http);
}

/** As a machine with other things to do does it to us. */
const stall = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

/** A port where nobody listens. */
async function nobodysPort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('asks again where a sidecar had no turn to read the token, which says nothing of the token', async () => {
  const port = await closing(2, CloseCodes.unauthenticated, tokenLate);
  const link = await connect({ port, token });
  expect(link.welcome.version).toBe('0.0.0');
  link.close();
});

it('asks no second time with a token that was refused', async () => {
  const port = await closing(1, CloseCodes.unauthenticated, 'wrong token');
  await expect(connect({ port, token })).rejects.toBeInstanceOf(TokenRefused);
});

it('asks again where Node has answered in place of a sidecar that had no turn, and forgets it not', async () => {
  const http = createServer();
  let met = 0;
  http.on('upgrade', (_, socket) => {
    met++;
    socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
  });
  const port = await listening(http);
  await expect(connect({ port, token })).rejects.not.toBeInstanceOf(NobodyThere);
  expect(met).toBe(4);
});

it('a window that had no turn between knocking and its first word, as while it is opened, asks again', async () => {
  const server = await serve(workspace, home, ['--keep']);
  try {
    const next = connect(server.endpoint);
    // The connection is begun in one of the next ticks.
    for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => process.nextTick(resolve));
    // By then the sidecar's Node has answered 408 and closed.
    stall(3300);
    (await next).close();
  } finally {
    server.child.kill('SIGKILL');
  }
});

it('a sidecar that had no turn for longer than a token may take reads what came meanwhile', async () => {
  const server = await startServer({ workspace, token, onIdle: () => {}, onShutdown: () => {} });
  try {
    const client = await new Client(server.port).open();
    const answer = client.authenticate(token);
    stall(2300);
    expect((await answer).result?.pid).toBe(process.pid);
    client.socket.terminate();
    // Time is all that a stranger has.
    const stranger = await new Client(server.port).open();
    expect(await stranger.closed).toBe(CloseCodes.unauthenticated);
    const asking = await new Client(server.port).open();
    expect((await asking.authenticate(token, 99)).error).toBeDefined();
    expect(await asking.closed).toBe(CloseCodes.unauthenticated);
  } finally {
    await server.close();
  }
});

it.skipIf(process.platform !== 'linux')('keeps the address of a sidecar that has shut its door to end', async () => {
  const port = await nobodysPort();
  const born = bornAt(process.pid);
  claimEndpoint({ pid: process.pid, born, port, token, workspace, version: '0.0.0' });
  await expect(reach(workspace, means, false)).rejects.toThrow('No sidecar serves this workspace.');
  expect(existsSync(endpointFile(workspace))).toBe(true);
  launched.mockResolvedValue({ port: await closing(0, 0, ''), token });
  const next = reach(workspace, means, true);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(launched).not.toHaveBeenCalled();
  releaseEndpoint(workspace);
  (await next).close();
  expect(launched).toHaveBeenCalledOnce();
});

it('forgets an address where nobody listens, and says so, if nothing tells that the process is the sidecar', async () => {
  const port = await nobodysPort();
  claimEndpoint({ pid: process.pid, port, token, workspace, version: '0.0.0' });
  await expect(reach(workspace, means, false)).rejects.toThrow('No sidecar serves this workspace.');
  expect(existsSync(endpointFile(workspace))).toBe(false);
  expect(means.output.warn).toHaveBeenCalledOnce();
});
