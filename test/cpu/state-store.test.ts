import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanLanguage } from '../../sidecar/corpus/index.ts';
import { adaptedBase } from '../../sidecar/evaluation/frozen-states.ts';
import { roomFor, StateStore } from '../../sidecar/evaluation/state-store.ts';
import { loadBase } from '../../sidecar/model/checkpoint/base.ts';
import { WeightFile } from '../../sidecar/weights/file.ts';
import { idleAdapter } from '../support/idle-adapter.ts';
import { refusal, scratch } from '../support/scratch.ts';

const path = scratch();
const base = loadBase(resolve('extension/sample/base'));
const file = WeightFile.prepare(base, path('weights'));
const model = { base, file, adapted: adaptedBase(base) };
const session = { device: 'cpu' as const };
const fresh = () => mkdtempSync(path('cache-'));
const utterances = async () =>
  [...(await scanLanguage({ code: 'fin', root: resolve('extension/sample/speech/fin.tsv') })).utterances].slice(0, 3);

describe('hidden states that are kept', () => {
  it('are on disk what they are in memory, take what was said, and are not computed twice', async () => {
    const all = await utterances();
    const cache = fresh();
    const [memory, disk] = [new StateStore(model, session), new StateStore(model, session, cache)];
    const bytes = disk.bytesMissing(all);
    await disk.ensure(all);
    expect(disk.bytesMissing(all)).toBe(0);
    const found = [];
    for (const one of all) found.push(await disk.of(one));
    expect(4 * found.reduce((sum, { length }) => sum + length, 0)).toBe(bytes);
    for (const [i, one] of all.entries()) expect(await memory.of(one)).toEqual(found[i]);
    await disk.end();
    const again = new StateStore(model, session, cache);
    let computed = 0;
    await again.ensure(all, () => computed++);
    expect(computed).toBe(0);
    await again.end();
    await memory.end();
  }, 60_000);

  it('are computed anew where a bit of them has flipped, which is said', async () => {
    const all = await utterances();
    const cache = fresh();
    const first = new StateStore(model, session, cache);
    await first.ensure(all);
    const sound = await first.of(all[1]);
    await first.end();
    const [name] = readdirSync(join(cache, 'states'));
    const bytes = readFileSync(join(cache, 'states', name));
    bytes[Math.floor(bytes.length / 2)] ^= 1;
    writeFileSync(join(cache, 'states', name), bytes);
    const damaged: string[] = [];
    const again = new StateStore(model, session, cache, (where) => damaged.push(where));
    for (const one of all) await again.of(one);
    expect(await again.of(all[1])).toEqual(sound);
    expect(damaged).toEqual([join(cache, 'states', name)]);
    await again.end({ remove: true });
    expect(readdirSync(join(cache, 'states'))).toEqual([]);
    await again.end();
  }, 60_000);

  it('are another model’s with an adapter, and the room for both is told before any is computed', async () => {
    const all = await utterances();
    const cache = fresh();
    const stores = [model, { ...model, adapted: adaptedBase(base, idleAdapter(base)) }].map(
      (one) => new StateStore(one, session, cache),
    );
    expect(new Set(stores.map(({ key }) => key)).size).toBe(2);
    const bytes = stores[0].bytesMissing(all);
    const free = () => 1.5 * bytes;
    const error = refusal(() => roomFor(stores, all, { cache, together: true, free }));
    expect(error.code).toBe('superb.too-large');
    expect(error.message).toContain(`${((2 * bytes) / 1e6).toFixed(1)} MB`);
    expect(error.message).toContain(`${((1.5 * bytes) / 1e6).toFixed(1)} MB are free`);
    // One after the other they fit.
    expect(roomFor(stores, all, { cache, together: false, free })).toContain(`${(bytes / 1e6).toFixed(1)} MB`);
    // The same recording under two names takes room once.
    expect(stores[0].bytesMissing([...all, ...all])).toBe(bytes);
    expect(readdirSync(join(cache, 'states'))).toEqual([]);
    for (const store of stores) await store.end();
  }, 60_000);
});
