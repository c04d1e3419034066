import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bornAt, isAlive, trainsWith } from '../../sidecar/processes.ts';
import { isAtWork } from '../../sidecar/runs/claim.ts';
import { deriveStatus } from '../../sidecar/runs/status.ts';
import { newRun } from './runs/folder.ts';

it('this process is alive, under its own birth and no other', () => {
  expect(isAlive(process.pid)).toBe(true);
  expect(isAlive(process.pid, bornAt(process.pid))).toBe(true);
  expect(isAlive(process.pid, '1')).toBe(process.platform !== 'linux');
});

it("another user's process is alive, one that is gone is not", async () => {
  expect(isAlive(1)).toBe(process.platform !== 'win32');
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((done) => child.once('exit', done));
  expect(isAlive(child.pid!)).toBe(false);
});

it.skipIf(process.platform !== 'linux')('what trains asks for huge pages, beside what a person tells glibc', () => {
  const ours = 'glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=1048576';
  expect(trainsWith({})).toEqual({ GLIBC_TUNABLES: ours });
  expect(trainsWith({ GLIBC_TUNABLES: 'glibc.malloc.hugetlb=0' }).GLIBC_TUNABLES).toBe(
    'glibc.malloc.hugetlb=0:glibc.malloc.mmap_threshold=1048576',
  );
});

/** As of the ranks of an mpirun that was killed, in a container whose first process does not ask after orphans. */
describe.skipIf(process.platform !== 'linux')('one that has ended and that its parent has not asked after', () => {
  let parent: ChildProcess;
  let ended: number;
  let born: string | undefined;
  beforeAll(async () => {
    // The shell becomes a program that never waits for the child that the shell had.
    parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] });
    ended = Number(await new Promise((done) => parent.stdout!.once('data', done)));
    born = bornAt(ended);
    expect(isAlive(ended, born)).toBe(true);
    await new Promise((done) => setTimeout(done, 800));
    process.kill(ended, 0); // Its number still stands.
  });
  afterAll(() => parent.kill('SIGKILL'));

  it('is not alive', () => {
    expect(isAlive(ended)).toBe(false);
    expect(isAlive(ended, born)).toBe(false);
  });

  it('holds no run, however fresh its heartbeat', () => {
    expect(isAtWork({ pid: ended, host: hostname(), born, id: 'one' })).toBe(false);
    const run = newRun();
    const state = (pid: number) => {
      const beat = { pid, host: hostname(), born: bornAt(pid) ?? born, step: 1, time: new Date().toISOString() };
      writeFileSync(join(run.path, 'heartbeat.json'), JSON.stringify(beat));
      return deriveStatus(run).state;
    };
    expect(state(process.pid)).toBe('running');
    expect(state(ended)).toBe('interrupted');
  });
});
