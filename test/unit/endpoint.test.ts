import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  claimEndpoint,
  type Endpoint,
  endpointFile,
  newToken,
  readEndpoint,
  releaseEndpoint,
} from '../../sidecar/endpoint.ts';
import { bornAt } from '../../sidecar/processes.ts';

let root: string;
let workspace: string;
let mine: Endpoint;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'milore-endpoint-'));
  vi.stubEnv('HOME', root);
  workspace = join(root, 'work');
  mkdirSync(workspace);
  mine = { pid: process.pid, born: bornAt(process.pid), port: 4000, token: newToken(), workspace, version: '1.0.0' };
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

/** A process number that nobody has any more. */
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;
const put = (content: string, mode = 0o600) => {
  mkdirSync(dirname(endpointFile(workspace)), { recursive: true });
  writeFileSync(endpointFile(workspace), content, { mode });
  chmodSync(endpointFile(workspace), mode);
};
const asRoot = process.getuid?.() === 0;

describe('the file by which a sidecar is found', () => {
  it('is read as it was written, and lies in no workspace', () => {
    expect(claimEndpoint(mine)).toBe(true);
    expect(readEndpoint(workspace)).toEqual(mine);
    expect(readdirSync(workspace)).toEqual([]);
  });

  it('is the user’s alone, in a folder of the user’s alone, also where that was wider', () => {
    mkdirSync(dirname(endpointFile(workspace)), { recursive: true, mode: 0o777 });
    chmodSync(dirname(endpointFile(workspace)), 0o777);
    claimEndpoint(mine);
    expect(statSync(endpointFile(workspace)).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(endpointFile(workspace))).mode & 0o777).toBe(0o700);
  });

  it('holds 32 random bytes, never the same', () => {
    const tokens = new Set(Array.from({ length: 1000 }, newToken));
    expect(tokens.size).toBe(1000);
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  });

  it('cannot be claimed by two', () => {
    expect(claimEndpoint(mine)).toBe(true);
    expect(claimEndpoint({ ...mine, port: 4001 })).toBe(false);
    expect(readEndpoint(workspace)?.port).toBe(4000);
    expect(readdirSync(dirname(endpointFile(workspace)))).toHaveLength(1);
  });

  it('is the same by whatever way the workspace is named', () => {
    symlinkSync(workspace, join(root, 'link'));
    claimEndpoint(mine);
    expect(readEndpoint(join(root, 'link'))).toEqual(mine);
    expect(readEndpoint(`${workspace}/../${basename(workspace)}/`)).toEqual(mine);
  });

  it('is replaced where its process is dead', () => {
    put(JSON.stringify({ ...mine, pid: deadPid(), born: undefined }));
    expect(readEndpoint(workspace)).toBeUndefined();
    expect(claimEndpoint(mine)).toBe(true);
    expect(readEndpoint(workspace)).toEqual(mine);
  });

  it.skipIf(process.platform !== 'linux')('is not believed where a later process has the number', () => {
    put(JSON.stringify({ ...mine, born: '1' }));
    expect(readEndpoint(workspace)).toBeUndefined();
    expect(claimEndpoint(mine)).toBe(true);
  });

  it('is removed by its own process only', () => {
    claimEndpoint(mine);
    const other = { ...mine, pid: process.ppid, born: bornAt(process.ppid) };
    writeFileSync(endpointFile(workspace), JSON.stringify(other));
    releaseEndpoint(workspace);
    expect(readEndpoint(workspace)?.pid).toBe(process.ppid);
    writeFileSync(endpointFile(workspace), JSON.stringify(mine));
    releaseEndpoint(workspace);
    expect(readEndpoint(workspace)).toBeUndefined();
    releaseEndpoint(workspace);
  });

  it.each([0o644, 0o660, 0o604, 0o666, 0o700 | 0o010])('is not believed with mode %i', (mode) => {
    put(JSON.stringify(mine), mode);
    expect(readEndpoint(workspace)).toBeUndefined();
  });

  it('is not believed as a link, whatever it leads to', () => {
    claimEndpoint(mine);
    const path = endpointFile(workspace);
    renameSync(path, join(root, 'elsewhere.json'));
    symlinkSync(join(root, 'elsewhere.json'), path);
    expect(readEndpoint(workspace)).toBeUndefined();
    // And what replaces it does not write through it.
    const before = readFileSync(join(root, 'elsewhere.json'), 'utf8');
    expect(claimEndpoint({ ...mine, port: 4002 })).toBe(true);
    expect(readFileSync(join(root, 'elsewhere.json'), 'utf8')).toBe(before);
  });

  it.skipIf(!asRoot)('is not believed where another user owns it', () => {
    put(JSON.stringify(mine));
    chownSync(endpointFile(workspace), 12345, 12345);
    expect(readEndpoint(workspace)).toBeUndefined();
  });

  it.each(
    [
      '',
      '{',
      'null',
      '[]',
      '7',
      '{"pid":1}',
      'x'.repeat(5000),
      ...[{ pid: 0 }, { pid: -1 }, { pid: 1.5 }, { pid: '1' }, { port: 0 }, { port: 65_536 }, { port: 'http' }].map(
        (change) => JSON.stringify(change),
      ),
      '{"token":7}',
      '{"workspace":"/"}',
      '{"version":{}}',
    ].map((content) => [content.slice(0, 40), content]),
  )('is not believed with %s in it', (_, content) => {
    const change = content.startsWith('{"') ? JSON.stringify({ ...mine, ...JSON.parse(content) }) : content;
    put(content === '{"pid":1}' ? content : change);
    expect(readEndpoint(workspace)).toBeUndefined();
  });

  it('of a workspace that is not there is none', () => expect(readEndpoint(join(root, 'nowhere'))).toBeUndefined());
});
