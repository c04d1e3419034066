/**
 * @file Who writes a run: one process at a time. A claim is a file that is made or is not, so that of two who resume at
 * once one wins; a claim whose process is gone counts for nothing, so that a kill never locks a run.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { removeIfPossible } from '../disk.ts';
import { UserError } from '../errors.ts';
import { diskFault } from '../machine.ts';
import { bornAt, isAlive } from '../processes.ts';
import { isRecord, readJson } from './files.ts';

export interface Owner {
  pid: number;
  host: string;
  /** When the process began: tells it from a later one with the same number. Linux only. */
  born?: string;
  /** Tells two claims of one process apart. */
  id: string;
}

/** This process, as others can ask after it. */
export const ownSelf = (): Owner => ({
  pid: process.pid,
  host: hostname(),
  born: bornAt(process.pid),
  id: randomBytes(8).toString('hex'),
});

export interface Claim {
  /** Whether the run is still this claim's: its folder is where it was, and nobody took it. */
  holds(): boolean;
  release(): void;
}

const fileOf = (run: { path: string }) => join(run.path, 'writer.json');
const tries = 5;

/** @throws UserError `runs.busy` naming who has it */
export const claimRun = (run: { id: string; path: string }): Claim =>
  claimFile(fileOf(run), `begin to write the run ${run.path}`, (owner) => busy(run, owner));

/**
 * Takes the file for this process, from a process that is no more if need be.
 * @param otherHostsMs for so long the claim of another machine is believed, whose processes cannot be asked
 * @throws what `taken` makes of the owner
 */
export function claimFile(
  path: string,
  tried: string,
  taken: (owner: Owner | undefined) => UserError,
  otherHostsMs = 0,
): Claim {
  const owner = ownSelf();
  const mine = `${path}.${owner.id}.tmp`;
  try {
    writeFileSync(mine, JSON.stringify(owner), { flag: 'wx' });
    for (let i = 0; i < tries; i++) {
      try {
        make(mine, path);
        return { holds: () => readOwner(path)?.id === owner.id, release: () => release(path, owner) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const other = readOwner(path);
      if (other && (isAtWork(other) || isFresh(path, other, otherHostsMs))) throw taken(other);
      takeAway(path, other);
    }
    throw taken(readOwner(path));
  } catch (error) {
    throw diskFault(tried, error);
  } finally {
    removeIfPossible(mine);
  }
}

/** Whole or not at all. Some file systems know no links: there the file is made first and filled a moment later. */
function make(mine: string, path: string): void {
  try {
    linkSync(mine, path);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
    writeFileSync(path, readFileSync(mine), { flag: 'wx' });
  }
}

/** Removes a claim that counts for nothing, and puts back what meanwhile took its place. */
function takeAway(path: string, stale: Owner | undefined): void {
  const aside = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    renameSync(path, aside);
  } catch {
    return; // Another was faster; the next try shows who.
  }
  const taken = readOwner(aside);
  if (taken?.id !== stale?.id) {
    try {
      linkSync(aside, path);
    } catch {
      // A third one claimed it in between: whoever was put aside notices at its next checkpoint.
    }
  }
  rmSync(aside, { force: true });
}

function release(path: string, { id }: Owner): void {
  if (readOwner(path)?.id === id) rmSync(path, { force: true });
}

/** Takes back what a thread of this process claimed that is no more: the process lives, so nobody else would. */
export function forsake(run: { path: string }): void {
  const owner = readOwner(fileOf(run));
  if (owner?.pid === process.pid && owner.host === hostname()) rmSync(fileOf(run), { force: true });
}

function readOwner(path: string): Owner | undefined {
  const value = readJson(path, 1000);
  if (!isRecord(value) || typeof value.id !== 'string' || typeof value.host !== 'string') return undefined;
  return Number.isSafeInteger(value.pid) ? (value as unknown as Owner) : undefined;
}

/** Of another machine nothing can be known here but its heartbeat, which openRun has asked. */
export const isAtWork = ({ pid, host, born }: Owner): boolean => host === hostname() && isAlive(pid, born);

const isFresh = (path: string, { host }: Owner, ms: number): boolean =>
  ms > 0 && host !== hostname() && Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < ms;

const busy = (run: { id: string }, owner: Owner | undefined) =>
  new UserError({
    code: 'runs.busy',
    tried: `go on with the run ${run.id}`,
    why: owner ? `process ${owner.pid} on ${owner.host} is writing it.` : 'another process is writing it.',
    cure: 'Wait for it or stop it first.',
  });

/** @throws UserError where the run's folder was moved or deleted, or another process took the run: nothing may be written then */
export function mustHold(claim: Claim, run: { path: string }, tried: string): void {
  if (claim.holds()) return;
  const gone = !existsSync(join(run.path, 'run.json'));
  throw new UserError({
    code: gone ? 'run.gone' : 'runs.taken',
    tried,
    why: gone
      ? `the run's folder ${run.path} is no longer there: it was moved or deleted while the run was at work.`
      : `another process has taken the run ${run.path}.`,
    cure: gone
      ? 'Move it back and resume the run from its last checkpoint, or start a new one.'
      : 'Let the other one finish it.',
  });
}
