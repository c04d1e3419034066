import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../sidecar/server/server.ts';
import { connected as admitted, Client, type Spawned, serve } from '../support/sidecar.ts';

const folder = mkdtempSync(join(tmpdir(), 'milore-frames-'));
const workspace = join(folder, 'work');
const runs = join(workspace, '.milore', 'runs');
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
let server: Spawned;
let friend: Client;

beforeAll(async () => {
  mkdirSync(join(runs, 'one'), { recursive: true });
  mkdirSync(join(folder, 'home'));
  writeFileSync(join(runs, 'one', 'log.jsonl'), '{"seq":1,"time":"","type":"note"}\n');
  server = await serve(workspace, join(folder, 'home'), ['--keep']);
  friend = await admitted(server.endpoint);
});
afterAll(async () => {
  friend?.socket.close();
  server?.child.kill();
  await server?.ended;
  rmSync(folder, { recursive: true, force: true });
});

const opened: { terminate(): void }[] = [];
const connected = async (...address: Parameters<typeof admitted>): Promise<Client> => {
  const client = await admitted(...address);
  opened.push(client.socket);
  return client;
};

/** Whatever was sent: the same process answers who was inside, and no one is left behind. */
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.terminate();
  await expect.poll(async () => (await friend.request('status')).result?.clients, { timeout: 5000 }).toBe(1);
  expect(server.child.exitCode).toBeNull();
  expect(server.log()).not.toContain(server.endpoint.token);
});

const resident = async () => (await friend.request('status')).result?.residentBytes as number;

/** A WebSocket frame as the wire has it; the mask is zero, so that the payload can be read. */
function frame(opcode: number, payload: Buffer | string, { fin = true, masked = true, length = -1 } = {}): Buffer {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(10);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = (masked ? 0x80 : 0) | 127;
  head.writeBigUInt64BE(BigInt(length < 0 ? body.length : length), 2);
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), body]);
}

/** Past the handshake, speaking raw bytes. */
async function wire(admitted = true): Promise<Socket & { ended: Promise<void> }> {
  const socket = connect(server.endpoint.port, '127.0.0.1') as Socket & { ended: Promise<void> };
  opened.push({ terminate: () => socket.destroy() });
  socket.on('error', () => {});
  socket.ended = new Promise((resolve) => socket.once('close', () => resolve()));
  socket.write(
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.endpoint.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await new Promise((resolve) => socket.once('data', resolve));
  if (admitted) {
    const params = { token: server.endpoint.token, protocol: 1, client: 'raw' };
    socket.write(frame(1, JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'authenticate', params })));
    await new Promise((resolve) => socket.once('data', resolve));
  }
  socket.resume();
  return socket;
}

const text = '{"jsonrpc":"2.0","id":2,"method":"status"}';
const many = (count: number, bytes: Buffer) => Buffer.concat(Array<Buffer>(count).fill(bytes));

describe('frames that no client of ours sends', () => {
  it.each<[string, () => Buffer]>([
    ['an unmasked one', () => frame(1, text, { masked: false })],
    ['one that announces 64 MiB', () => frame(1, 'x', { length: 64 << 20 })],
    ['one that announces more than there is on earth', () => frame(1, 'x', { length: Number.MAX_SAFE_INTEGER })],
    [
      'a thousand pieces of one message',
      () => Buffer.concat([frame(1, '{', { fin: false }), many(1000, frame(0, ' ', { fin: false }))]),
    ],
    [
      'pieces that grow beyond what a message may be',
      () => Buffer.concat([frame(1, '', { fin: false }), many(20, frame(0, ' '.repeat(1 << 16), { fin: false }))]),
    ],
    ['a continuation of nothing', () => frame(0, text)],
    ['one of a kind that does not exist', () => frame(3, text)],
    ['text that is not UTF-8', () => frame(1, Buffer.from([0x7b, 0xff, 0xc0, 0x7d]))],
    ['binary', () => frame(2, text)],
    ['a ping of more than it may hold', () => frame(9, 'x'.repeat(200))],
    ['a close with a code that nobody may send', () => frame(8, Buffer.from([0x03, 0xed]))],
    ['noise', () => Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251))],
  ])('%s closes its own socket alone', async (_, bytes) => {
    const before = await resident();
    const socket = await wire();
    socket.write(bytes());
    await socket.ended;
    expect((await resident()) - before).toBeLessThan(100e6);
  });

  it('a message in two pieces is a message', async () => {
    const socket = await wire();
    socket.write(frame(1, text.slice(0, 9), { fin: false }));
    socket.write(frame(0, text.slice(9)));
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(answer.toString('utf8')).toContain('"clients":2');
    socket.destroy();
  });

  it('pings without end, from one who reads nothing, fill no memory', async () => {
    const before = await resident();
    const socket = await wire();
    socket.pause();
    const pings = many(2000, frame(9, 'x'.repeat(100)));
    for (let i = 0; i < 50 && !socket.destroyed; i++) {
      socket.write(pings);
      await pause(5);
    }
    expect((await resident()) - before).toBeLessThan(100e6);
    socket.destroy();
  });

  it('a hundred thousand tiny messages before the token are not read', async () => {
    const before = await resident();
    const socket = await wire(false);
    socket.write(many(100_000, frame(1, '{"jsonrpc":"2.0","method":"x"}')));
    await socket.ended;
    expect((await resident()) - before).toBeLessThan(100e6);
  });

  it('who does not take his leave is cut off all the same', async () => {
    const socket = await wire(false);
    const began = performance.now();
    await socket.ended;
    expect(performance.now() - began).toBeLessThan(6000);
  });
});

describe('messages that no client of ours sends', () => {
  const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

  it.each([
    '{"jsonrpc":"2.0","method":"$/cancelRequest"}',
    '{"jsonrpc":"2.0","method":"$/cancelRequest","params":null}',
    '{"jsonrpc":"2.0","method":"$/cancelRequest","params":[1]}',
    '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":{}}}',
    '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"never sent"}}',
    '{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"verbose"}}',
    '{"jsonrpc":"2.0","method":"$/progress"}',
    '{"jsonrpc":"2.0","method":"toString"}',
    '{"jsonrpc":"2.0","method":"status","params":null}',
  ])('%s is passed over', async (message) => {
    const client = await connected(server.endpoint);
    client.socket.send(message);
    expect((await client.request('status')).result?.clients).toBe(2);
    client.socket.close();
    await client.closed;
  });

  it.each(
    [
      '{"jsonrpc":"2.0"}',
      '{"jsonrpc":"2.0","id":1}',
      '{"jsonrpc":"2.0","id":1,"result":{}}',
      '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}',
      '{"jsonrpc":"2.0","id":null,"method":"status"}',
      '{"jsonrpc":"2.0","id":{"toString":1},"method":"status"}',
      `{"jsonrpc":"2.0","id":"${'x'.repeat(1e5)}","method":"status"}`,
      '{"jsonrpc":"2.0","id":1,"method":{}}',
      `{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(1e5)}"}`,
      `{"jsonrpc":"2.0","id":${deep(100_000)},"method":"status"}`,
      `{"jsonrpc":"2.0","method":${deep(100_000)}}`,
    ].map((message) => [message.slice(0, 60), message]),
  )('%s closes its socket', async (_, message) => {
    const client = await connected(server.endpoint);
    client.socket.send(message);
    expect(await client.closed).toBe(4004);
  });

  it.each([
    ['by position', [{ force: true }, 5]],
    ['by many positions', Array(50_000).fill(0)],
    ['of many unknown names', Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i]))],
  ])('parameters %s are refused in words', async (_, params) => {
    const client = await connected(server.endpoint);
    for (const method of ['run/start', 'subscribe', 'estimate', 'shutdown', 'authenticate', 'nonsense'])
      expect((await client.request(method, params)).error?.message).toBeTypeOf('string');
    client.socket.terminate();
  });

  it('parameters nested deep are refused, wherever they stand', async () => {
    const client = await connected(server.endpoint);
    for (const method of ['run/start', 'subscribe', 'estimate', 'shutdown', 'authenticate', 'nonsense'])
      for (const params of [deep(100_000), `{"run":${deep(100_000)}}`])
        client.socket.send(`{"jsonrpc":"2.0","id":"deep","method":"${method}","params":${params}}`);
    expect((await client.request('status')).result?.clients).toBe(2);
  });

  it('a device, and an experiment besides a run, are refused before a worker is asked', async () => {
    for (const params of [{}, { experiment: '/a', like: 'one' }, { like: 'one', device: 'abacus' }, { like: '..' }])
      expect((await friend.request('run/start', params)).error?.code).toBe(-32602);
    expect((await friend.request('status')).result?.active).toBeUndefined();
  });

  it('two tokens in one breath: the first decides', async () => {
    const client = await new Client(server.endpoint.port).open();
    void client.authenticate('wrong');
    void client.authenticate(server.endpoint.token);
    const status = client.request('status');
    expect(await client.closed).toBe(4001);
    expect((await status).result).toBeUndefined();
  });

  it('more requests at once than are answered are refused, and the rest are answered', async () => {
    const client = await connected(server.endpoint);
    const replies = await Promise.all(
      Array.from({ length: 40 }, () => client.request('model/inspect', { path: join(folder, 'nowhere') })),
    );
    const codes = replies.map(({ error }) => error?.code);
    expect(codes.filter((code) => code === -32003)).toHaveLength(24);
    expect(codes.filter((code) => code === -32000)).toHaveLength(16);
    client.socket.close();
    await client.closed;
  }, 120_000);

  it('answers that nobody reads fill no memory', async () => {
    const before = await resident();
    const client = await connected(server.endpoint);
    client.socket.pause();
    const params = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i]));
    for (let i = 0; i < 300; i++) {
      void client.request('status', params);
      await pause(5);
    }
    expect((await resident()) - before).toBeLessThan(150e6);
    client.socket.terminate();
  });
});

describe('logs that no run of ours writes', () => {
  it('sixty runs of long lines reach one client whole, and it is not taken for a slow one', async () => {
    const before = await resident();
    const line = (seq: number) => `{"seq":${seq},"time":"","type":"note","text":"${'x'.repeat(30_000)}"}\n`;
    const content = Array.from({ length: 100 }, (_, i) => line(i + 1)).join('');
    const names = Array.from({ length: 60 }, (_, i) => `many-${i}`);
    for (const name of names) {
      mkdirSync(join(runs, name));
      writeFileSync(join(runs, name, 'log.jsonl'), content);
    }
    const client = await connected(server.endpoint);
    const seen = new Map<string, number>();
    let broken = 0;
    client.onEvents = ({ run, events }) => {
      for (const { seq } of events) {
        if (seq !== (seen.get(run) ?? 0) + 1) broken++;
        seen.set(run, seq);
      }
    };
    await Promise.all(names.slice(0, 15).map((run) => client.request('subscribe', { run, log: 'log', fromSeq: 1 })));
    for (const run of names.slice(15)) await client.request('subscribe', { run, log: 'log', fromSeq: 1 });
    await expect.poll(() => [...seen.values()].filter((seq) => seq === 100).length, { timeout: 60_000 }).toBe(60);
    expect(broken).toBe(0);
    expect((await resident()) - before).toBeLessThan(150e6);
    client.socket.close();
    await client.closed;
  }, 90_000);

  it.skipIf(process.platform === 'win32')('pipes in their place hold nobody up', async () => {
    for (let i = 0; i < 8; i++) {
      mkdirSync(join(runs, `pipe-${i}`));
      execFileSync('mkfifo', [join(runs, `pipe-${i}`, 'log.jsonl')]);
    }
    const client = await connected(server.endpoint);
    for (let i = 0; i < 8; i++) await client.request('subscribe', { run: `pipe-${i}`, log: 'log', fromSeq: 1 });
    let seen = 0;
    client.onEvents = ({ events }) => (seen += events.length);
    await client.request('subscribe', { run: 'one', log: 'log', fromSeq: 1 });
    await expect.poll(() => seen, { timeout: 5000 }).toBe(1);
    client.socket.close();
    await client.closed;
  });
});

it('a never ending stream of strangers keeps nobody out', async () => {
  const strangers = new Set<Socket>();
  let running = true;
  const stream = (async () => {
    while (running) {
      for (let i = 0; i < 20; i++) strangers.add(connect(server.endpoint.port, '127.0.0.1').on('error', () => {}));
      await pause(50);
    }
  })();
  await pause(500);
  for (let i = 0; i < 5; i++) {
    const client = await connected(server.endpoint);
    expect((await client.request('status')).result?.clients).toBe(2);
    client.socket.close();
    await client.closed;
  }
  running = false;
  await stream;
  for (const socket of strangers) socket.destroy();
});

it.skipIf(process.platform !== 'linux')('no worker is a process that could tell the token', async () => {
  const { pid, token } = server.endpoint;
  const working = friend.request('devices');
  // Threads and children come and go while they are looked at; one that is gone tells nobody anything.
  const seen = (path: string) => {
    try {
      return readFileSync(path, 'latin1');
    } catch (error) {
      expect(['ENOENT', 'ESRCH']).toContain((error as NodeJS.ErrnoException).code);
      return '';
    }
  };
  let looked = 0;
  for (let i = 0; i < 10; i++) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      for (const child of seen(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean))
        for (const name of ['cmdline', 'environ']) {
          const text = seen(`/proc/${child}/${name}`);
          if (text !== '') looked++;
          expect(text).not.toContain(token);
        }
      expect(seen(`/proc/${pid}/task/${thread}/comm`)).not.toContain(token);
    }
    await pause(50);
  }
  expect(looked).toBeGreaterThan(0);
  expect((await working).result?.devices).toBeDefined();
});

describe('with nobody there', () => {
  it('it ends when the last client has gone, and no stranger keeps it awake', async () => {
    let idle = 0;
    const token = 'x'.repeat(43);
    const one = await startServer({ workspace, token, idleMs: 400, onIdle: () => idle++, onShutdown() {} });
    try {
      const client = await connected({ port: one.port, token });
      await pause(1000);
      expect(idle).toBe(0);
      client.socket.close();
      await client.closed;
      // One who comes and goes without the token, more often than the wait is long.
      const end = performance.now() + 1500;
      while (performance.now() < end && idle === 0) {
        const stranger = await new Client(one.port).open();
        stranger.socket.terminate();
        await pause(100);
      }
      expect(idle).toBe(1);
    } finally {
      await one.close();
    }
  });

  it('it lets go of its port at once, whoever is still connected', async () => {
    const token = 'x'.repeat(43);
    const one = await startServer({ workspace, token, onIdle() {}, onShutdown() {} });
    const client = await connected({ port: one.port, token });
    client.socket.pause();
    const silent = connect(one.port, '127.0.0.1').on('error', () => {});
    const began = performance.now();
    await one.close();
    expect(performance.now() - began).toBeLessThan(3000);
    client.socket.terminate();
    silent.destroy();
    await expect(new Client(one.port).open()).rejects.toThrow('ECONNREFUSED');
  });
});
