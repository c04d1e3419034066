/** @file A server that speaks the Hugging Face hub's API on this machine, and can be told to misbehave. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubModel {
  commit: string;
  files: Record<string, Buffer>;
  card?: Record<string, unknown>;
}

export interface Asked {
  method: string;
  path: string;
  range?: string;
  authorization?: string;
  server: 'hub' | 'store';
}

export class TestHub {
  /** `owner/name` to what it is at `main`. */
  readonly models = new Map<string, HubModel>();
  readonly asked: Asked[] = [];
  /** Entries of a page of the listing. */
  pageSize = 2;
  /** Listed beside the model's files, as it stands. */
  extraEntries: unknown[] = [];
  /** Called for each request of a file's bytes; true where it has answered. */
  misbehave?: (request: IncomingMessage, response: ServerResponse, content: Buffer) => boolean;
  /** Status that every request to the API gets. */
  refuse?: number;
  ranges = true;
  readonly #hub: Server;
  readonly #store: Server;

  private constructor() {
    this.#hub = createServer((request, response) => this.#api(request, response));
    this.#store = createServer((request, response) => this.#file(request, response));
  }

  static async start(): Promise<TestHub> {
    const hub = new TestHub();
    for (const server of [hub.#hub, hub.#store])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`;
  }

  /** Where large files lie: another origin, as on the hub. */
  get store(): string {
    return `http://127.0.0.1:${(this.#store.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#store]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Requests for the bytes of a file, at the origin that answers them. */
  fetched(name: string): Asked[] {
    return this.asked.filter(({ path, server }) => path.endsWith(`/${name}`) && (server === 'store' || !isLarge(name)));
  }

  #note(request: IncomingMessage, server: 'hub' | 'store'): URL {
    const url = new URL(request.url!, this.url);
    const { range, authorization } = request.headers;
    this.asked.push({ method: request.method!, path: url.pathname, range, authorization, server });
    return url;
  }

  #api(request: IncomingMessage, response: ServerResponse): void {
    const url = this.#note(request, 'hub');
    const [, infoId, revision] = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/(.+)$/.exec(url.pathname) ?? [];
    const [, treeId, commit] = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/(.+)$/.exec(url.pathname) ?? [];
    const [, fileId, , name] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
    if (this.refuse) json(response, this.refuse, { error: 'refused' });
    else if (infoId) this.#info(response, infoId, decodeURIComponent(revision));
    else if (treeId) this.#tree(response, url, treeId, commit);
    else this.#resolve(request, response, fileId, name);
  }

  #info(response: ServerResponse, id: string, revision: string): void {
    const model = this.#model(id, revision);
    if (!model) json(response, 404, { error: 'Repository not found' });
    else {
      const about = { _id: 'x', id, private: false, gated: false, lastModified: '2024-01-01' };
      json(response, 200, { ...about, sha: model.commit, cardData: model.card });
    }
  }

  #tree(response: ServerResponse, url: URL, id: string, commit: string): void {
    const files = Object.entries(this.#model(id, commit)?.files ?? {});
    const entries = [...files.map(([name, content]) => entryOf(name, content)), ...this.extraEntries];
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const next = from + this.pageSize;
    url.searchParams.set('cursor', String(next));
    json(response, 200, entries.slice(from, next), next < entries.length ? `<${url.href}>; rel="next"` : undefined);
  }

  #resolve(request: IncomingMessage, response: ServerResponse, id: string, name: string): void {
    const content = this.#model(id, 'main')?.files[name];
    if (!content) json(response, 404, { error: 'Entry not found' });
    else if (isLarge(name)) response.writeHead(302, { Location: `${this.store}/${id}/${name}` }).end();
    else this.#send(request, response, content);
  }

  #model(id: string, revision: string): HubModel | undefined {
    const model = this.models.get(id);
    return model && (revision === 'main' || model.commit.startsWith(revision)) ? model : undefined;
  }

  #file(request: IncomingMessage, response: ServerResponse): void {
    const url = this.#note(request, 'store');
    const [, id, name] = /^\/([^/]+\/[^/]+)\/(.+)$/.exec(url.pathname) ?? [];
    this.#send(request, response, this.models.get(id)!.files[name]);
  }

  #send(request: IncomingMessage, response: ServerResponse, content: Buffer): void {
    if (this.misbehave?.(request, response, content)) return;
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? Number.NaN);
    if (Number.isNaN(start) || !this.ranges) {
      response.writeHead(200, { 'Content-Length': content.length }).end(content);
    } else if (start >= content.length) {
      response.writeHead(416).end();
    } else {
      const range = `bytes ${start}-${content.length - 1}/${content.length}`;
      response.writeHead(206, { 'Content-Range': range, 'Content-Length': content.length - start });
      response.end(content.subarray(start));
    }
  }
}

const isLarge = (name: string) => /\.(safetensors|bin)$/.test(name);

export function entryOf(path: string, content: Buffer): Record<string, unknown> {
  const blob = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  const entry = { type: 'file', path, size: content.length, oid: blob };
  if (!isLarge(path)) return entry;
  return {
    ...entry,
    lfs: { oid: createHash('sha256').update(content).digest('hex'), size: content.length, pointerSize: 134 },
  };
}

function json(response: ServerResponse, status: number, body: unknown, link?: string): void {
  const headers = { 'Content-Type': 'application/json', ...(link ? { Link: link } : {}) };
  response.writeHead(status, headers).end(JSON.stringify(body));
}
