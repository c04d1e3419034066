/** @file The one op table. An op that is not here cannot be emitted; an op without a tested gradient says why. */
import type { Op } from './op.ts';
import { alignment } from './rules/alignment.ts';
import { convolutions } from './rules/convolution.ts';
import { convolutions2d } from './rules/convolution-2d.ts';
import { elementwise } from './rules/elementwise.ts';
import { frozen } from './rules/frozen.ts';
import { layout } from './rules/layout.ts';
import { linear } from './rules/linear.ts';
import { normalise } from './rules/normalise.ts';
import { reduce } from './rules/reduce.ts';

export const table: Readonly<Record<string, Op>> = {
  ...elementwise,
  ...reduce,
  ...layout,
  ...linear,
  ...frozen,
  ...normalise,
  ...convolutions,
  ...convolutions2d,
  ...alignment,
};
