/** @file What several processes that train one model ask of each other. Knows no MPI: alone, all of it is nothing. */

export interface Ranks {
  readonly rank: number;
  readonly size: number;
  /** Puts the sum over all ranks into `values` on every rank; whole numbers up to 2⁵³ are summed exactly. */
  sum(values: Float64Array): Promise<void>;
  /** What every rank gave, by rank. */
  gather(bytes: Uint8Array): Promise<Uint8Array[]>;
  /** Leaves in good order; the others wait for it. */
  end(): Promise<void>;
}

export const alone: Ranks = {
  rank: 0,
  size: 1,
  sum: async () => {},
  gather: async (bytes) => [bytes],
  end: async () => {},
};

/** Whoever keeps the run's folder. */
export const isFirst = ({ rank }: Ranks): boolean => rank === 0;
