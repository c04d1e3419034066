/**
 * @file A thread beside a rank: says every second that the process lives, and ends it where another has fallen silent or
 * failed. MPI itself waits for ever for a rank that is stopped or whose node is gone. Beats are counted, not timed: clocks
 * of two machines need not agree. No port is opened; the folder is on the disk that all ranks share.
 */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';

export interface Watched {
  folder: string;
  rank: number;
  size: number;
  /** Silence after which a rank counts as gone. */
  silentMs: number;
}

export const FAILED = 'failed';
const beatMs = 1000;

export const beatFile = (folder: string, rank: number): string => join(folder, `${rank}.beat`);

/** Tells all ranks why; the first reason stays. Whether this one is to be said. */
export function tellFailure(folder: string, reason: string): boolean {
  try {
    const file = openSync(join(folder, FAILED), 'wx');
    writeSync(file, reason);
    closeSync(file);
    return true;
  } catch (error) {
    // Where the disk is gone nobody else can have said it.
    return (error as NodeJS.ErrnoException).code !== 'EEXIST';
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function watch({ folder, rank, size, silentMs }: Watched): void {
  const heard = Array.from({ length: size }, () => ({ beat: '', atMs: performance.now() }));
  let count = 0;
  const end = () => process.kill(process.pid, 'SIGKILL');
  setInterval(() => {
    const now = performance.now();
    try {
      writeFileSync(beatFile(folder, rank), `${++count} ${hostname()}`);
    } catch {
      // A full or lost disk: the others will miss this rank.
    }
    // Whoever failed says so itself, and leaves by itself where it still can.
    const failed = read(join(folder, FAILED));
    if (failed !== undefined && !failed.startsWith(`${rank}:`)) return end();
    for (let other = 0; other < size; other++) {
      const beat = read(beatFile(folder, other));
      if (beat !== undefined && beat !== heard[other].beat) heard[other] = { beat, atMs: now };
      const silent = now - heard[other].atMs;
      if (other === rank || silent < silentMs) continue;
      const host = heard[other].beat.split(' ')[1];
      const reason = `Rank ${other}${host ? ` on ${host}` : ''} has not been heard of for ${Math.round(silent / 1000)} s: all ranks end. Look whether its process or its node still lives, then go on with the run.`;
      if (tellFailure(folder, `${rank}: ${reason}`)) writeSync(2, `${reason}\n`);
      return end();
    }
  }, beatMs);
}

if (workerData?.milore === 'ranks') watch(workerData as Watched);
