import { defineConfig } from 'vitest/config';
import { driverEnvironment } from './test/gpu/support/driver.ts';

/** Tests that need a WebGPU device: a graphics card, or SwiftShader. One process: two would share a software device. */
export default defineConfig({
  test: {
    include: ['test/gpu/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    env: driverEnvironment(),
  },
});
