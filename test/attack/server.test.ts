import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, connected, type Spawned, serve } from '../support/sidecar.ts';

const browserPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const folder = mkdtempSync(join(tmpdir(), 'milore-attack-'));
const workspace = join(folder, 'work');
const home = join(folder, 'home');
let server: Spawned;
let friend: Client;

beforeAll(async () => {
  for (const path of [join(workspace, '.milore', 'runs', 'long', 'checkpoints'), home])
    mkdirSync(path, { recursive: true });
  server = await serve(workspace, home, ['--keep']);
  friend = await connected(server.endpoint);
});
afterAll(async () => {
  friend?.socket.close();
  server?.child.kill();
  await server?.ended;
  rmSync(folder, { recursive: true, force: true });
});
/** Whatever was tried: who is inside is still answered. */
afterEach(async () => {
  await expect.poll(async () => (await friend.request('status')).result?.clients, { timeout: 5000 }).toBe(1);
});

const port = () => server.endpoint.port;
const resident = async () => (await friend.request('status')).result?.residentBytes as number;

/** The status of a handshake with these headers, 101 where it is let in. */
function handshake(headers: Record<string, string>, path = '/', method = 'GET'): Promise<number> {
  return new Promise((resolve) => {
    const upgrade = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const attempt = request({ host: '127.0.0.1', port: port(), path, method, headers: { ...upgrade, ...headers } });
    attempt.on('upgrade', (_, socket) => {
      socket.destroy();
      resolve(101);
    });
    attempt.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    attempt.on('error', () => resolve(0));
    attempt.end();
  });
}

/** Raw bytes; resolves with what came back when the socket is closed, or after `ms`. */
function raw(bytes: string | Buffer, ms = 4000): Promise<{ text: string; closedAfterMs?: number }> {
  return new Promise((resolve) => {
    const began = performance.now();
    const socket = connect(port(), '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve({ text, closedAfterMs: performance.now() - began }));
    setTimeout(() => {
      resolve({ text });
      socket.destroy();
    }, ms);
  });
}

describe('the door', () => {
  it.each([
    'http://localhost',
    'http://127.0.0.1',
    'https://example.org',
    'null',
    'file://',
    'vscode-webview://0123',
    'chrome-extension://abc',
    '',
  ])('is shut to a page from origin "%s"', async (Origin) => expect(await handshake({ Origin })).toBe(403));

  it.each([
    'localhost:PORT',
    'example.org:PORT',
    '127.0.0.1',
    '127.0.0.1:1',
    '[::1]:PORT',
    '0.0.0.0:PORT',
    '127.0.0.1.nip.io:PORT',
    'LOCALHOST:PORT',
    '2130706433:PORT',
  ])('is shut to host "%s", as DNS rebinding would have it', async (host) =>
    expect([400, 403]).toContain(await handshake({ Host: host.replace('PORT', String(port())) })),
  );

  it('is shut to a request that names no host', async () => {
    const { text } = await raw('GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 40[03] /);
  });

  it('opens to a program that calls it by its address', async () => expect(await handshake({})).toBe(101));

  it.each(['/x', '/?token=abc', '/../', '//'])('knows no path %s', async (path) =>
    expect(await handshake({}, path)).toBe(404),
  );

  it.each(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'])(
    'answers %s without an upgrade with 426 and nothing else',
    async (method) => {
      const { text } = await raw(`${method} / HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nContent-Length: 0\r\n\r\n`);
      expect(text).toMatch(/^HTTP\/1\.1 426 /);
      expect(text.toLowerCase()).not.toContain('access-control');
    },
  );

  it('listens on no other address of this machine', async () => {
    const others = Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).filter(({ internal, family }) => !internal && family === 'IPv4'),
    );
    for (const { address } of others) {
      const answered = await new Promise((resolve) => {
        const socket = connect({ port: port(), host: address, timeout: 1000 });
        socket.on('connect', () => resolve(true));
        for (const sign of ['error', 'timeout']) socket.on(sign, () => resolve(false));
      });
      expect(answered).toBe(false);
    }
  });

  it('drops who opens a connection and says nothing, or half a request', async () => {
    for (const bytes of ['', `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nX-Slow: `]) {
      const { closedAfterMs } = await raw(bytes, 10_000);
      expect(closedAfterMs).toBeLessThan(8000);
    }
  });
});

describe('the token', () => {
  it.each([
    ['wrong', 'x'.repeat(43)],
    ['empty', ''],
    ['very long', 'x'.repeat(900)],
    ['not text', 7],
    ['absent', undefined],
    ['a list', ['x']],
  ])('%s, gets no answer but a closed socket', async (_, token) => {
    const client = await new Client(port()).open();
    void client.authenticate(token as string);
    // A request that cannot be read is an answer too: what counts is that nothing else is.
    const reply = await Promise.race([
      client.closed,
      client.request('status').then(({ result }) => result ?? 'refused'),
    ]);
    expect([4001, 'refused']).toContain(reply);
    client.socket.terminate();
  });

  it.each(['status', 'run/start', 'shutdown', 'subscribe', 'nonsense'])('must come before %s', async (method) => {
    const client = await new Client(port()).open();
    void client.request(method, { force: true });
    expect(await client.closed).toBe(4001);
  });

  it('must come within two seconds', async () => {
    const client = await new Client(port()).open();
    const began = performance.now();
    expect(await client.closed).toBe(4001);
    expect(performance.now() - began).toBeLessThan(4000);
  });

  it('is in no argument, no environment and no log, and its file is the user’s alone', () => {
    const { token, pid } = server.endpoint;
    for (const name of ['cmdline', 'environ'])
      expect(readFileSync(`/proc/${pid}/${name}`, 'latin1')).not.toContain(token);
    expect(server.log()).not.toContain(token);
    const state = join(home, '.milore', 'sidecars');
    expect(statSync(state).mode & 0o777).toBe(0o700);
    const files = readdirSync(state).filter((name) => name.endsWith('.json'));
    expect(files.map((name) => statSync(join(state, name)).mode & 0o777)).toEqual([0o600]);
    const inWorkspace = readdirSync(workspace, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    for (const { parentPath, name } of inWorkspace)
      expect(readFileSync(join(parentPath, name), 'latin1')).not.toContain(token);
  });
});

describe('who is inside', () => {
  it('cannot flood it', async () => {
    const before = await resident();
    const client = await connected(server.endpoint);
    for (let i = 0; i < 20_000; i++) client.socket.send('{"jsonrpc":"2.0","method":"x"}');
    expect(await client.closed).toBe(4003);
    expect((await resident()) - before).toBeLessThan(100e6);
  });

  it('cannot send what is too large, malformed, binary or no message', async () => {
    const before = await resident();
    const nasty: (string | Buffer)[] = [
      'x'.repeat(2 << 20),
      '{',
      '[]',
      'null',
      '"text"',
      Buffer.from([0xff, 0xfe]),
      '{"jsonrpc":"1.0"}',
      `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      '[{"jsonrpc":"2.0","id":1,"method":"status"}]',
    ];
    for (const bytes of nasty) {
      const client = await connected(server.endpoint);
      client.socket.send(bytes);
      expect([1009, 4004]).toContain(await client.closed);
    }
    expect((await resident()) - before).toBeLessThan(100e6);
  });

  it('gets no further than the workspace by links: neither a run that is one, nor one in a run', async () => {
    const client = await connected(server.endpoint);
    const outside = join(folder, 'outside');
    const runs = join(workspace, '.milore', 'runs');
    mkdirSync(join(outside, 'checkpoints'), { recursive: true });
    writeFileSync(join(outside, 'run.json'), '{}');
    symlinkSync(outside, join(runs, 'linked'));
    for (const [run, part] of [
      ['deep-folder', 'checkpoints'],
      ['deep-file', 'run.json'],
    ]) {
      mkdirSync(join(runs, run));
      symlinkSync(join(outside, part), join(runs, run, part));
    }
    for (const run of ['linked', 'deep-folder', 'deep-file'])
      for (const [method, more] of [
        ['run/resume', {}],
        ['run/export', { out: join(folder, 'chosen') }],
        ['run/report', { out: join(folder, 'chosen') }],
        ['subscribe', { log: 'log', fromSeq: 1 }],
      ] as const) {
        const { error } = await client.request(method, { run, ...more });
        expect(error?.message, `${method} ${run}`).toMatch(/lies outside the workspace/);
      }
    expect(readdirSync(outside).sort()).toEqual(['checkpoints', 'run.json']);
    for (const run of ['linked', 'deep-folder', 'deep-file']) rmSync(join(runs, run), { recursive: true });
    client.socket.close();
  });

  it('gets an error for every parameter of the wrong kind, and the sidecar lives on', async () => {
    const client = await connected(server.endpoint);
    const methods = [
      'status',
      'run/start',
      'run/resume',
      'run/stop',
      'run/checkpoint',
      'run/export',
      'run/report',
      'subscribe',
      'unsubscribe',
      'dataset/inspect',
      'dataset/detect',
      'model/inspect',
      'model/download',
      'estimate',
      'shutdown',
      'authenticate',
      '__proto__',
      'constructor',
    ];
    const values = [
      7,
      'x',
      [],
      [1],
      { run: 7 },
      { run: '../..' },
      { run: 'a/b' },
      { run: '.' },
      { run: '' },
      { run: 'x'.repeat(1e5) },
      { experiment: '/etc/passwd' },
      { path: 'relative' },
      { path: '/etc/\0' },
      JSON.parse('{"__proto__":{"force":true}}'),
      { force: 'yes' },
    ];
    for (const method of methods)
      for (const value of values) {
        if (method === 'status' && typeof value === 'object' && Object.keys(value).length === 0) continue;
        const { result, error } = await client.request(method, value);
        expect(error ?? result, `${method} ${JSON.stringify(value).slice(0, 60)}`).toHaveProperty('message');
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    client.socket.close();
    await client.closed;
  });

  it('cannot train or read what lies outside the workspace', async () => {
    const outside = join(folder, 'outside.milore.yaml');
    writeFileSync(outside, 'name: x\n');
    const { error } = await friend.request('run/start', { experiment: outside });
    expect(error?.message).toContain('outside the workspace');
    for (const run of ['..', '../../outside', 'long/../..', '..\\..', '%2e%2e']) {
      const reply = await friend.request('subscribe', { run, log: 'log', fromSeq: 1 });
      expect(reply.error).toBeDefined();
    }
  });

  it('grows no memory by reading slowly, hinders nobody, and gets every event in the end', async () => {
    const events = 120_000;
    const filler = 'x'.repeat(300);
    const time = new Date().toISOString();
    const lines = Array.from(
      { length: events },
      (_, i) => `{"seq":${i + 1},"time":"${time}","type":"note","level":"info","text":"${filler}"}\n`,
    );
    writeFileSync(join(workspace, '.milore', 'runs', 'long', 'log.jsonl'), lines.join(''));
    const before = await resident();
    const slow = await connected(server.endpoint);
    const got: number[] = [];
    slow.onEvents = ({ events }) => got.push(...events.map(({ seq }) => seq));
    await slow.request('subscribe', { run: 'long', log: 'log', fromSeq: 1 });
    slow.socket.pause();
    const quick = await connected(server.endpoint);
    let seen = 0;
    quick.onEvents = ({ events }) => {
      seen += events.length;
    };
    await quick.request('subscribe', { run: 'long', log: 'log', fromSeq: 1 });
    await expect.poll(() => seen, { timeout: 30_000 }).toBe(events);
    const grown = (await resident()) - before;
    slow.socket.resume();
    await expect.poll(() => got.length, { timeout: 30_000 }).toBe(events);
    expect(got.every((seq, i) => seq === i + 1)).toBe(true);
    expect(grown).toBeLessThan(150e6);
    for (const client of [slow, quick]) {
      client.socket.close();
      await client.closed;
    }
  }, 90_000);
});

it('two hundred strangers at the door keep nobody out for longer than they may stay', async () => {
  const strangers = Array.from({ length: 200 }, () => connect(port(), '127.0.0.1').on('error', () => {}));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await friend.request('status')).result).toBeDefined();
  await expect
    .poll(
      async () => {
        try {
          const late = await connected(server.endpoint);
          late.socket.close();
          await late.closed;
          return true;
        } catch {
          return false;
        }
      },
      { timeout: 15_000, interval: 200 },
    )
    .toBe(true);
  for (const socket of strangers) socket.destroy();
}, 60_000);

describe.skipIf(!existsSync(browserPath))(
  `a page in a real browser${existsSync(browserPath) ? '' : ` (not run: no Chromium at ${browserPath})`}`,
  () => {
    it('gets in by no way that a page has', async () => {
      const site = createServer((_, response) =>
        response.setHeader('content-type', 'text/html').end('<!doctype html>'),
      ).listen(0, '127.0.0.1');
      const browser = await chromium.launch({
        executablePath: browserPath,
        args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      });
      try {
        const page = await browser.newPage();
        for (const host of ['127.0.0.1', 'localhost']) {
          await page.goto(`http://${host}:${(site.address() as AddressInfo).port}/`);
          const result = await page.evaluate(async (target) => {
            const socket = (address: string) =>
              new Promise<string>((resolve) => {
                const ws = new (globalThis as never as { WebSocket: typeof WebSocket }).WebSocket(address);
                ws.onopen = () => resolve('open');
                ws.onerror = () => resolve('error');
              });
            const get = (mode: 'cors' | 'no-cors') =>
              fetch(`http://${target}/`, { mode }).then(
                ({ type, status }) => `${type} ${status}`,
                () => 'failed',
              );
            return [await socket(`ws://${target}/`), await get('cors'), await get('no-cors')];
          }, `127.0.0.1:${port()}`);
          // An opaque answer is one that the page cannot read.
          expect(result).toEqual(['error', 'failed', 'opaque 0']);
        }
      } finally {
        await browser.close();
        site.close();
      }
    });
  },
);
