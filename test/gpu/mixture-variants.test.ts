import { beforeAll, describe, expect, it } from 'vitest';
import { DeviceLearner } from '../../sidecar/learning/device-learner.ts';
import { expectSteps, hiddenFigure, type StepFigures, summary, VARIANTS, walk } from '../support/mixture-variants.ts';
import { requireDriver, turnedOff } from './support/driver.ts';

describe.skipIf(turnedOff).each(VARIANTS)('%s on WebGPU', (variant) => {
  let figures: StepFigures;
  let hidden: number;
  beforeAll(async () => {
    requireDriver();
    hidden = await hiddenFigure(variant, { device: 'webgpu', strict: true });
    figures = await walk(variant, DeviceLearner, { device: 'webgpu' });
    process.stdout.write(`    ${variant}: hidden states ${hidden.toExponential(1)}, ${summary(figures)}\n`);
  });

  it('has the reference’s hidden states', () => expect(hidden).toBeLessThan(5e-5));

  expectSteps(() => figures, 1e-5);
});
