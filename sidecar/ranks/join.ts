/** @file Joins the ranks that a launcher started, and watches over them until the end. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { makeFolder, removeIfPossible } from '../disk.ts';
import { launchedBy } from './launched.ts';
import { openMpi } from './library.ts';
import { alone, type Ranks } from './ranks.ts';
import { fromFirst } from './share.ts';
import { tellFailure, type Watched } from './watchdog.ts';

export interface Joined extends Ranks {
  /** As MPI calls itself; undefined alone. */
  mpi?: string;
  /** Tells the others that this rank cannot go on, so that they end too. Whether none has said so before. */
  fail(reason: string): boolean;
}

const silentMs = 20_000;
const dayMs = 86_400_000;

/** Alone where nobody launched several. @param root the workspace, on a disk that all ranks see */
export async function joinRanks(root: string, env: Record<string, string | undefined> = process.env): Promise<Joined> {
  const launched = launchedBy(env);
  if (!launched) return { ...alone, fail: () => true };
  oneCardEach(env);
  const mpi = openMpi(launched, env);
  const ranks: Ranks = {
    rank: mpi.rank,
    size: mpi.size,
    sum: async (values) => mpi.sum(values),
    gather: async (bytes) => {
      const counts = mpi.numbers(bytes.length);
      const all = mpi.gather(bytes, counts);
      let at = 0;
      return counts.map((count) => {
        at += count;
        return all.subarray(at - count, at);
      });
    },
    end: async () => mpi.finalize(),
  };
  const all = join(root, '.milore', 'ranks');
  const folder = await fromFirst(ranks, ranks.rank === 0 ? begun(all) : '');
  const watched: Watched = { folder, rank: ranks.rank, size: ranks.size, silentMs };
  const watchdog = startWatchdog(watched);
  return {
    ...ranks,
    mpi: mpi.version,
    fail: (reason) => tellFailure(folder, `${ranks.rank}: ${reason}`),
    async end() {
      await ranks.end();
      await watchdog?.terminate();
      if (ranks.rank === 0) removeIfPossible(folder);
    },
  };
}

/** Each rank of a machine sees one graphics card, unless the scheduler has dealt them out already. */
function oneCardEach(env: Record<string, string | undefined>): void {
  const [rank, size] = [
    env.OMPI_COMM_WORLD_LOCAL_RANK ?? env.MPI_LOCALRANKID ?? env.SLURM_LOCALID,
    env.OMPI_COMM_WORLD_LOCAL_SIZE ?? env.MPI_LOCALNRANKS ?? '1',
  ].map(Number);
  const cards = env.CUDA_VISIBLE_DEVICES?.split(',') ?? Array.from({ length: size }, (_, i) => String(i));
  if (size > 1 && cards.length >= size && rank < size) env.CUDA_VISIBLE_DEVICES = cards[rank];
}

/** A folder of this launch alone; what killed ones left is swept. */
function begun(all: string): string {
  makeFolder(all);
  for (const old of readdirSync(all)) {
    const path = join(all, old);
    if (Date.now() - statSync(path).mtimeMs > dayMs) removeIfPossible(path);
  }
  const folder = join(all, randomBytes(6).toString('hex'));
  makeFolder(folder);
  return folder;
}

/** Beside the bundle; run from the sources there is none. */
function startWatchdog(watched: Watched): Worker | undefined {
  const script = new URL('./ranks-watchdog.js', import.meta.url);
  if (!existsSync(script)) return undefined;
  const worker = new Worker(script, { workerData: { ...watched, milore: 'ranks' } });
  worker.unref();
  return worker;
}
