/** `milore estimate`, as a person starts it (needs `npm run build`). */
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { inWords } from '../../sidecar/cli/estimate.ts';
import { milore } from '../support/cli.ts';
import { tinyWorkspace } from '../support/tiny.ts';

const { root, experiment } = tinyWorkspace('');
afterAll(() => rmSync(root, { recursive: true }));

it.skipIf(!existsSync(resolve('dist/milore.js')))(
  'milore estimate measures steps in float32 and in 8 bits',
  async () => {
    const { code, stdout, stderr } = await milore([
      'estimate',
      experiment,
      '--device',
      'cpu',
      '--json',
      '--set',
      'compute=int8',
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const told = JSON.parse(stdout);
    for (const one of [told, told.int8]) {
      expect(one.stepSeconds).toBeGreaterThan(0);
      expect(one.totalSeconds).toBeGreaterThan(one.stepSeconds);
    }
    expect(told.peakBytes).toBeGreaterThan(2e7);
    const words = inWords({ ...told, stepSeconds: 2, totalSeconds: 7_260, int8: { stepSeconds: 1, totalSeconds: 90 } });
    expect(words).toMatch(/float32 +2\.0 s +2 h 1 min\n/);
    expect(words).toMatch(/int8 +1\.0 s +1:30\n/);
  },
);
