/** The simulation's parts against what can be worked out by hand. */
import { expect, it } from 'vitest';
import { ringSeconds, slowest, treeSeconds } from '../../bench/many-ranks.mjs';

it('a ring sends every byte almost twice, whatever the number of ranks, and 2 (n − 1) messages', () => {
  expect(ringSeconds(1, 8e6, 1, 1e6)).toBe(0);
  // Two ranks: each sends half, twice.
  expect(ringSeconds(2, 8e6, 0, 1e6)).toBeCloseTo(8);
  expect(ringSeconds(64, 8e6, 0, 1e6)).toBeCloseTo((2 * 63 * 8) / 64);
  expect(ringSeconds(64, 0, 1e-3, 1e6)).toBeCloseTo(0.126);
  expect(treeSeconds(64, 8e6, 1e-3, 1e6)).toBeCloseTo(2 * 6 * 8.001);
});

it('the slowest of many is slower than one, and never than the slowest that was measured', () => {
  const times = [1, 2];
  // Both of two are quick in one case of four.
  expect(slowest(times, 2, 20_000)).toBeCloseTo(1.75, 1);
  expect(slowest(times, 1, 20_000)).toBeCloseTo(1.5, 1);
  expect(slowest(times, 512)).toBe(2);
});
