/** Ranks that live in one process: what MPI does between several, by promises. */
import type { Ranks } from '../../sidecar/ranks/ranks.ts';

/** `size` of them; each call returns when all have made it, as a collective does. */
export function inOneProcess(size: number): Ranks[] {
  let waiting: { give: unknown; take(all: unknown[]): void }[] = [];
  const meet = <T>(rank: number, give: T): Promise<T[]> =>
    new Promise((take) => {
      waiting[rank] = { give, take: take as (all: unknown[]) => void };
      if (waiting.filter(Boolean).length < size) return;
      const all = waiting;
      waiting = [];
      for (const one of all) one.take(all.map(({ give }) => give));
    });
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    async sum(values) {
      const all = await meet(rank, values.slice());
      // Not in the order of the ranks: what depends on it must not pass.
      for (let i = 0; i < values.length; i++) values[i] = all.reduceRight((sum, one) => sum + one[i], 0);
    },
    gather: (bytes) => meet(rank, bytes.slice()),
    end: async () => void (await meet(rank, undefined)),
  }));
}
