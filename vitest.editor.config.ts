import { defineConfig } from 'vitest/config';

/** A real VS Code in a real browser: one at a time, since two would share two cores. */
export default defineConfig({
  test: {
    include: ['test/editor/**/*.test.ts'],
    env: { MILORE_THREADS: '1' },
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 400_000,
  },
});
