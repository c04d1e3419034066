import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cacheOf, listCache, rememberBase, removeFromCache } from '../../../sidecar/runs/cache.ts';
import { createRun } from '../../../sidecar/runs/run.ts';
import { writeHeartbeat } from '../../../sidecar/runs/status.ts';
import { scratch } from '../../support/reference.ts';

const root = scratch();
const cache = cacheOf(root);
afterAll(() => rmSync(root, { recursive: true }));

const hash = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6';
const put = (name: string, bytes: number, day = '2026-01-02') => {
  const path = join(cache, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, Buffer.alloc(bytes));
  utimesSync(path, new Date(day), new Date(day));
};

it('of a workspace without one is empty', () => {
  expect(listCache(root)).toEqual([]);
});

it('is told by kind and base, whatever files it consists of', () => {
  put(`graphs/${hash}/weights.bin`, 5000);
  rememberBase(cache, `${hash}ffff`, '/models/hubert');
  put(`features/${hash}.12-abc.blocks`, 300);
  put(`features/${hash}.13-def.blocks`, 200, '2026-03-04');
  put(`features/${hash}-half.12-abc.blocks`, 100);
  put('units/99887766554433221100.safetensors', 50);
  put('units/99887766554433221100.12-abc.blocks', 20);
  put('corpus/one.json', 7);
  put('corpus/two.json', 8);
  const items = listCache(root).map(({ paths, lastUsedMs, ...item }) => ({ ...item, files: paths.length }));
  expect(items).toMatchObject([
    { name: 'graphs/a1b2c3d4e5f6', kind: 'graphs', base: '/models/hubert', files: 1 },
    { name: 'features/a1b2c3d4e5f6', base: '/models/hubert', bytes: 500, files: 2 },
    { name: 'features/a1b2c3d4e5f6-half', base: '/models/hubert', bytes: 100 },
    { name: 'units/998877665544', bytes: 70, files: 2 },
    { name: 'corpus', bytes: 15, files: 2 },
  ]);
  expect('base' in items[3]).toBe(false);
  expect(new Date(listCache(root)[1].lastUsedMs).toISOString().slice(0, 10)).toBe('2026-03-04');
});

it('is removed item by item, and not while a run is at work', () => {
  const features = listCache(root).filter(({ kind }) => kind === 'features');
  const run = createRun(root, { name: 'x', configText: '', resolved: {}, versions: {}, device: 'cpu' });
  writeFileSync(
    join(run.path, 'log.jsonl'),
    `${JSON.stringify({ seq: 1, time: new Date().toISOString(), type: 'started', version: 2, step: 0, steps: 9, device: 'cpu', deviceNotes: [] })}\n`,
  );
  writeHeartbeat(run, 1);
  expect(() => removeFromCache(root, features)).toThrow(`the run ${run.id} is at work`);
  expect(listCache(root)).toHaveLength(5);
  rmSync(run.path, { recursive: true });
  expect(removeFromCache(root, features)).toBe(600);
  expect(listCache(root).map(({ kind }) => kind)).toEqual(['graphs', 'units', 'corpus']);
  expect(existsSync(join(cache, 'graphs', hash, 'weights.bin'))).toBe(true);
});
