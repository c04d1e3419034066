/** `milore estimate`, as a person starts it (needs `npm run build`). */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { inWords } from '../../sidecar/cli/estimate.ts';
import { expectWhole } from '../../sidecar/config/expect-whole.ts';
import { paceOf, parsePaces } from '../../sidecar/config/pace.ts';
import { loadExperiment } from '../../sidecar/config/resolve.ts';
import { machineName } from '../../sidecar/machine.ts';
import { loadBase } from '../../sidecar/model/checkpoint/base.ts';
import { speechOf } from '../../sidecar/training/speech.ts';
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
    // The whole time is that of the line above the experiment, at the pace that was measured.
    const { experiment: tiny } = await loadExperiment(experiment, ['compute=int8']);
    const speech = await speechOf(tiny, { cache: root, signal: new AbortController().signal, progress: () => {} });
    expect(speech.fin).toBeGreaterThan(40);
    expect(speech.fin).toBeLessThan(0.015 * 3600 + 1);
    const shape = loadBase(tiny.base.model).config;
    const pace = paceOf(parsePaces(readFileSync(join(root, '.milore/pace.json'), 'utf8'), machineName()), 'cpu', shape);
    const whole = expectWhole(tiny, shape, availableParallelism(), speech, pace);
    expect(told.whole.totalSeconds).toBeCloseTo(whole.totalSeconds, 6);
    expect(told.whole.preparationSeconds).toBeCloseTo(whole.preparationSeconds, 6);
    expect(whole.totalSeconds).toBeGreaterThan(300 * told.stepSeconds);
    const words = inWords({ ...told, stepSeconds: 2, totalSeconds: 7_260, int8: { stepSeconds: 1, totalSeconds: 90 } });
    expect(words).toMatch(/float32 +2\.0 s +2 h 1 min\n/);
    expect(words).toMatch(/int8 +1\.0 s +1:30\n/);
    const all = { preparationSeconds: 600, totalSeconds: 7_860 };
    expect(inWords({ ...told, whole: all })).toContain('2 h 11 min in all, 10:00 of it to prepare the audio');
    expect(inWords({ ...told, whole: undefined })).toContain('Preparing the audio, and what is measured');
  },
);
