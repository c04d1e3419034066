import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UserError } from '../../../sidecar/errors.ts';
import { downloadInto } from '../../../sidecar/hub/download.ts';
import { loadBase } from '../../../sidecar/model/checkpoint/base.ts';
import { downloadModel, inspectModel } from '../../../sidecar/server/requests/model.ts';
import { TestHub } from '../../support/hub.ts';
import { scratch } from '../../support/scratch.ts';

const temporary = scratch();
const fixture = (name: string) => readFileSync(resolve('test/fixtures/hubert_tiny_base', name));
const id = 'someone/tiny-hubert';
const commit = '0123456789abcdef0123456789abcdef01234567';
const card = Buffer.from('---\nlicense: cc-by-4.0\nbase_model: facebook/hubert-base\n---\n# Tiny\n');

let hub: TestHub;
let workspace: string;
let count = 0;
const config = fixture('config.json');
const weights = fixture('model.safetensors');

beforeAll(async () => {
  hub = await TestHub.start();
});
afterAll(() => hub.stop());
beforeEach(() => {
  hub.asked.length = 0;
  hub.extraEntries = [];
  hub.misbehave = undefined;
  hub.refuse = undefined;
  hub.ranges = true;
  hub.models.clear();
  hub.models.set(id, {
    commit,
    card: { license: 'mit' },
    files: {
      'README.md': card,
      'config.json': config,
      'flax_model.msgpack': Buffer.from('not wanted'),
      LICENSE: Buffer.from('MIT'),
      'model.safetensors': weights,
      'preprocessor_config.json': fixture('preprocessor_config.json'),
      'pytorch_model.bin': fixture('pytorch_model.bin'),
      'training_args.bin': Buffer.from('not wanted'),
    },
  });
  workspace = temporary(`workspace-${count++}`);
  mkdirSync(workspace, { recursive: true });
});

const context = (signal = new AbortController().signal) => {
  const told: { done: number; total: number; detail?: string }[] = [];
  const progress = (done: number, total: number, detail?: string) => {
    told.push({ done, total, detail });
  };
  return { workspace, signal, told, progress };
};
const into = () => join(workspace, 'models', 'tiny');
const download = (asked = context(), extra: { revision?: string; id?: string; into?: string; token?: string } = {}) =>
  downloadInto({ id: extra.id ?? id, revision: extra.revision, into: extra.into ?? into() }, asked, {
    hubUrl: hub.url,
    token: extra.token,
  });
const refusal = async (work: Promise<unknown>): Promise<UserError> => {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error?.problems, String(error)).toBeDefined();
  return error;
};

describe('a base model comes from the hub', () => {
  it('at a pinned commit: configuration, card, licence and safetensors, nothing else, and it loads', async () => {
    const asked = context();
    const result = await download(asked);
    const names = ['LICENSE', 'README.md', 'config.json', 'milore.source.json', 'model.safetensors'];
    expect(readdirSync(into()).sort()).toEqual([...names, 'preprocessor_config.json']);
    expect(result).toMatchObject({ path: into(), revision: commit, licence: 'mit' });
    expect(hub.asked.filter(({ path }) => path.includes('/resolve/')).every(({ path }) => path.includes(commit))).toBe(
      true,
    );
    expect(asked.told.at(-1)).toMatchObject({ done: result.bytes, total: result.bytes });
    expect(asked.told.every(({ done }, i) => i === 0 || done >= asked.told[i - 1].done)).toBe(true);
    expect(loadBase(into()).config.layers).toBeGreaterThan(0);
    const report = await inspectModel({ path: into() }, asked);
    expect(report).toMatchObject({
      licence: 'mit',
      source: `${id} @ ${commit.slice(0, 12)}`,
      missing: [],
      hasHead: false,
    });
    expect(report.parameters).toBe(
      [...loadBase(into()).weights.values()].reduce((sum, { data }) => sum + data.length, 0),
    );
  });

  it('whose listing has several pages; by branch, by commit, and with the card’s licence where the hub knows none', async () => {
    hub.pageSize = 1;
    hub.models.get(id)!.card = undefined;
    expect(await download(context(), { revision: commit.slice(0, 8) })).toMatchObject({ licence: 'cc-by-4.0' });
    hub.pageSize = 2;
  });

  it('in shards, or as pytorch_model.bin where there are no safetensors', async () => {
    const files = hub.models.get(id)!.files;
    const { 'model.safetensors': whole, ...rest } = files;
    hub.models.get(id)!.files = {
      ...rest,
      'model.safetensors.index.json': Buffer.from(
        JSON.stringify({
          weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
        }),
      ),
      'model-00001-of-00002.safetensors': Buffer.from('one'),
      'model-00002-of-00002.safetensors': Buffer.from('two'),
      'model-00003-of-00002.safetensors': Buffer.from('stray'),
    };
    await download();
    expect(readdirSync(into()).filter((name) => /safetensors|bin$/.test(name))).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
    ]);
    hub.models.get(id)!.files = rest;
    await download();
    // The other commit's index would have been read before it.
    expect(readdirSync(into()).filter((name) => /^(model\.|pytorch)/.test(name))).toEqual(['pytorch_model.bin']);
    expect(loadBase(into()).source).toContain('pytorch_model.bin');
  });

  it('once: a second time nothing is fetched again', async () => {
    await download();
    hub.asked.length = 0;
    await download();
    expect(hub.asked.filter(({ path }) => !path.startsWith('/api/'))).toEqual([]);
  });
});

describe('a download that is interrupted', () => {
  /** Cuts the weights after `bytes` of each answer. */
  const cutAfter = (bytes: number, times = Number.POSITIVE_INFINITY) => {
    let left = times;
    hub.misbehave = (request, response, content) => {
      if (content !== weights || left-- <= 0) return false;
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const status = start ? 206 : 200;
      const headers = {
        'Content-Length': content.length - start,
        'Content-Range': `bytes ${start}-${content.length - 1}/*`,
      };
      response.writeHead(status, headers);
      response.write(content.subarray(start, start + bytes), () => response.destroy());
      return true;
    };
  };

  it('by the line goes on by itself, at the byte where it was', async () => {
    cutAfter(100_000, 2);
    await download();
    const ranges = hub.fetched('model.safetensors').map(({ range }) => range);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]/), expect.stringMatching(/^bytes=[1-9]/)]);
    expect(new Set(ranges).size).toBe(3);
    expect(readFileSync(join(into(), 'model.safetensors')).equals(weights)).toBe(true);
  });

  it('by the person keeps its part, and the next one fetches the rest alone', async () => {
    const controller = new AbortController();
    const asked = context(controller.signal);
    asked.progress = (_done: number, _total: number, detail?: string) => {
      if (detail === 'model.safetensors' && partBytes() > 50_000) controller.abort(new Error('cancelled'));
    };
    await expect(download(asked)).rejects.toThrow('cancelled');
    const kept = partBytes();
    expect(kept).toBeGreaterThan(50_000);
    expect(kept).toBeLessThanOrEqual(weights.length);
    expect(existsSync(join(into(), 'config.json'))).toBe(false);
    hub.asked.length = 0;
    await download();
    if (kept < weights.length)
      expect(hub.fetched('model.safetensors').map(({ range }) => range)).toEqual([`bytes=${kept}-`]);
    expect(readdirSync(into()).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(readFileSync(join(into(), 'model.safetensors')).equals(weights)).toBe(true);
  });
  const partBytes = () => {
    const part = readdirSync(into()).find((name) => name.startsWith('model.safetensors.') && name.endsWith('.part'));
    return part ? statSync(join(into(), part)).size : 0;
  };

  it('on a server without ranges begins again and is whole', async () => {
    cutAfter(100_000, 1);
    hub.ranges = false;
    await download();
    expect(readFileSync(join(into(), 'model.safetensors')).equals(weights)).toBe(true);
  });

  it('again and again is given up, and says that the next try goes on', async () => {
    cutAfter(0);
    const error = await refusal(download());
    expect(error.problems[0].code).toMatch(/^hub\.(cut-short|no-network)$/);
    expect(error.problems[0].cure).toContain('goes on there');
  }, 20_000);
});

describe('a download is checked:', () => {
  it('wrong content is thrown away and named', async () => {
    hub.misbehave = (_request, response, content) => {
      if (content !== weights) return false;
      response.writeHead(200, { 'Content-Length': content.length }).end(Buffer.alloc(content.length, 7));
      return true;
    };
    const error = await refusal(download());
    expect(error.code).toBe('hub.wrong-content');
    expect(error.message).toContain('model.safetensors');
    expect(readdirSync(into()).filter((name) => name.includes('model.safetensors'))).toEqual([]);
  });

  it('a spoilt part is fetched anew', async () => {
    hub.misbehave = (_request, response) => {
      hub.misbehave = undefined;
      response.writeHead(503).end();
      return true;
    };
    mkdirSync(into(), { recursive: true });
    const { lfs } = (await import('../../support/hub.ts')).entryOf('model.safetensors', weights) as {
      lfs: { oid: string };
    };
    writeFileSync(join(into(), `model.safetensors.${lfs.oid.slice(0, 12)}.part`), Buffer.alloc(1000, 7));
    await download();
    expect(hub.fetched('model.safetensors').map(({ range }) => range)).toEqual(['bytes=1000-', undefined]);
    expect(readFileSync(join(into(), 'model.safetensors')).equals(weights)).toBe(true);
  });

  it('a small file of other content than git’s hash says is refused too', async () => {
    hub.misbehave = (_request, response, content) => {
      if (content !== config) return false;
      response.writeHead(200).end(Buffer.from(String(config).replace('hubert', 'hubris')));
      return true;
    };
    expect((await refusal(download())).code).toBe('hub.wrong-content');
  });

  it('more bytes than listed are refused while they come', async () => {
    hub.misbehave = (_request, response, content) => {
      if (content !== weights) return false;
      response.writeHead(200).end(Buffer.alloc(content.length * 4));
      return true;
    };
    expect((await refusal(download())).message).toMatch(/sends more than the 551096 bytes/);
  });
});

describe('a download stays where it belongs:', () => {
  it('names of the hub’s making that leave the folder are not fetched', async () => {
    const evil = { type: 'file', size: 4, oid: 'a'.repeat(40) };
    hub.extraEntries = ['../config.json', '/etc/passwd', '..\\README.md', 'a/LICENSE', '.bashrc', 'LICENSE.'].map(
      (path) => ({
        ...evil,
        path,
      }),
    );
    await download();
    expect(readdirSync(workspace)).toEqual(['models']);
    expect(hub.asked.some(({ path }) => /passwd|bashrc|\.\./.test(path))).toBe(false);
  });

  it('shards that an index names elsewhere are refused', async () => {
    const model = hub.models.get(id)!;
    const { 'model.safetensors': _, ...rest } = model.files;
    for (const name of ['../../evil.safetensors', 'absent.safetensors', 7]) {
      const index = Buffer.from(JSON.stringify({ weight_map: { a: name } }));
      model.files = { ...rest, 'model.safetensors.index.json': index };
      expect((await refusal(download())).message).toContain('is no file of the model');
    }
  });

  it('the folder must be inside the workspace, also behind links', async () => {
    const outside = temporary('outside');
    mkdirSync(outside, { recursive: true });
    symlinkSync(outside, join(workspace, 'link'));
    for (const folder of [outside, join(workspace, '..'), workspace, join(workspace, 'link', 'model')]) {
      expect((await refusal(download(context(), { into: folder }))).code).toBe('hub.outside');
    }
    expect(readdirSync(outside)).toEqual([]);
  });

  it('another model that lies there is not written over', async () => {
    mkdirSync(into(), { recursive: true });
    writeFileSync(join(into(), 'config.json'), '{}');
    expect((await refusal(download())).code).toBe('hub.folder-in-use');
    expect(readFileSync(join(into(), 'config.json'), 'utf8')).toBe('{}');
  });

  it('the token goes to the hub alone, never to where it redirects', async () => {
    await download(context(), { token: 'hf_secret' });
    const hubTold = hub.asked.filter(({ server }) => server === 'hub').map(({ authorization }) => authorization);
    expect(new Set(hubTold)).toEqual(new Set(['Bearer hf_secret']));
    expect(hub.fetched('model.safetensors').map(({ authorization }) => authorization)).toEqual([undefined]);
    const plain = downloadInto({ id, into: into() }, context(), { hubUrl: 'http://hub.example', token: 'hf_secret' });
    expect((await refusal(plain)).code).toBe('hub.token');
  });
});

describe('a download that cannot be says why, and what to do:', () => {
  it.each([
    [401, undefined, 'hub.forbidden', /set HF_TOKEN/],
    [403, 'hf_x', 'hub.forbidden', /ask for access/],
    [404, undefined, 'hub.not-found', /owner, name and revision/],
    [429, undefined, 'hub.too-many', /Wait/],
    [503, undefined, 'hub.answer', /later/],
  ])('status %i', async (status, token, code, cure) => {
    hub.refuse = status;
    const error = await refusal(download(context(), { token }));
    expect(error.code).toBe(code);
    expect(error.problems[0].cure).toMatch(cure);
    expect(error.message).not.toContain('hf_x');
  });

  it('an unknown model, an unknown revision, a model without weights or configuration', async () => {
    expect((await refusal(download(context(), { id: 'no/body' }))).code).toBe('hub.not-found');
    expect((await refusal(download(context(), { revision: 'v9' }))).message).toContain('no such revision');
    const { 'config.json': _, ...rest } = hub.models.get(id)!.files;
    hub.models.get(id)!.files = rest;
    expect((await refusal(download())).message).toContain('no config.json');
    hub.models.get(id)!.files = { 'config.json': config };
    expect((await refusal(download())).message).toContain('none of model.safetensors');
  });

  it('no network', async () => {
    const closed = await TestHub.start();
    const { url } = closed;
    await closed.stop();
    const error = await refusal(downloadInto({ id, into: into() }, context(), { hubUrl: url }));
    expect(error.code).toBe('hub.no-network');
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('an answer that no hub gives', async () => {
    hub.models.get(id)!.commit = '../../x';
    expect((await refusal(download())).code).toBe('hub.not-a-model');
  });

  it('parameters that are no model', async () => {
    for (const params of [
      { id: '../x', into: into() },
      { id: 'a', into: into() },
      { id: 'a/b/c', into: into() },
      { id: 'a/b', into: 'models' },
      { id: 'a/b', into: into(), revision: '..?x' },
      { id: 'a/b', into: into(), extra: 1 },
    ])
      await expect(downloadModel(params, context())).rejects.toThrow();
  });
});
