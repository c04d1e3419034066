import { beforeAll, describe, expect, it } from 'vitest';
import {
  expectSteps,
  featuresFigure,
  hiddenFigure,
  type StepFigures,
  summary,
  VARIANTS,
  walk,
} from '../../support/mixture-variants.ts';
import { HostLearner } from '../../support/product.ts';

it('covers the five variants', () => expect(VARIANTS).toHaveLength(5));

describe.each(VARIANTS)('%s', (variant) => {
  let figures: StepFigures;
  let hidden: number;
  beforeAll(async () => {
    hidden = await hiddenFigure(variant, { device: 'cpu' });
    figures = await walk(variant, HostLearner, { device: 'cpu' });
    console.log(`${variant}: hidden states ${hidden.toExponential(1)}, ${summary(figures)}`);
  });

  it('has the reference’s convolutional features and hidden states', async () => {
    expect(await featuresFigure(variant)).toBeLessThan(2e-5);
    expect(hidden).toBeLessThan(5e-5);
  });

  it('trains the reference’s parameters, every one and no other', () => {
    expect(figures.names.ours).toEqual(figures.names.reference);
  });

  expectSteps(() => figures, 1e-5);
});
