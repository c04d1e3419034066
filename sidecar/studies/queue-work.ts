/**
 * @file Works through the queue: what is next on a device, and what becomes of it. Told from the queue's file and the runs
 * that are there, so that whoever is killed at any moment is followed by another. It must not know how a run is started.
 */
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { makeFolder } from '../disk.ts';
import { UserError } from '../errors.ts';
import { isReallyInside } from '../inside.ts';
import { type Claim, claimFile, type Owner, ownSelf } from '../runs/claim.ts';
import { editQueue, isTaken, type Queue, type QueueItem, readQueue } from '../runs/queue.ts';
import { listRuns, openRun, type RunDir, runsFolder } from '../runs/run.ts';
import { deriveStatus } from '../runs/status.ts';
import { progressOf } from './progress.ts';
import { loadStudy } from './study.ts';

/** What is to be done now. Paths are absolute. */
export type Task =
  | { kind: 'start'; file: string; overrides?: string[]; job: string }
  | { kind: 'resume'; run: string }
  | { kind: 'point'; file: string; index: number; identity: string };

export interface Taken {
  item: QueueItem;
  task: Task;
  device: string;
  /** Of the device, held as long as the run takes. */
  claim: Claim;
}

export type Next =
  | { kind: 'taken'; taken: Taken }
  | { kind: 'nothing' }
  | { kind: 'paused' }
  /** Something is to be done, and the device is another's for now. */
  | { kind: 'busy'; why: string };

/** `failed` puts the item aside, `asked` pauses the queue: a person who stops a run does not want it begun again. */
export type Outcome = { state: 'done' } | { state: 'failed'; reason: string } | { state: 'stopped'; asked: boolean };

export interface Worker {
  root: string;
  /** `auto` takes any item; another only its own and those that name none. */
  device: string;
  /** Also takes what another machine put there. */
  anyHost?: boolean;
}

const isFor = ({ device = 'auto' }: QueueItem, own: string) => own === 'auto' || device === 'auto' || device === own;

const canWork = (item: QueueItem, { device, anyHost }: Worker): boolean =>
  item.failed === undefined && isFor(item, device) && (anyHost === true || item.host === hostname());

/** Whether there is anything left that this worker could ever take. */
export function hasWork(worker: Worker): boolean {
  const queue = readQueue(worker.root);
  return !queue.paused && queue.items.some((item) => canWork(item, worker));
}

export async function takeNext(worker: Worker): Promise<Next> {
  const { root, device } = worker;
  const queue = readQueue(root);
  if (!queue.items.some((item) => canWork(item, worker))) return { kind: 'nothing' };
  if (queue.paused) return { kind: 'paused' };
  let claim: Claim;
  try {
    claim = claimDevice(root, device);
  } catch (error) {
    if (isCode(error, 'queue.device')) return { kind: 'busy', why: (error as Error).message };
    throw error;
  }
  let keep = false;
  try {
    const other = atWork(root, device);
    if (other) return { kind: 'busy', why: `the run ${other.id} is at work on this machine` };
    for (;;) {
      const item = await editQueue(root, (now) => take(now, worker));
      if (!item) return { kind: 'nothing' };
      const found = await taskOf(root, item).catch((error) => faultOf(error));
      if ('task' in found) {
        keep = true;
        return { kind: 'taken', taken: { item, task: found.task, device: item.device ?? device, claim } };
      }
      if ('failed' in found) await change(root, item, (own) => ({ ...own, taken: undefined, failed: found.failed }));
      else if ('busy' in found) {
        await change(root, item, (own) => ({ ...own, taken: undefined }));
        return { kind: 'busy', why: found.busy };
      } else await change(root, item, () => undefined);
    }
  } finally {
    if (!keep) claim.release();
  }
}

function take(queue: Queue, worker: Worker): QueueItem | undefined {
  if (queue.paused) return undefined;
  const item = queue.items.find((one) => canWork(one, worker) && !isTaken(one));
  if (item) item.taken = { ...ownSelf(), device: worker.device };
  return item && { ...item };
}

/** After a task has ended. A sweep stays until it has no point left. */
export async function settle(root: string, { item, task, claim }: Taken, outcome: Outcome): Promise<void> {
  try {
    if (outcome.state === 'stopped' && outcome.asked)
      await editQueue(root, (queue) => {
        queue.paused = true;
      });
    await change(root, item, (own) => {
      const free = { ...own, taken: undefined };
      if (outcome.state === 'stopped') return free;
      if (task.kind !== 'point') return outcome.state === 'done' ? undefined : { ...free, failed: outcome.reason };
      if (outcome.state === 'done') return free;
      return { ...free, failedPoints: [...(own.failedPoints ?? []), task.identity] };
    });
  } finally {
    claim.release();
  }
}

const change = (root: string, { id }: QueueItem, by: (own: QueueItem) => QueueItem | undefined): Promise<void> =>
  editQueue(root, (queue) => {
    queue.items = queue.items.flatMap((one) => (one.id === id ? (by(one) ?? []) : [one]));
  });

type Found = { task: Task } | { done: true } | { failed: string } | { busy: string };

async function taskOf(root: string, item: QueueItem): Promise<Found> {
  if (item.kind === 'resume') return goOn(openRun(runAt(root, item.what)));
  const file = resolve(root, item.what);
  if (!isReallyInside(file, root)) return { failed: `${file} lies outside the workspace ${root}.` };
  if (item.kind === 'sweep') return pointOf(root, file, item);
  // The run itself says whose it is: killed between its first file and the queue's next, it is found all the same.
  const job = `queue-${item.id}`;
  const begun = listRuns(root).runs.find((run) => run.job === job);
  return begun ? goOn(begun) : { task: { kind: 'start', file, overrides: item.overrides, job } };
}

function runAt(root: string, id: string): string {
  const path = join(runsFolder(root), id);
  if (!/[/\\\0]/.test(id) && !id.startsWith('.') && isReallyInside(path, root)) return path;
  throw new UserError({ code: 'queue.no-run', tried: `find the run ${id}`, why: 'it is no run.', cure: 'Remove it.' });
}

function goOn(run: RunDir): Found {
  const { state } = deriveStatus(run);
  if (state === 'done') return { done: true };
  return state === 'running' ? { busy: `${run.id} is at work` } : { task: { kind: 'resume', run: run.path } };
}

async function pointOf(root: string, file: string, { failedPoints = [] }: QueueItem): Promise<Found> {
  const { points } = progressOf(await loadStudy(file, root));
  const open = points.filter(({ state, point }) => state !== 'done' && !failedPoints.includes(point.identity));
  const next = open.find(({ state }) => state !== 'running');
  if (next) return { task: { kind: 'point', file, index: next.point.index, identity: next.point.identity } };
  if (open.length > 0) return { busy: `${open[0].run?.id} is at work` };
  if (failedPoints.length === 0) return { done: true };
  return { failed: `${failedPoints.length} of ${points.length} points failed; their runs say why.` };
}

function faultOf(error: unknown): Found {
  if (error instanceof UserError) return { failed: error.message };
  throw error;
}

const isCode = (error: unknown, code: string) =>
  error instanceof UserError && error.problems.some((problem) => problem.code === code);

/** One run at a time a device, by a file that a process which is gone cannot keep. */
function claimDevice(root: string, device: string): Claim {
  const folder = join(root, '.milore', 'devices');
  makeFolder(folder);
  const name = `${hostname()}-${device}`.replace(/[^\w.-]/g, '_');
  return claimFile(join(folder, `${name}.json`), `use ${device}`, (owner) => deviceBusy(device, owner));
}

const deviceBusy = (device: string, owner: Owner | undefined) =>
  new UserError({
    code: 'queue.device',
    tried: `use ${device}`,
    why: owner ? `process ${owner.pid} works through the queue on it.` : 'another process has it.',
    cure: 'Wait for it.',
  });

/** A run of this machine that somebody began by hand. */
function atWork(root: string, device: string): RunDir | undefined {
  return listRuns(root).runs.find((run) => {
    if (device !== 'auto' && run.device !== device) return false;
    const { state, host } = deriveStatus(run);
    return state === 'running' && (host === undefined || host === hostname());
  });
}
