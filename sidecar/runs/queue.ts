/**
 * @file What is to be trained next in a workspace: `.milore/queue.json`, read by anyone, changed by one at a time. The
 * editor, the sidecar and the terminal write it; it outlives all three. It must not know how anything is trained.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder, writeFileAtomic } from '../disk.ts';
import { UserError } from '../errors.ts';
import { isInside } from '../inside.ts';
import { claimFile, isAtWork, type Owner } from './claim.ts';
import { isRecord, readJson } from './files.ts';

export interface QueueItem {
  id: string;
  /** One experiment, every point of a sweep, or a run that is to go on. */
  kind: 'experiment' | 'sweep' | 'resume';
  /** The file relative to the workspace, with `/`; of `resume` the run's id. */
  what: string;
  /** As a person knows it. */
  name: string;
  device?: string;
  /** `training.steps=300`, as `--set` takes them. */
  overrides?: string[];
  added: string;
  /** The machine that put it there: a workspace that was copied or cloned trains nothing by itself. */
  host: string;
  /** Who is at it. */
  taken?: Owner & { device: string };
  /** Of a sweep, points that failed in this go; they are not tried again before the person says so. */
  failedPoints?: string[];
  /** Why it was put aside; it stays until it is removed or tried again. */
  failed?: string;
}

export interface Queue {
  version: 1;
  paused: boolean;
  items: QueueItem[];
}

export const queueFile = (root: string) => join(root, '.milore', 'queue.json');

const MOST_ITEMS = 1000;
const text = (value: unknown, most = 4096): value is string => typeof value === 'string' && value.length <= most;

/** As it stands; anyone may have written it, and what is no item is left out. */
export function readQueue(root: string): Queue {
  const value = readJson(queueFile(root), 4_000_000);
  if (!isRecord(value)) return { version: 1, paused: false, items: [] };
  const items = Array.isArray(value.items) ? value.items.slice(0, MOST_ITEMS).flatMap(itemIn) : [];
  const ids = new Set<string>();
  return {
    version: 1,
    paused: value.paused === true,
    items: items.filter(({ id }) => !ids.has(id) && ids.add(id)),
  };
}

function itemIn(value: unknown): QueueItem[] {
  if (!isRecord(value)) return [];
  const { id, kind, what, name, device, overrides, added, host, taken, failedPoints, failed } = value;
  if (!text(id, 40) || !text(what) || what === '') return [];
  if (kind !== 'experiment' && kind !== 'sweep' && kind !== 'resume') return [];
  const listed = (list: unknown) => Array.isArray(list) && list.length <= 1000 && list.every((one) => text(one, 1000));
  return [
    {
      id,
      kind,
      what,
      name: text(name, 400) ? name : what,
      ...(text(device, 40) ? { device } : {}),
      ...(listed(overrides) ? { overrides: overrides as string[] } : {}),
      added: text(added, 40) ? added : '',
      host: text(host, 300) ? host : '',
      ...(isOwner(taken) ? { taken } : {}),
      ...(listed(failedPoints) ? { failedPoints: failedPoints as string[] } : {}),
      ...(text(failed, 10_000) ? { failed } : {}),
    },
  ];
}

const isOwner = (value: unknown): value is NonNullable<QueueItem['taken']> =>
  isRecord(value) &&
  Number.isSafeInteger(value.pid) &&
  text(value.host, 300) &&
  text(value.id, 40) &&
  text(value.device, 40);

/** Whoever changes it does so in milliseconds. */
const waitMs = 10_000;
/** So long the claim of another machine counts. */
const otherHostsMs = 15_000;

/** Changes the queue in one stroke, whoever else wants to. What `change` returns is handed on. */
export async function editQueue<T>(root: string, change: (queue: Queue) => T): Promise<T> {
  makeFolder(join(root, '.milore'));
  for (const end = Date.now() + waitMs; ; await sleep(10 + 20 * Math.random())) {
    let claim: ReturnType<typeof claimFile>;
    try {
      claim = claimFile(join(root, '.milore', 'queue.lock'), 'change the queue', held, otherHostsMs);
    } catch (error) {
      if (!(error instanceof UserError) || error.problems[0].code !== 'queue.held' || Date.now() > end) throw error;
      continue;
    }
    try {
      const queue = readQueue(root);
      const before = JSON.stringify(queue);
      const result = change(queue);
      if (JSON.stringify(queue) !== before) writeFileAtomic(queueFile(root), `${JSON.stringify(queue, null, 2)}\n`);
      return result;
    } finally {
      claim.release();
    }
  }
}

const held = (owner: Owner | undefined) =>
  new UserError({
    code: 'queue.held',
    tried: 'change the queue',
    why: owner ? `process ${owner.pid} on ${owner.host} is changing it.` : 'another process is changing it.',
    cure: 'Try again in a moment.',
  });

/** A person's wish: `file` or a run's id. @throws UserError where the file lies outside the workspace, or all is full */
export async function addToQueue(
  root: string,
  wish: Pick<QueueItem, 'kind' | 'what' | 'name' | 'device' | 'overrides'>,
): Promise<QueueItem> {
  const what = wish.kind === 'resume' ? wish.what : inWorkspace(root, wish.what);
  return editQueue(root, (queue) => {
    if (queue.items.length >= MOST_ITEMS) throw full();
    const item = {
      id: randomBytes(4).toString('hex'),
      ...wish,
      what,
      added: new Date().toISOString(),
      host: hostname(),
    };
    queue.items.push(item);
    return item;
  });
}

function inWorkspace(root: string, file: string): string {
  if (isInside(file, root)) return relative(root, file).split(sep).join('/');
  throw new UserError({
    code: 'queue.outside',
    tried: `queue ${file}`,
    why: `it lies outside the workspace ${root}.`,
    cure: 'Name the workspace that it lies in: --workspace FOLDER.',
  });
}

const full = () =>
  new UserError({
    code: 'queue.full',
    tried: 'add to the queue',
    why: `${MOST_ITEMS} stand in it already.`,
    cure: 'Remove some, or make one sweep of many.',
  });

/** Whether its process is at work, as far as can be known from here. */
export const isTaken = ({ taken }: Pick<QueueItem, 'taken'>): boolean => taken !== undefined && isAtWork(taken);

export const removeFromQueue = (root: string, id: string): Promise<boolean> =>
  editQueue(root, (queue) => {
    const before = queue.items.length;
    queue.items = queue.items.filter((item) => item.id !== id);
    return queue.items.length < before;
  });

/** @param to its new place, from 0 */
export const moveInQueue = (root: string, id: string, to: number): Promise<boolean> =>
  editQueue(root, (queue) => {
    const from = queue.items.findIndex((item) => item.id === id);
    if (from < 0) return false;
    const [item] = queue.items.splice(from, 1);
    queue.items.splice(Math.max(0, Math.min(queue.items.length, to)), 0, item);
    return true;
  });

export const pauseQueue = (root: string): Promise<void> =>
  editQueue(root, (queue) => {
    queue.paused = true;
  });

/** Goes on, with what failed and with what another machine put there: whoever says this has seen it. */
export const continueQueue = (root: string): Promise<void> =>
  editQueue(root, (queue) => {
    queue.paused = false;
    queue.items = queue.items.map(({ failed: _, failedPoints: __, ...item }) => ({ ...item, host: hostname() }));
  });
