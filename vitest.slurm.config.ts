import { defineConfig } from 'vitest/config';

/** A Slurm of its own, whose nodes have a processor each: nothing else may take them away. */
export default defineConfig({
  test: {
    include: ['test/slurm/**/*.test.ts'],
    env: { MILORE_THREADS: '1' },
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
});
