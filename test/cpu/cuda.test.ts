/** CUDA's provider: fetched from a feed on this machine, put beside a copy of the runtime, and taken up from there. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cudaLibraries } from '../../sidecar/engine/cuda-libraries.ts';
import { loaderView, parseLoaderCache } from '../../sidecar/engine/libraries.ts';
import { cudaRuntime, installedRuntime, librariesOf, runtimeFolder } from '../../sidecar/engine/runtime.ts';
import { cudaSupport, fetchCuda } from '../../sidecar/hub/cuda.ts';
import { cudaPackage } from '../../sidecar/hub/cuda-package.ts';
import { milore } from '../support/cli.ts';
import { TestFeed, zip } from '../support/feed.ts';
import { scratch } from '../support/scratch.ts';

const here = process.platform === 'linux' && process.arch === 'x64';
const at = scratch();
const [provider, shared] = [randomBytes(300_000), Buffer.alloc(90_000, 'shared ')];

describe.skipIf(!here)('CUDA’s provider', () => {
  const { name, version, files } = cudaPackage('linux/x64');
  const content = zip({
    'package.nuspec': Buffer.from('<package/>'),
    [files['libonnxruntime_providers_cuda.so']]: provider,
    [files['libonnxruntime_providers_shared.so']]: shared,
    'runtimes/linux-x64/native/libonnxruntime.so': Buffer.from('another'),
  });
  let feed: TestFeed;
  let home: string;
  let count = 0;
  beforeAll(async () => {
    feed = await TestFeed.start(name.toLowerCase(), version, content);
  });
  afterAll(() => feed.stop());
  beforeEach(() => {
    home = at(`home-${count++}`);
    process.env.MILORE_CUDA = home;
    process.env.MILORE_NUGET = `${feed.url}/index.json`;
    feed.hash = undefined;
    feed.asked.length = 0;
  });
  afterEach(() => {
    delete process.env.MILORE_CUDA;
    delete process.env.MILORE_NUGET;
  });
  const going = (more: Partial<Parameters<typeof fetchCuda>[0]> = {}) => ({
    signal: new AbortController().signal,
    progress() {},
    ...more,
  });

  it('is what the runtime’s own installer fetches for the installed version, without TensorRT', () => {
    const installed = JSON.parse(readFileSync(join(installedRuntime(), 'package.json'), 'utf8')).version;
    expect(version).toBe(installed);
    expect(Object.keys(files).sort()).toEqual([
      'libonnxruntime_providers_cuda.so',
      'libonnxruntime_providers_shared.so',
    ]);
    expect(() => cudaPackage('darwin/arm64')).toThrow(/none for darwin\/arm64/);
  });

  it('goes on after the line was cut, is whole byte for byte, and leaves nothing else behind', async () => {
    feed.cutAfter = 100_000;
    const told: [number, number, string?][] = [];
    const support = await fetchCuda(going({ progress: (...one) => void told.push(one) }));
    const ranges = feed.asked.flatMap(({ path, range }) => (path.endsWith('.nupkg') ? [range ?? 'all'] : []));
    expect(ranges).toHaveLength(2);
    expect(ranges[0]).toBe('all');
    expect(Number(/^bytes=(\d+)-$/.exec(ranges[1])?.[1])).toBeGreaterThan(0);
    expect(
      told
        .filter(([, , what]) => what?.endsWith('.nupkg'))
        .at(-1)!
        .slice(0, 2),
    ).toEqual([content.length, content.length]);
    const libraries = librariesOf(support.folder);
    expect(readFileSync(join(libraries, 'libonnxruntime_providers_cuda.so')).equals(provider)).toBe(true);
    expect(readFileSync(join(libraries, 'libonnxruntime_providers_shared.so')).equals(shared)).toBe(true);
    for (const own of readdirSync(librariesOf(installedRuntime())))
      expect(readFileSync(join(libraries, own)).equals(readFileSync(join(librariesOf(installedRuntime()), own)))).toBe(
        true,
      );
    expect(readdirSync(home)).toEqual([version]);
    expect(support).toMatchObject({ fetched: true, version });
    expect(support.sha512).toMatch(/^[0-9a-f]{128}$/);
    expect(runtimeFolder()).toBe(support.folder);
    // There already: nobody is asked.
    feed.asked.length = 0;
    expect(await fetchCuda(going())).toEqual(support);
    expect(feed.asked).toEqual([]);
  });

  it('is thrown away where its hash is not the one that the feed names', async () => {
    feed.hash = Buffer.alloc(64, 7).toString('base64');
    await expect(fetchCuda(going())).rejects.toThrow(/does not have the sha512 hash/);
    expect(existsSync(cudaRuntime())).toBe(false);
    expect(readdirSync(home)).toEqual([]);
    expect(runtimeFolder()).toBe(installedRuntime());
  });

  it('ends when it is told, and goes on the next time with what had come', async () => {
    const control = new AbortController();
    feed.cutAfter = 200_000;
    const progress = (done: number) => void (done > 50_000 && control.abort(new Error('enough')));
    await expect(fetchCuda(going({ signal: control.signal, progress }))).rejects.toThrow('enough');
    expect(readdirSync(home).filter((file) => file.endsWith('.part'))).toHaveLength(1);
    expect(cudaSupport().fetched).toBe(false);
    feed.asked.length = 0;
    expect((await fetchCuda(going())).fetched).toBe(true);
    expect(feed.asked.find(({ path }) => path.endsWith('.nupkg'))!.range).toMatch(/^bytes=\d{5,}-$/);
  });

  it('says what is wrong with a feed: silent, without a hash, another package', async () => {
    process.env.MILORE_NUGET = `${feed.url}/nothing.json`;
    await expect(fetchCuda(going())).rejects.toThrow(/answers .* with 404/);
    process.env.MILORE_NUGET = 'http://127.0.0.1:9/index.json';
    await expect(fetchCuda(going())).rejects.toThrow(/Could not find .* at http:\/\/127\.0\.0\.1:9/);
    process.env.MILORE_NUGET = `${feed.url}/index.json`;
    feed.hash = 'c2hvcnQ=';
    await expect(fetchCuda(going())).rejects.toThrow(/SHA-512/);
    feed.hash = undefined;
    const other = { ...cudaPackage(), files: { 'x.so': 'lib/x.so' } };
    await expect(fetchCuda(going(), other)).rejects.toThrow(/it has no lib\/x\.so/);
    expect(cudaSupport().fetched).toBe(false);
  });

  it.skipIf(!existsSync(resolve('dist/milore.js')))(
    'is taken up by the built program, which still computes on the CPU and says what is missing for the card',
    async () => {
      const env = { MILORE_CUDA: home, MILORE_NUGET: `${feed.url}/index.json` };
      let said = '';
      const devices = async (more: Record<string, string> = {}) => {
        const { stdout, stderr, code } = await milore(['devices', '--json'], undefined, { ...env, ...more });
        expect(code).toBe(0);
        said = stderr;
        const { devices: all } = JSON.parse(stdout) as {
          devices: { device: string; usable: boolean; reason: string }[];
        };
        expect(all.find(({ device }) => device === 'cpu')!.usable).toBe(true);
        return all.find(({ device }) => device === 'cuda')!;
      };
      expect((await devices()).reason).toBe('its libraries are not installed: "milore cuda" fetches them');
      expect(said).toBe('');
      const fetched = await milore(['cuda'], undefined, env);
      expect(fetched.code).toBe(0);
      expect(fetched.stdout).toContain(`The provider for onnxruntime ${version} lies in ${home}`);
      expect(fetched.stdout).toMatch(/cuDNN 9 +libcudnn\.so\.9/);
      // With everything that it needs by name, the runtime itself tries, beside the provider; what was fetched here is noise.
      const pretended = at('cuda-libraries');
      mkdirSync(pretended, { recursive: true });
      for (const { name: library } of cudaLibraries()) writeFileSync(join(pretended, library), '');
      const { usable, reason } = await devices({ LD_LIBRARY_PATH: pretended });
      expect(usable).toBe(false);
      expect(reason).not.toBe('');
      // onnxruntime's own words: it looked there, and nowhere else.
      expect(said).toContain(join(librariesOf(cudaSupport().folder), 'libonnxruntime_providers_shared.so'));
      rmSync(pretended, { recursive: true });
    },
    120_000,
  );
});

describe('what a machine has of CUDA', () => {
  it('is looked for as the loader looks: named folders first, then its cache', () => {
    const cache = parseLoaderCache(
      '2 libs found in cache\n\tlibcudnn.so.9 (libc6,x86-64) => /opt/cudnn/libcudnn.so.9\n\tlibcudart.so.12 (libc6) => /opt/32/libcudart.so.12\n',
    );
    mkdirSync(at('named'), { recursive: true });
    writeFileSync(at('named', 'libcublas.so.12'), '');
    const found = cudaLibraries(loaderView({ LD_LIBRARY_PATH: `:${at('named')}` }, cache));
    const path = (name: string) => found.find((one) => one.name === name)?.path;
    expect(path('libcudnn.so.9')).toBe('/opt/cudnn/libcudnn.so.9');
    expect(path('libcublas.so.12')).toBe(at('named', 'libcublas.so.12'));
    // A library of 32 bits is none.
    expect(path('libcudart.so.12')).toBeUndefined();
    expect(new Set(found.map(({ of }) => of))).toEqual(new Set(['NVIDIA driver', 'CUDA 12', 'cuDNN 9']));
  });
});
