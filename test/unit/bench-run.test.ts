/** What the whole-run bench makes of a log. */
import { expect, it } from 'vitest';
import { stepShares } from '../../sidecar/bench/whole-run.ts';

it('shares of a step are those of all steps together, and add up to one', () => {
  const shares = stepShares([
    { load: 1, compute: 7, update: 1, log: 1, evaluate: 100 },
    { load: 0, compute: 30, update: 0 },
  ]);
  expect(shares).toEqual({ load: 1 / 40, compute: 37 / 40, update: 1 / 40, log: 1 / 40 });
});
