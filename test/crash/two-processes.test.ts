import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { latestCheckpoint } from '../../sidecar/runs/checkpoints.ts';
import { Pack } from '../../sidecar/units/pack.ts';
import { finished, milore, start } from '../support/cli.ts';
import { tinyWorkspace } from '../support/tiny.ts';

const settings = ['--set', 'training.steps=30', '--set', 'checkpoint.every=5', '--set', 'head.warmupSteps=5'];
const runsOf = (root: string) => {
  const folder = join(root, '.milore', 'runs');
  return existsSync(folder) ? readdirSync(folder).map((id) => join(folder, id)) : [];
};
const adapterOf = (run: string) => readFileSync(join(run, 'adapter', 'adapter_model.safetensors')).toString('base64');
const cacheFiles = (root: string) =>
  (readdirSync(join(root, '.milore', 'cache'), { recursive: true }) as string[])
    .map((name) => join(root, '.milore', 'cache', name))
    .filter((path) => statSync(path).isFile());

/** Every block of every store, by its checksum. */
function checkBlocks(root: string): number {
  let blocks = 0;
  for (const store of ['features', 'units']) {
    const folder = join(root, '.milore', 'cache', store);
    const names = new Set(readdirSync(folder).flatMap((name) => /^([0-9a-f]+)\..*\.blocks$/.exec(name)?.[1] ?? []));
    for (const name of names) {
      const pack = new Pack(folder, name);
      for (const key of pack.keys()) {
        expect(pack.isSound(key), `${store} ${key}`).toBe(true);
        blocks++;
      }
      pack.close();
    }
  }
  return blocks;
}

describe('processes that share a workspace', () => {
  const roots: string[] = [];
  const workspace = () => {
    const made = tinyWorkspace();
    roots.push(made.root);
    return made;
  };
  afterEach(() => {
    for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
  });

  it('train at once on a cold cache as they would alone, and leave every block of it sound', async () => {
    const alone = workspace();
    expect((await milore(['train', alone.experiment, ...settings])).code).toBe(0);
    const expected = adapterOf(runsOf(alone.root)[0]);
    const { root, experiment } = workspace();
    const others = [
      ['units', experiment, ...settings.slice(0, 2)],
      ...Array(3).fill(['train', experiment, ...settings]),
    ];
    const ends = await Promise.all(others.map((args) => milore(args)));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(others.map(() => [0, '']));
    expect(runsOf(root).map(adapterOf)).toEqual([expected, expected, expected]);
    expect(checkBlocks(root)).toBeGreaterThan(10);
    expect(cacheFiles(root).filter((path) => path.endsWith('.tmp'))).toEqual([]);
  }, 180_000);

  it('notice every flipped bit of the cache, mend it, say so, and end as before', async () => {
    const { root, experiment } = workspace();
    expect((await milore(['train', experiment, ...settings])).code).toBe(0);
    const expected = adapterOf(runsOf(root)[0]);
    for (const file of cacheFiles(root)) {
      const bytes = readFileSync(file);
      // Some in every file, the first and the last byte among them.
      for (const at of [0, bytes.length >> 1, bytes.length - 1]) bytes[at] ^= 1 << (at % 8);
      writeFileSync(file, bytes);
    }
    const again = await milore(['train', experiment, ...settings, '--json']);
    expect(again.code).toBe(0);
    expect(runsOf(root).map(adapterOf)).toEqual([expected, expected]);
    // And once more from what was mended.
    expect((await milore(['train', experiment, ...settings])).code).toBe(0);
    expect(runsOf(root).map(adapterOf)).toEqual([expected, expected, expected]);
    expect(checkBlocks(root)).toBeGreaterThan(10);
  }, 180_000);

  it('say that cached features were damaged where it is seen while they train', async () => {
    const { root, experiment } = workspace();
    expect((await milore(['train', experiment, ...settings])).code).toBe(0);
    const [features] = cacheFiles(root).filter((path) => path.includes('/features/'));
    const bytes = readFileSync(features);
    bytes[bytes.length - 5] ^= 4;
    writeFileSync(features, bytes);
    const { stderr, code } = await milore(['train', experiment, ...settings]);
    expect(code).toBe(0);
    expect(stderr).toContain(`The file ${features} of the cache was damaged or cut short`);
  }, 120_000);

  it('resume one run: one wins, the other says who has it', async () => {
    const { root, experiment } = workspace();
    const child = start(['train', experiment, '--set', 'training.steps=200', '--json']);
    child.stdout!.on('data', (text) => String(text).includes('"type":"checkpoint"') && child.kill('SIGKILL'));
    await finished(child);
    const [run] = runsOf(root);
    const ends = await Promise.all([1, 2, 3].map(() => milore(['train', '--resume', run])));
    expect(ends.map(({ code }) => code).sort()).toEqual([0, 1, 1]);
    for (const { stderr } of ends.filter(({ code }) => code === 1))
      expect(stderr).toMatch(/Could not go on with the run .*: process \d+ (on \S+ is writing it|is still writing it)/);
    expect(existsSync(join(run, 'writer.json'))).toBe(false);
  }, 120_000);

  it.each(['moved', 'deleted'])(
    'notice within a checkpoint that the run’s folder was %s, and make nothing in its place',
    async (what) => {
      const { root, experiment } = workspace();
      const child = start(['train', experiment, '--set', 'training.steps=5000', '--json']);
      const ended = finished(child);
      await new Promise<void>((seen) => {
        child.stdout!.on('data', (text) => String(text).includes('"type":"checkpoint"') && seen());
      });
      const [run] = runsOf(root);
      const aside = join(root, 'aside');
      if (what === 'moved') renameSync(run, aside);
      else rmSync(run, { recursive: true, maxRetries: 5 });
      const { code, stdout } = await ended;
      expect(code).toBe(1);
      expect(stdout).toMatch(/is no longer there: it was moved or deleted while the run was at work/);
      expect(existsSync(run)).toBe(false);
      if (what === 'moved') {
        renameSync(aside, run);
        expect(latestCheckpoint({ path: run })).toBeDefined();
      }
    },
    120_000,
  );
});
