/** @file A package feed (NuGet's protocol, version 3) on this machine with one package, which can be told to misbehave. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateRawSync } from 'node:zlib';

/** A zip archive: every second entry deflated, the others stored. */
export function zip(files: Record<string, Buffer>): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [i, [name, content]] of Object.entries(files).entries()) {
    const data = i % 2 === 0 ? deflateRawSync(content) : content;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(i % 2 === 0 ? 8 : 0, 8);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    local.writeUInt16LE(4, 28); // Something extra, as packers write.
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(i % 2 === 0 ? 8 : 0, 10);
    entry.writeUInt32LE(data.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(Buffer.byteLength(name), 28);
    entry.writeUInt32LE(at, 42);
    const whole = Buffer.concat([local, Buffer.from(name), Buffer.alloc(4), data]);
    central.push(entry, Buffer.from(name));
    parts.push(whole);
    at += whole.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, directory, end]);
}

export class TestFeed {
  readonly asked: { path: string; range?: string }[] = [];
  /** Sends so many bytes of the package and hangs up, once. */
  cutAfter?: number;
  /** What it says the hash is, instead of the truth. */
  hash?: string;
  readonly #server: Server;

  private constructor(id: string, version: string, content: Buffer) {
    const file = `/packages/${id}/${version}/${id}.${version}.nupkg`;
    this.#server = createServer((request, response) => {
      const path = request.url!;
      this.asked.push({ path, range: request.headers.range });
      const json = (value: unknown) => response.end(JSON.stringify(value));
      if (path === '/index.json')
        return json({
          resources: [
            { '@id': `${this.url}/packages/`, '@type': 'PackageBaseAddress/3.0.0' },
            { '@id': `${this.url}/known/`, '@type': 'RegistrationsBaseUrl/3.6.0' },
          ],
        });
      if (path === `/known/${id}/${version}.json`) return json({ catalogEntry: `${this.url}/catalog/1.json` });
      if (path === '/catalog/1.json')
        return json({
          packageHash: this.hash ?? createHash('sha512').update(content).digest('base64'),
          packageHashAlgorithm: 'SHA512',
          packageSize: content.length,
        });
      if (path !== file) return response.writeHead(404).end();
      const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(start > 0 ? 206 : 200, {
        'content-length': content.length - start,
        ...(start > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {}),
      });
      const cut = this.cutAfter;
      this.cutAfter = undefined;
      if (cut === undefined) return response.end(content.subarray(start));
      response.write(content.subarray(start, start + cut), () => setTimeout(() => request.socket.destroy(), 50));
    });
  }

  static async start(id: string, version: string, content: Buffer): Promise<TestFeed> {
    const feed = new TestFeed(id, version, content);
    await new Promise<void>((resolve) => feed.#server.listen(0, '127.0.0.1', resolve));
    return feed;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
