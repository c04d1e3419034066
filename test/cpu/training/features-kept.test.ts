/** What is kept of the front end's output, and what that changes: nothing, or the last digits. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadExperiment } from '../../../sidecar/config/resolve.ts';
import { normals } from '../../../sidecar/random.ts';
import { loadFrozenBase } from '../../../sidecar/training/prepare/base.ts';
import { planFeatures } from '../../../sidecar/training/prepare/features.ts';
import { openFeatures } from '../../../sidecar/units/features.ts';
import { notesOf, type TinyRun, tinyRuns } from '../../support/tiny-run.ts';

const { root, file, run } = tinyRuns();
const cache = join(root, '.milore', 'cache');
const bytesIn = (folder: string) =>
  existsSync(join(cache, folder))
    ? readdirSync(join(cache, folder)).reduce((sum, name) => sum + statSync(join(cache, folder, name)).size, 0)
    : 0;
const adapter = ({ result }: TinyRun) => readFileSync(join(result.run.path, 'adapter', 'adapter_model.safetensors'));
const chosen = ({ result }: TinyRun) => JSON.parse(readFileSync(join(result.run.path, 'features.json'), 'utf8'));

describe('cache.features', () => {
  const kinds = ['float32', 'float16', 'audio', 'none'] as const;
  const runs = {} as Record<(typeof kinds)[number], TinyRun>;
  const written = {} as Record<(typeof kinds)[number], { features: number; audio: number }>;
  beforeAll(async () => {
    for (const kind of kinds) {
      rmSync(join(cache, 'features'), { recursive: true, force: true });
      rmSync(join(cache, 'audio'), { recursive: true, force: true });
      runs[kind] = await run([`cache.features=${kind}`]);
      written[kind] = { features: bytesIn('features'), audio: bytesIn('audio') };
    }
  }, 240_000);
  afterAll(() => rmSync(root, { recursive: true }));

  it('keeps what it says, and says how much that is before', () => {
    expect(written.float16.features / written.float32.features).toBeCloseTo(0.5, 1);
    expect(written.float32.audio).toBe(0);
    expect(written.audio.features).toBe(0);
    expect(written.audio.audio).toBeGreaterThan(0);
    expect(written.none).toEqual({ features: 0, audio: 0 });
    for (const kind of kinds) expect(chosen(runs[kind])).toEqual({ kind, asked: kind });
    expect(notesOf(runs.float16)).toMatch(/half precision takes \d+(\.\d)? [kM]B in the cache; .* are free there/);
    expect(notesOf(runs.none)).not.toContain('in the cache');
  });

  it('with nothing kept gives the adapter that single precision gives, bit for bit', () => {
    expect(adapter(runs.none).equals(adapter(runs.float32))).toBe(true);
  });

  it('rounds to 11 bits in half precision, and sound to 16', async () => {
    expect(adapter(runs.float16).equals(adapter(runs.float32))).toBe(false);
    const frozen = loadFrozenBase((await loadExperiment(file)).experiment, cache, () => {});
    // As quiet as a far speaker: steps are those of the loudest sample, not of full scale.
    const sound = normals(16_000, 1, 'sound').map((value) => value * 1e-3);
    const read = async (kind: (typeof kinds)[number]) => {
      const store = openFeatures(kind, frozen.base, frozen.file, join(root, `cache-${kind}`));
      await store.ensure([{ hash: 'one' }], { load: async () => sound, options: { device: 'cpu' } });
      await store.ready(['one']);
      const all = store.read('one');
      expect(store.read('one', 3, 2)).toEqual(all.slice(3 * store.width, 5 * store.width));
      await store.close();
      return all;
    };
    const exact = await read('float32');
    expect(await read('none')).toEqual(exact);
    const largest = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const half = await read('float16');
    const heard = await read('audio');
    exact.forEach((value, i) => {
      expect(Math.abs(half[i] - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -11 + 2 ** -25);
      expect(Math.abs(heard[i] - value)).toBeLessThanOrEqual(largest * 1e-3);
    });
    expect(heard).not.toEqual(exact);
  });

  it('goes on with what the run began with, whatever is asked for now', async () => {
    const stop = new AbortController();
    const half = await run(['cache.features=audio', 'training.steps=8', 'checkpoint.every=2'], {
      signal: stop.signal,
      onEvent: (event) => event.type === 'checkpoint' && stop.abort(),
    });
    expect(half.result.state).toBe('stopped');
    const whole = await run(['cache.features=audio', 'training.steps=8', 'checkpoint.every=2']);
    rmSync(join(cache, 'audio'), { recursive: true });
    const rest = await run(['cache.features=auto', 'training.steps=8', 'checkpoint.every=2'], {
      resume: half.result.run.path,
    });
    expect(rest.result.state).toBe('done');
    expect(bytesIn('audio')).toBeGreaterThan(0);
    expect(adapter(rest).equals(adapter(whole))).toBe(true);
    writeFileSync(join(half.result.run.path, 'features.json'), '{"kind":"float8"}');
    await expect(run([], { resume: half.result.run.path })).rejects.toThrow('does not name one of float32');
  });

  it('takes by itself what fits into half of the free disk, and refuses what does not fit at all', async () => {
    const { experiment } = await loadExperiment(file);
    const frozen = loadFrozenBase(experiment, cache, () => {});
    const width = frozen.base.config.convDim.at(-1)!;
    const hour = [{ hash: 'an hour', frames: 180_000, samples: 57_600_000 }];
    const emptied = join(root, 'other-cache');
    const notes: string[] = [];
    const plan = (features: typeof experiment.cache.features, free: number) =>
      planFeatures({ cache: { features } }, frozen, hour, {
        cache: emptied,
        free,
        emit: (event) => event.type === 'note' && notes.push(event.text),
      }).kind;
    const half = 2 * width * 180_000;
    // A tiny base has narrow features: its sound takes more.
    expect(plan('auto', 2 * half)).toBe('float16');
    expect(plan('auto', 2 * half - 2)).toBe('none');
    expect(notes.at(-1)).toContain('Nothing is kept');
    expect(plan('float32', 2 * half)).toBe('float32');
    expect(() => plan('float32', 2 * half - 1)).toThrow(/takes .* MB, and .* MB are free/);
    expect(() => plan('audio', 115_199_999)).toThrow('115 MB');
    expect(readdirSync(emptied, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())).toEqual(
      [],
    );
  });
});
