import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { ownSelf } from '../../../sidecar/runs/claim.ts';
import {
  addToQueue,
  continueQueue,
  editQueue,
  isTaken,
  moveInQueue,
  pauseQueue,
  queueFile,
  readQueue,
  removeFromQueue,
} from '../../../sidecar/runs/queue.ts';
import { scratch } from '../../support/scratch.ts';

const folder = scratch();
let made = 0;
const workspace = () => {
  const root = folder(`w${made++}`);
  mkdirSync(root);
  return root;
};
const add = (root: string, name: string) =>
  addToQueue(root, { kind: 'experiment', what: `${root}/${name}.yaml`, name });
const names = (root: string) => readQueue(root).items.map(({ name }) => name);

it('keeps its order, and gives one another place', async () => {
  const root = workspace();
  for (const name of ['a', 'b', 'c']) await add(root, name);
  const [a, , c] = readQueue(root).items;
  expect(a).toMatchObject({ what: 'a.yaml', host: hostname() });
  await moveInQueue(root, c.id, 0);
  expect(names(root)).toEqual(['c', 'a', 'b']);
  await moveInQueue(root, c.id, 99);
  expect(names(root)).toEqual(['a', 'b', 'c']);
  expect(await removeFromQueue(root, a.id)).toBe(true);
  expect(await removeFromQueue(root, a.id)).toBe(false);
  expect(names(root)).toEqual(['b', 'c']);
});

it('of many who change it at once none is lost', async () => {
  const root = workspace();
  const wanted = Array.from({ length: 30 }, (_, i) => `n${i}`);
  await Promise.all(wanted.map((name) => add(root, name)));
  expect(names(root).sort()).toEqual([...wanted].sort());
});

it('a process that was killed while changing it keeps nobody out', async () => {
  const root = workspace();
  await add(root, 'a');
  const gone = spawnSync(process.execPath, ['-e', 'console.log(process.pid)'], { encoding: 'utf8' });
  writeFileSync(`${root}/.milore/queue.lock`, JSON.stringify({ ...ownSelf(), pid: Number(gone.stdout) }));
  await add(root, 'b');
  expect(names(root)).toEqual(['a', 'b']);
});

it('whoever fails to change it leaves it as it was, and open to others', async () => {
  const root = workspace();
  await add(root, 'a');
  const before = readFileSync(queueFile(root), 'utf8');
  await expect(
    editQueue(root, (queue) => {
      queue.items = [];
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(readFileSync(queueFile(root), 'utf8')).toBe(before);
  await pauseQueue(root);
  expect(readQueue(root).paused).toBe(true);
});

it('an item is taken as long as its process lives', async () => {
  const root = workspace();
  await add(root, 'a');
  const by = (change: object) => ({ taken: { ...ownSelf(), device: 'auto', ...change } });
  expect(isTaken(by({}))).toBe(true);
  expect(isTaken(by({ born: '1' }))).toBe(process.platform !== 'linux');
  expect(isTaken({})).toBe(false);
});

it('to go on is to try again what failed, and to own what another machine queued', async () => {
  const root = workspace();
  await add(root, 'a');
  await editQueue(root, ({ items }) =>
    Object.assign(items[0], { failed: 'x', failedPoints: ['y'], host: 'elsewhere' }),
  );
  await continueQueue(root);
  const [{ failed, failedPoints, host }] = readQueue(root).items;
  expect([failed, failedPoints, host]).toEqual([undefined, undefined, hostname()]);
});

it('nothing outside the workspace is queued', async () => {
  const root = workspace();
  await expect(addToQueue(root, { kind: 'sweep', what: '/etc/x.yaml', name: 'x' })).rejects.toMatchObject({
    problems: [{ code: 'queue.outside' }],
  });
});

it('anyone may have written it: what is no item is left out', () => {
  const root = workspace();
  mkdirSync(`${root}/.milore`);
  const write = (text: string) => writeFileSync(queueFile(root), text);
  for (const text of ['', '[]', '{"items": 3}', 'null', '{"paused": "yes"}', '\u0000']) {
    write(text);
    expect(readQueue(root)).toEqual({ version: 1, paused: false, items: [] });
  }
  const good = { id: 'x', kind: 'sweep', what: 'a.yaml', name: 'n', added: '', host: 'h' };
  const wrong = [null, {}, { ...good, kind: 'shell' }, { ...good, what: 5 }, { ...good, id: 'y'.repeat(50) }, good];
  write(JSON.stringify({ items: [{ ...good, taken: { pid: 'x' }, overrides: [5] }, ...wrong] }));
  expect(readQueue(root).items).toEqual([good]);
});
