import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UserError } from '../../../sidecar/errors.ts';
import { keptToken } from '../../../sidecar/hub/address.ts';
import { publicationOf } from '../../../sidecar/hub/publication.ts';
import { publish, type Wanted } from '../../../sidecar/hub/publish.ts';
import { WritableHub } from '../../support/hub-writes.ts';

const name = 'field-lab/yoruba';
const weights = Buffer.alloc(3 << 20, 'milore ');
const card = '---\nlibrary_name: milore\n---\n\n# Yoruba\n';
let hub: WritableHub;
let folder: string;

beforeEach(async () => {
  hub = await WritableHub.start();
  folder = mkdtempSync(join(tmpdir(), 'milore-publish-'));
  writeFileSync(join(folder, 'README.md'), card);
  writeFileSync(join(folder, 'adapter_config.json'), '{}');
  writeFileSync(join(folder, 'adapter_model.safetensors'), weights);
});
afterEach(async () => {
  await hub.stop();
  rmSync(folder, { recursive: true });
});

const send = (
  wanted: Partial<Wanted> = {},
  token: string | undefined = 'hf_write',
  signal = new AbortController().signal,
) =>
  publish(
    publicationOf(folder),
    { repo: name, isPrivate: false, update: false, ...wanted },
    { signal, progress: () => {} },
    { hubUrl: hub.url, token },
  );
const refusal = async (work: Promise<unknown>): Promise<UserError> => {
  const error = await work.then(
    () => undefined,
    (error) => error,
  );
  expect(error?.name, String(error?.stack)).toBe('UserError');
  return error;
};
const there = () => hub.repositories.get(name);

describe('publishing', () => {
  it('makes the repository and fills it by one commit, hash by hash, in the order of the API', async () => {
    const published = await send();
    expect(published).toEqual({ url: `${hub.url}/${name}`, commit: there()!.sha });
    expect(hub.steps).toEqual(['look', 'create', 'preupload', 'batch', 'put', 'commit']);
    expect(there()!.isPrivate).toBe(false);
    expect(there()!.commits).toEqual([
      { summary: 'Upload from MiLorE', files: ['README.md', 'adapter_config.json', 'adapter_model.safetensors'] },
    ]);
    expect(there()!.files.get('adapter_model.safetensors')!.equals(weights)).toBe(true);
    expect(String(there()!.files.get('README.md'))).toBe(card);
  });

  it('makes it private where that is asked, and refuses one that everybody reads already', async () => {
    await send({ isPrivate: true });
    expect(there()!.isPrivate).toBe(true);
    hub.add(name, {});
    const error = await refusal(send({ isPrivate: true, update: true }));
    expect(error.code).toBe('publish.is-public');
    expect(hub.steps.filter((step) => step === 'commit')).toHaveLength(1);
  });

  it('takes folders of experts along', async () => {
    mkdirSync(join(folder, 'expert-1'));
    writeFileSync(join(folder, 'expert-1', 'adapter_config.json'), '{"r":2}');
    await send();
    expect(String(there()!.files.get('expert-1/adapter_config.json'))).toBe('{"r":2}');
  });

  it('reports how far it is, to the end', async () => {
    const told: number[] = [];
    const given = publicationOf(folder);
    await publish(
      given,
      { repo: name, isPrivate: false, update: false },
      { signal: new AbortController().signal, progress: (done) => told.push(done) },
      { hubUrl: hub.url, token: 'hf_write' },
    );
    expect(Math.max(...told)).toBeGreaterThanOrEqual(weights.length);
    expect(Math.max(...told)).toBeLessThanOrEqual(given.bytes);
  });
});

describe('a repository that is there', () => {
  it('and holds something is left alone until an update is asked for', async () => {
    hub.add(name, { 'README.md': 'somebody else’s', 'old.txt': 'old' });
    expect((await refusal(send())).code).toBe('publish.exists');
    expect(String(there()!.files.get('README.md'))).toBe('somebody else’s');
    await send({ update: true });
    expect([...there()!.files.keys()].sort()).toEqual([
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
      'old.txt',
    ]);
    expect(there()!.commits[0].summary).toBe('Update from MiLorE');
  });

  it('and is empty, as an earlier try left it, is filled', async () => {
    hub.add(name, { '.gitattributes': '' });
    await send();
    expect(there()!.files.size).toBe(4);
    expect(hub.steps).not.toContain('create');
  });

  it('and was committed to meanwhile is not written over', async () => {
    hub.add(name, { 'README.md': 'x' });
    hub.misbehave = (step) => {
      if (step === 'commit') there()!.sha = 'f'.repeat(40);
      return false;
    };
    expect((await refusal(send({ update: true }))).code).toBe('publish.moved');
    expect(there()!.commits).toEqual([]);
  });
});

describe('the token', () => {
  it('goes to the hub alone: not to its store, nor where it redirects', async () => {
    await send();
    const told = (server: string) => hub.heard.filter((one) => one.server === server).map((one) => one.authorization);
    expect(new Set(told('hub'))).toEqual(new Set(['Bearer hf_write']));
    expect(told('store')).toEqual([undefined]);
  });

  it.each(['look', 'create', 'preupload', 'batch', 'put', 'commit'] as const)(
    'at a redirect of %s nothing goes on',
    async (at) => {
      hub.misbehave = (step, _, response) => {
        if (step !== at) return false;
        response.writeHead(307, { Location: `${hub.elsewhere}/steal` }).end();
        return true;
      };
      const error = await refusal(send());
      expect(error.code).toBe('publish.redirect');
      expect(error.message).toContain(new URL(hub.elsewhere).host);
      expect(hub.heard.filter(({ server }) => server === 'elsewhere')).toEqual([]);
      expect(there()?.commits ?? []).toEqual([]);
    },
  );

  it('that is refused, may not write, or is none is told, and is in no message', async () => {
    expect((await refusal(send({}, 'hf_stranger'))).code).toBe('publish.token');
    const weak = await refusal(send({}, 'hf_read'));
    expect(weak.code).toBe('publish.forbidden');
    expect(weak.message).not.toContain('hf_read');
    expect((await refusal(send({}, 'password'))).code).toBe('hub.token');
    expect((await refusal(send({ repo: 'others/x' }))).code).toBe('publish.forbidden');
    const plain = publish(
      publicationOf(folder),
      { repo: name, isPrivate: false, update: false },
      { signal: new AbortController().signal, progress: () => {} },
      { hubUrl: 'http://hub.example', token: 'hf_write' },
    );
    expect((await refusal(plain)).code).toBe('hub.token');
    expect(hub.repositories.size).toBe(0);
  });

  it('is the environment’s, else the file’s of the hub’s own tools', () => {
    writeFileSync(join(folder, 'token'), 'hf_file\n');
    expect(keptToken({ HF_TOKEN: 'hf_env', HF_HOME: folder })).toBe('hf_env');
    expect(keptToken({ HF_HOME: folder })).toBe('hf_file');
    expect(keptToken({ HF_TOKEN_PATH: join(folder, 'token'), HF_HOME: '/nowhere' })).toBe('hf_file');
    mkdirSync(join(folder, 'huggingface'));
    writeFileSync(join(folder, 'huggingface', 'token'), 'hf_cache');
    expect(keptToken({ XDG_CACHE_HOME: folder })).toBe('hf_cache');
    expect(keptToken({ HF_HOME: join(folder, 'none') })).toBeUndefined();
  });
});

describe('a connection that breaks', () => {
  it.each(['preupload', 'batch', 'put', 'commit'] as const)(
    'at %s leaves nothing half, and the next try ends it',
    async (at) => {
      hub.misbehave = (step, request) => {
        if (step !== at) return false;
        request.once('data', () => request.socket.destroy());
        return true;
      };
      const error = await refusal(send());
      expect(error.code).toBe(at === 'commit' ? 'publish.unknown-end' : 'publish.no-network');
      expect([...there()!.files.keys()]).toEqual(['.gitattributes']);
      hub.misbehave = undefined;
      await send();
      expect(there()!.files.size).toBe(4);
    },
  );

  it('by the person ends at once', async () => {
    const stop = new AbortController();
    hub.misbehave = (step) => {
      if (step === 'put') stop.abort(new Error('cancelled'));
      return step === 'put';
    };
    await expect(send({}, 'hf_write', stop.signal)).rejects.toThrow('cancelled');
    expect(there()!.commits).toEqual([]);
  });

  it('or was never there says so', async () => {
    const { url } = hub;
    await hub.stop();
    hub = await WritableHub.start();
    const wanted = { repo: name, isPrivate: false, update: false };
    const work = { signal: new AbortController().signal, progress: () => {} };
    const error = await refusal(publish(publicationOf(folder), wanted, work, { hubUrl: url, token: 'hf_write' }));
    expect(error.code).toBe('publish.no-network');
    expect(error.message).toContain(url);
  });
});

describe('what is no export', () => {
  const code = () => {
    try {
      publicationOf(folder);
    } catch (error) {
      return (error as UserError).message;
    }
  };

  it('is not published: a link, a hidden file, no card, another’s card, no adapter', () => {
    symlinkSync('/etc/passwd', join(folder, 'vocab.json'));
    expect(code()).toContain('"vocab.json", which is no part');
    rmSync(join(folder, 'vocab.json'));
    writeFileSync(join(folder, '.env'), 'SECRET=1');
    expect(code()).toContain('".env"');
    rmSync(join(folder, '.env'));
    writeFileSync(join(folder, 'README.md'), '# mine\n');
    expect(code()).toContain('its card was not written by MiLorE');
    rmSync(join(folder, 'README.md'));
    expect(code()).toContain('no README.md');
    writeFileSync(join(folder, 'README.md'), card);
    rmSync(join(folder, 'adapter_config.json'));
    expect(code()).toContain('no adapter and no model');
    rmSync(folder, { recursive: true });
    expect(code()).toContain('ENOENT');
    mkdirSync(folder);
  });

  it('its card says whether a licence must be looked up', () => {
    expect(publicationOf(folder).notNoted).toBe(false);
    writeFileSync(join(folder, 'README.md'), `${card}not noted: look it up before you publish this\n`);
    expect(publicationOf(folder).notNoted).toBe(true);
    expect(publicationOf(folder).bytes).toBe(weights.length + 2 + readFileSync(join(folder, 'README.md')).length);
  });
});
