import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../../sidecar/cli/main.ts';
import { writeRecord } from '../../../sidecar/jobs/record.ts';
import { cacheOf } from '../../../sidecar/runs/cache.ts';
import { claimRun } from '../../../sidecar/runs/claim.ts';
import { diskUse, removeRun } from '../../../sidecar/runs/disk-use.ts';
import { writeLabel } from '../../../sidecar/runs/label.ts';
import { createRun, type RunDir, runsFolder } from '../../../sidecar/runs/run.ts';
import { writeHeartbeat } from '../../../sidecar/runs/status.ts';
import { newRun, temporaryFolder } from './folder.ts';

let root: string;
let small: RunDir;
let large: RunDir;

beforeEach(() => {
  root = temporaryFolder();
  small = newRun('small', root);
  large = newRun('large', root);
  mkdirSync(join(large.path, 'checkpoints', 'step-000010'), { recursive: true });
  writeFileSync(join(large.path, 'checkpoints', 'step-000010', 'state.safetensors'), Buffer.alloc(50_000));
  mkdirSync(join(cacheOf(root), 'features'), { recursive: true });
  writeFileSync(join(cacheOf(root), 'features', 'a1b2c3d4e5f60718.1-a.blocks'), Buffer.alloc(20_000));
});

const log = (run: RunDir, ...events: object[]) =>
  writeFileSync(join(run.path, 'log.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
const begin = (run: RunDir) => {
  log(run, { seq: 1, time: new Date().toISOString(), type: 'started', version: 2, step: 0, steps: 9, device: 'cpu' });
  writeHeartbeat(run, 1);
};
const names = async () => (await diskUse(root)).items.map(({ name }) => name);

describe('what .milore takes', () => {
  it('is told by run and cache, largest first, with the rest', async () => {
    writeLabel(small, { name: 'my best' });
    writeFileSync(join(root, '.milore', 'pace.json'), Buffer.alloc(70));
    const { items, otherBytes } = await diskUse(root);
    expect(items.map(({ name }) => name)).toEqual([large.id, 'features/a1b2c3d4e5f6', small.id]);
    expect(items[0]).toMatchObject({ kind: 'run', title: 'large' });
    expect(items[0].bytes).toBeGreaterThan(50_000);
    expect(items[0].bytes).toBeLessThan(52_000);
    expect(items[1]).toMatchObject({ kind: 'cache', bytes: 20_000 });
    expect(items[2]).toMatchObject({ title: 'my best' });
    expect(otherBytes).toBeGreaterThanOrEqual(70);
    expect(otherBytes).toBeLessThan(1000);
    expect(items.filter(({ inUse }) => inUse)).toEqual([]);
  });

  it('is nothing in a folder without one', async () => {
    expect(await diskUse(temporaryFolder())).toEqual({ items: [], otherBytes: 0 });
  });

  it('does not count what a link leads to', async () => {
    const elsewhere = temporaryFolder();
    writeFileSync(join(elsewhere, 'big'), Buffer.alloc(1_000_000));
    symlinkSync(elsewhere, join(small.path, 'link'));
    symlinkSync(join(elsewhere, 'big'), join(small.path, 'file'));
    expect((await diskUse(root)).items.find(({ name }) => name === small.id)!.bytes).toBeLessThan(2000);
  });

  it('says of a run when it was last written', async () => {
    const day = new Date('2026-01-02');
    for (const name of readdirSync(small.path)) utimesSync(join(small.path, name), day, day);
    const found = (await diskUse(root)).items.find(({ name }) => name === small.id)!;
    expect(new Date(found.lastUsedMs).toISOString().slice(0, 10)).toBe('2026-01-02');
  });

  it('names what is in use: a run at work, its parent, all caches, what is queued, what a job waits for', async () => {
    const child = createRun(root, {
      name: 'child',
      configText: '',
      resolved: {},
      versions: {},
      device: 'cpu',
      parent: { run: large.id, step: 10 },
    });
    begin(child);
    const item = { id: 'a', kind: 'resume', what: small.id, name: 'small', added: '', host: '' };
    writeFileSync(join(root, '.milore', 'queue.json'), JSON.stringify({ version: 1, paused: false, items: [item] }));
    const used = async (waiting?: Set<string>) =>
      Object.fromEntries((await diskUse(root, waiting)).items.map(({ name, inUse }) => [name, inUse]));
    expect(await used()).toEqual({
      [child.id]: 'training',
      [large.id]: 'parent',
      [small.id]: 'queued',
      'features/a1b2c3d4e5f6': 'read',
    });
    expect((await used(new Set([small.id])))[small.id]).toBe('job');
  });

  it('a fork that was interrupted needs its parent until it has a checkpoint of its own', async () => {
    const parent = { run: large.id, step: 10 };
    const child = createRun(root, { name: 'child', configText: '', resolved: {}, versions: {}, device: 'cpu', parent });
    const time = new Date().toISOString();
    const began = { seq: 1, time, type: 'started', version: 2, step: 0, steps: 9, device: 'cpu' };
    const used = async () => (await diskUse(root)).items.find(({ name }) => name === large.id)!.inUse;
    log(child, began, { seq: 2, time, type: 'stopped', step: 0, steps: 9 });
    expect(await used()).toBe('parent');
    const own = join(child.path, 'checkpoints', 'step-000003');
    mkdirSync(own, { recursive: true });
    expect(await used()).toBeUndefined();
    rmSync(own, { recursive: true });
    log(child, began, { seq: 2, time, type: 'done', step: 9 });
    expect(await used()).toBeUndefined();
  });
});

describe('a run that is removed', () => {
  it('is gone whole, and what lies behind its links stays', async () => {
    const elsewhere = temporaryFolder();
    writeFileSync(join(elsewhere, 'mine'), 'mine');
    symlinkSync(elsewhere, join(large.path, 'link'));
    removeRun(large.path);
    expect(readdirSync(runsFolder(root))).toEqual([small.id]);
    expect(readdirSync(elsewhere)).toEqual(['mine']);
  });

  it('is not at work, and not taken by another', () => {
    begin(large);
    expect(() => removeRun(large.path)).toThrow('at work');
    const claim = claimRun(small);
    expect(() => removeRun(small.path)).toThrow('is writing it');
    expect(readdirSync(runsFolder(root))).toEqual([large.id, small.id].sort());
    claim.release();
    removeRun(small.path);
    expect(readdirSync(runsFolder(root))).toEqual([large.id]);
  });
});

describe('milore disk', () => {
  let out = '';
  let err = '';
  beforeEach(() => {
    out = err = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += text)));
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((err += text)));
  });
  afterEach(() => void vi.restoreAllMocks());

  it('lists all with size and day', async () => {
    writeLabel(small, { name: '\u001b[31mred' });
    expect(await main(['disk', root])).toBe(0);
    expect(out).toMatch(new RegExp(`^${large.id} +large +interrupted +\\d+(\\.\\d)? kB +20\\d\\d-\\d\\d-\\d\\d$`, 'm'));
    expect(out).toContain('features of speech');
    expect(out).toContain('in all.');
    expect(out).not.toContain('\u001b');
  });

  it('removes what is named, and nothing where one name is none or is in use', async () => {
    expect(await main(['disk', root, '--remove', small.id, '--remove', 'nobody'])).toBe(1);
    expect(err).toContain('no run and no cache of this workspace has this name');
    expect(await names()).toHaveLength(3);
    begin(large);
    expect(await main(['disk', root, '--remove', small.id, '--remove', large.id])).toBe(1);
    expect(err).toContain('it is at work');
    expect(await names()).toHaveLength(3);
    log(large, { seq: 1, time: new Date().toISOString(), type: 'done', step: 9 });
    expect(await main(['disk', root, '--remove', small.id, '--remove', 'features/a1b2c3d4e5f6', '--json'])).toBe(0);
    expect(JSON.parse(out).removed).toEqual([small.id, 'features/a1b2c3d4e5f6']);
    expect(await names()).toEqual([large.id]);
  });

  it('leaves a run whose job may come back, where Slurm cannot be asked', async () => {
    const waiting = createRun(root, {
      name: 'w',
      configText: '',
      resolved: {},
      versions: {},
      device: 'cpu',
      job: 'slurm-42',
    });
    const options = { time: '1', requeue: '50', set: [] };
    writeRecord(root, {
      version: 1,
      job: '42',
      first: '42',
      name: 'w',
      experiment: 'w.milore.yaml',
      options,
      submitted: '',
    });
    const path = process.env.PATH;
    process.env.PATH = '';
    try {
      expect(await main(['disk', root, '--remove', waiting.id])).toBe(1);
    } finally {
      process.env.PATH = path;
    }
    expect(err).toContain('its job may go on with it');
    expect(await names()).toContain(waiting.id);
  });

  it('takes a path for no name', async () => {
    expect(await main(['disk', root, '--remove', `../runs/${small.id}`])).toBe(1);
    expect(await main(['disk', root, '--remove', '..'])).toBe(1);
    expect(await names()).toHaveLength(3);
  });
});
