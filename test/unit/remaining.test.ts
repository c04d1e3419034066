/** What is told of the time that a stage will take still. */
import { expect, it } from 'vitest';
import { Remaining } from '../../sidecar/training/remaining.ts';

const at = (done: number, total = 100, detail?: string) => ({ name: 'features' as const, done, total, detail });

it('remaining time is the pace so far times what is left, and the newest pieces weigh most', () => {
  const left = new Remaining();
  expect(left.of(at(1), 0)).toBeUndefined();
  expect(left.of(at(2), 1)).toBeUndefined(); // Too early to tell.
  expect(left.of(at(3), 2)).toBe(97);
  expect(left.of(at(4), 3)).toBe(96);
  // From now on twice as slow: 1 → 1 + 0.2 · (2 − 1) after a piece.
  expect(left.of(at(5), 5)).toBeCloseTo(95 * 1.2, 9);
  for (let i = 6; i < 40; i++) left.of(at(i), 5 + 2 * (i - 5));
  expect(left.of(at(40), 75)! / 60).toBeCloseTo(2, 2);
});

it('weighs pieces that came together as if they had come one by one', () => {
  const [together, apart] = [new Remaining(), new Remaining()];
  for (const one of [together, apart]) for (let i = 1; i <= 10; i++) one.of(at(i), i);
  for (let i = 11; i < 20; i++) apart.of(at(i), 10 + 3 * (i - 10));
  expect(together.of(at(20), 40)).toBeCloseTo(apart.of(at(20), 40)!, 9);
});

it('begins anew with another language, another stage, or from the start, and ends with nothing', () => {
  const left = new Remaining();
  left.of(at(1, 10, 'fin'), 0);
  expect(left.of(at(5, 10, 'fin'), 40)).toBe(50);
  expect(left.of(at(1, 10, 'vie'), 41)).toBeUndefined();
  expect(left.of(at(9, 10, 'vie'), 49)).toBe(1);
  expect(left.of(at(10, 10, 'vie'), 50)).toBeUndefined();
  expect(left.of(at(2, 10, 'vie'), 60)).toBeUndefined();
});
