/**
 * @file Where a workspace's sidecar is to be found: a file of the user's own, 0600, with address and token.
 * A leaf: the sidecar writes it, the extension reads it, neither lies in the workspace, which others may read.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, linkSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isAlive } from './processes.ts';

export interface Endpoint {
  pid: number;
  /** When the process began: tells it from a later one with the same number. Linux only. */
  born?: string;
  port: number;
  /** 32 random bytes, base64url. */
  token: string;
  /** Real path of the workspace. */
  workspace: string;
  version: string;
}

export const newToken = () => randomBytes(32).toString('base64url');

/** The folder of every sidecar's files: endpoint and log. */
export const stateFolder = () => join(homedir(), '.milore', 'sidecars');

/** As the file system spells it: on Windows `c:\\` and `C:\\` are one folder. */
export const realWorkspace = (workspace: string) => realpathSync.native(workspace);

const keyOf = (workspace: string) => createHash('sha256').update(realWorkspace(workspace)).digest('hex').slice(0, 24);

export const endpointFile = (workspace: string) => join(stateFolder(), `${keyOf(workspace)}.json`);
export const logFile = (workspace: string) => join(stateFolder(), `${keyOf(workspace)}.log`);

/** The endpoint of a living sidecar, or undefined. A file that others could have written is not believed. */
export function readEndpoint(workspace: string): Endpoint | undefined {
  try {
    const path = endpointFile(workspace);
    const info = lstatSync(path);
    const { getuid } = process;
    if (!info.isFile() || info.size > 4096) return undefined;
    if (getuid && (info.uid !== getuid.call(process) || (info.mode & 0o077) !== 0)) return undefined;
    const value = JSON.parse(readFileSync(path, 'utf8')) as Endpoint;
    const sound =
      Number.isSafeInteger(value.pid) &&
      value.pid > 0 &&
      Number.isInteger(value.port) &&
      value.port > 0 &&
      value.port < 65536 &&
      typeof value.token === 'string' &&
      typeof value.version === 'string' &&
      value.workspace === realWorkspace(workspace);
    return sound && isServing(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Claims the workspace: false where a living sidecar already serves it. Two that start at once cannot both win, since
 * a link is made or is not.
 */
export function claimEndpoint(endpoint: Endpoint): boolean {
  const path = endpointFile(endpoint.workspace);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // It may be there already, and wider.
  chmodSync(dirname(path), 0o700);
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  writeFileSync(temporary, JSON.stringify(endpoint), { mode: 0o600, flag: 'wx' });
  try {
    for (let tries = 0; tries < 3; tries++) {
      try {
        linkSync(temporary, path);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        if (readEndpoint(endpoint.workspace)) return false;
        rmSync(path, { force: true });
      }
    }
    return false;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Removes the file if it is still this process's. */
export function releaseEndpoint(workspace: string): void {
  if (readEndpoint(workspace)?.pid === process.pid) rmSync(endpointFile(workspace), { force: true });
}

/** Nobody listens there: its process is gone, and its number is another's now. */
export function forgetEndpoint({ workspace, token }: Endpoint): void {
  if (readEndpoint(workspace)?.token === token) rmSync(endpointFile(workspace), { force: true });
}

function isServing({ pid, born }: Endpoint): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    // EPERM too: a process of someone else's owns no file of ours.
    return false;
  }
  return isAlive(pid, born);
}
