import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../sidecar/engine/compile.ts';
import { Graph } from '../../sidecar/engine/graph.ts';
import { scale } from '../../sidecar/engine/ops/elementwise.ts';
import { Session } from '../../sidecar/engine/session.ts';
import { DeviceLearner } from '../../sidecar/learning/device-learner.ts';
import { expectSteps, hiddenFigure, type StepFigures, summary, VARIANTS, walk } from '../support/mixture-variants.ts';
import { requireDriver, turnedOff } from './support/driver.ts';

describe.skipIf(turnedOff)('on WebGPU', () => {
  let anchor: Session;
  beforeAll(async () => {
    requireDriver();
    // While one session lives, so does the runtime's device with its compiled shaders.
    const { bytes, ...compiled } = compile({ y: scale(new Graph().input('x', [1]), 2) }, 'portable');
    anchor = await Session.open(bytes, compiled, { device: 'webgpu' });
  });
  afterAll(() => anchor?.release());

  describe.each(VARIANTS)('%s', (variant) => {
    let figures: StepFigures;
    let hidden: number;
    beforeAll(async () => {
      hidden = await hiddenFigure(variant, { device: 'webgpu', strict: true });
      figures = await walk(variant, DeviceLearner, { device: 'webgpu' });
      process.stdout.write(`    ${variant}: hidden states ${hidden.toExponential(1)}, ${summary(figures)}\n`);
    });

    it('has the reference’s hidden states', () => expect(hidden).toBeLessThan(5e-5));

    expectSteps(() => figures, 1e-5);
  });
});
