import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/gpu/**', 'test/editor/**', 'test/slurm/**', 'node_modules/**'],
    // Two workers on two cores: a session that spins on a second thread only takes it from the other.
    env: { MILORE_THREADS: '1' },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
