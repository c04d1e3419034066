/**
 * @file A hub that is written to, on this machine, and strict: it knows its tokens, checks every hash, keeps the order of
 * the documented API (look, create, preupload, batch, upload, commit) and answers 4xx to whatever is not of it.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Repository {
  sha: string;
  isPrivate: boolean;
  files: Map<string, Buffer>;
  commits: { summary: string; files: string[] }[];
}

export interface Heard {
  server: 'hub' | 'store' | 'elsewhere';
  method: string;
  path: string;
  authorization?: string;
}

type Step = 'look' | 'tree' | 'create' | 'preupload' | 'batch' | 'put' | 'commit';

const largeBytes = 10 << 20;

export class WritableHub {
  readonly repositories = new Map<string, Repository>();
  readonly heard: Heard[] = [];
  readonly steps: Step[] = [];
  /** What each token may do. */
  readonly tokens: Record<string, 'read' | 'write'> = { hf_write: 'write', hf_read: 'read' };
  readonly owners = new Set(['field-lab']);
  /** True where it has answered in place of the hub. */
  misbehave?: (step: Step, request: IncomingMessage, response: ServerResponse) => boolean;
  /** A third host, whom nobody has business with. */
  readonly #elsewhere: Server;
  readonly #hub: Server;
  readonly #store: Server;
  /** Uploaded, and by no commit yet. */
  readonly #objects = new Map<string, Buffer>();
  #offered = new Map<string, number>();

  private constructor() {
    this.#hub = createServer((request, response) => void this.#answer(request, response));
    this.#store = createServer((request, response) => void this.#put(request, response));
    this.#elsewhere = createServer((request, response) => {
      this.#note(request, 'elsewhere');
      json(response, 200, {});
    });
  }

  static async start(): Promise<WritableHub> {
    const hub = new WritableHub();
    for (const server of [hub.#hub, hub.#store, hub.#elsewhere])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`;
  }
  get elsewhere(): string {
    return `http://127.0.0.1:${(this.#elsewhere.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#store, this.#elsewhere]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  add(name: string, files: Record<string, string>, isPrivate = false): Repository {
    const repository: Repository = {
      sha: hashOf('sha1', name),
      isPrivate,
      files: new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
      commits: [],
    };
    this.repositories.set(name, repository);
    return repository;
  }

  #note(request: IncomingMessage, server: Heard['server']): void {
    const { method = '', url = '', headers } = request;
    this.heard.push({ server, method, path: url.split('?')[0], authorization: headers.authorization });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#note(request, 'hub');
    const { pathname } = new URL(request.url!, this.url);
    const [, lookId] = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/main$/.exec(pathname) ?? [];
    const [, treeId] = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/[^/]+$/.exec(pathname) ?? [];
    const [, preId] = /^\/api\/models\/([^/]+\/[^/]+)\/preupload\/main$/.exec(pathname) ?? [];
    const [, batchId] = /^\/([^/]+\/[^/]+)\.git\/info\/lfs\/objects\/batch$/.exec(pathname) ?? [];
    const [, commitId] = /^\/api\/models\/([^/]+\/[^/]+)\/commit\/main$/.exec(pathname) ?? [];
    const step: Step | undefined = lookId
      ? 'look'
      : treeId
        ? 'tree'
        : pathname === '/api/repos/create'
          ? 'create'
          : preId
            ? 'preupload'
            : batchId
              ? 'batch'
              : commitId
                ? 'commit'
                : undefined;
    if (!step) return json(response, 400, { error: `no such address: ${pathname}` });
    this.steps.push(step);
    if (this.misbehave?.(step, request, response)) return;
    const right = this.tokens[/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''];
    if (!right) return json(response, 401, { error: 'Invalid credentials in Authorization header' });
    const reads = step === 'look' || step === 'tree';
    if (reads !== (request.method === 'GET')) return json(response, 405, { error: 'method' });
    if (!reads && right !== 'write') return json(response, 403, { error: 'token without write' });
    const body = await bodyOf(request);
    const id = (lookId ?? treeId ?? preId ?? batchId ?? commitId) as string;
    if (step === 'create') return this.#create(response, body);
    const repository = this.repositories.get(id);
    if (!repository) return json(response, 404, { error: 'Repository not found' });
    if (step === 'look')
      return json(response, 200, { _id: 'x', id, private: repository.isPrivate, gated: false, sha: repository.sha });
    if (step === 'tree')
      return json(
        response,
        200,
        [...repository.files].map(([path, { length }]) => ({ type: 'file', path, size: length, oid: 'a'.repeat(40) })),
      );
    if (step === 'preupload') return this.#preupload(response, body);
    if (step === 'batch') return this.#batch(request, response, body);
    return this.#commit(request, response, repository, body);
  }

  #create(response: ServerResponse, body: Buffer): undefined {
    const { name, organization, type, visibility } = JSON.parse(String(body));
    if (!this.owners.has(organization)) return json(response, 403, { error: 'no rights there' });
    if (type !== 'model' || !['private', 'public'].includes(visibility)) return json(response, 400, { error: 'body' });
    const id = `${organization}/${name}`;
    if (this.repositories.has(id)) return json(response, 409, { error: 'You already created this model repo' });
    this.add(id, { '.gitattributes': '*.safetensors filter=lfs' }, visibility === 'private');
    json(response, 200, { url: `${this.url}/${id}`, id });
  }

  #preupload(response: ServerResponse, body: Buffer): undefined {
    const { files } = JSON.parse(String(body)) as { files: { path: string; size: number; sample: string }[] };
    for (const { path, size, sample } of files) {
      const bytes = Buffer.from(sample, 'base64');
      if (bytes.toString('base64') !== sample || bytes.length !== Math.min(512, size))
        return json(response, 400, { error: `sample of ${path}` });
    }
    const isLarge = (path: string, size: number) => /\.(safetensors|onnx)$/.test(path) || size > largeBytes;
    json(response, 200, {
      files: files.map(({ path, size }) => ({ path, uploadMode: isLarge(path, size) ? 'lfs' : 'regular' })),
    });
  }

  #batch(request: IncomingMessage, response: ServerResponse, body: Buffer): undefined {
    const { operation, transfers, hash_algo, objects } = JSON.parse(String(body));
    const type = 'application/vnd.git-lfs+json';
    if (request.headers.accept !== type || request.headers['content-type'] !== type) return json(response, 406, {});
    if (operation !== 'upload' || !transfers.includes('basic') || hash_algo !== 'sha_256')
      return json(response, 422, {});
    const store = `http://127.0.0.1:${(this.#store.address() as AddressInfo).port}`;
    this.#offered = new Map(objects.map(({ oid, size }: { oid: string; size: number }) => [oid, size]));
    json(response, 200, {
      transfer: 'basic',
      objects: objects.map((object: { oid: string; size: number }) => ({
        ...object,
        ...(this.#objects.has(object.oid) ? {} : { actions: { upload: { href: `${store}/${object.oid}` } } }),
      })),
    });
  }

  /** As the store of the hub, which knows addresses that are signed, and no tokens. */
  async #put(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#note(request, 'store');
    this.steps.push('put');
    if (this.misbehave?.('put', request, response)) return;
    const oid = request.url!.slice(1);
    if (request.headers.authorization) return json(response, 400, { error: 'only one auth mechanism' });
    if (request.method !== 'PUT' || !this.#offered.has(oid)) return json(response, 403, { error: 'not signed' });
    const body = await bodyOf(request).catch(() => undefined);
    if (body === undefined) return;
    if (body.length !== this.#offered.get(oid) || hashOf('sha256', body) !== oid) return json(response, 400, {});
    this.#objects.set(oid, body);
    response.writeHead(200).end();
  }

  #commit(request: IncomingMessage, response: ServerResponse, repository: Repository, body: Buffer): undefined {
    if (request.headers['content-type'] !== 'application/x-ndjson') return json(response, 415, {});
    const [header, ...operations] = String(body)
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; value: Record<string, string> & { size: number } });
    if (header.key !== 'header' || !header.value.summary) return json(response, 400, { error: 'header' });
    const { parentCommit } = header.value;
    if (parentCommit !== undefined && parentCommit !== repository.sha) return json(response, 412, { error: 'moved' });
    // All or nothing.
    const files = new Map(repository.files);
    for (const { key, value } of operations) {
      const { path, content, encoding, algo, oid, size } = value;
      const object = this.#objects.get(oid);
      if (key === 'file' && encoding === 'base64') files.set(path, Buffer.from(content, 'base64'));
      else if (key === 'lfsFile' && algo === 'sha256' && object?.length === size) files.set(path, object);
      else return json(response, 400, { error: `cannot take ${key} ${path}` });
    }
    repository.files = files;
    repository.sha = hashOf('sha1', body);
    repository.commits.push({ summary: header.value.summary, files: operations.map(({ value }) => value.path) });
    json(response, 200, { success: true, commitOid: repository.sha, commitUrl: `${this.url}/commit`, hookOutput: '' });
  }
}

const hashOf = (kind: 'sha1' | 'sha256', content: Buffer | string) => createHash(kind).update(content).digest('hex');

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function json(response: ServerResponse, status: number, body: unknown): undefined {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
