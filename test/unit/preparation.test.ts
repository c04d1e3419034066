/** What is told from the press of Train to the first step. */
import { expect, it } from 'vitest';
import { progressWords } from '../../sidecar/protocol/progress-words.ts';
import { Preparation } from '../../sidecar/training/preparation.ts';

const t = (text: string, ...values: (string | number)[]) =>
  text.replace(/\{(\d)\}/g, (_, i) => String(values[Number(i)]));

type Told = [
  name: 'scan' | 'features' | 'units' | 'head' | 'calibrate' | 'evaluate' | 'train',
  done: number,
  total: number,
  detail?: string,
];

/** As a run with two languages tells it (prepare/clips.ts, prepare/index.ts, head-start.ts, assess.ts). */
const told: Told[] = [
  ['scan', 0, 1, 'fin'],
  ['scan', 1, 10, 'fin'],
  ['scan', 10, 10, 'fin'],
  ['scan', 0, 1, 'vie'],
  ['scan', 1, 5, 'vie'],
  ['scan', 3, 5, 'vie'],
  ['scan', 2, 2],
  ['features', 1, 40],
  ['features', 40, 40],
  ['units', 5, 30],
  ['units', 30, 30],
  ['units', 1, 40],
  ['units', 40, 40],
  ['calibrate', 3, 6],
  ['head', 1, 100],
  ['head', 100, 100],
  ['evaluate', 0, 2, 'probes'],
  ['evaluate', 0, 1, 'ABX of fin'],
  ['evaluate', 5, 9, 'characters of fin'],
];
const shares = (events: Told[], preparation = new Preparation(2)) =>
  events.map(([name, done, total, detail], i) => preparation.of({ name, done, total, detail }, i)?.share);

it('one progress over all parts never runs backwards, and is never more than all', () => {
  const all = shares(told) as number[];
  expect([...all].sort((a, b) => a - b)).toEqual(all);
  expect(all[0]).toBeGreaterThanOrEqual(0);
  expect(all.at(-1)).toBeLessThan(1);
  // One of two languages, and a fifth of the other.
  expect(all[2]).toBeCloseTo(0.05, 9);
  expect(all[4]).toBeCloseTo(0.06, 9);
  expect(all[6]).toBeCloseTo(0.1, 9);
  expect(all[8]).toBeCloseTo(0.4, 9);
  expect(all[10]).toBeCloseTo(0.525, 9);
  expect(all[12]).toBeCloseTo(0.65, 9);
  expect(all[15]).toBeCloseTo(0.8, 9);
});

it('what comes again, as the units of a later stage, takes nothing back', () => {
  const all = shares([...told, ['units', 1, 30], ['scan', 0, 10, 'fin']]) as number[];
  expect([...all].sort((a, b) => a - b)).toEqual(all);
  const [half, again] = shares([
    ['head', 50, 100],
    ['head', 10, 100],
  ]) as number[];
  expect(again).toBe(half);
});

it('parts that the cache has are passed in a moment', () => {
  const [first, second] = shares([
    ['scan', 2, 2],
    ['head', 50, 100],
  ]) as number[];
  expect(second - first).toBeGreaterThan(0.6);
});

it('from the first step on there is nothing to prepare, whatever is measured', () => {
  expect(
    shares([
      ['head', 1, 2],
      ['train', 1, 40],
      ['evaluate', 0, 1],
    ]).map((share) => share === undefined),
  ).toEqual([false, true, true]);
});

it('says how long it will take once it can be told', () => {
  const preparation = new Preparation(1);
  expect(preparation.of({ name: 'features', done: 1, total: 4 }, 100)?.leftSeconds).toBeUndefined();
  const { share, leftSeconds } = preparation.of({ name: 'features', done: 4, total: 4 }, 110)!;
  expect(leftSeconds).toBeCloseTo((10 * (1 - share)) / share, 9);
});

it('is said in the same words wherever it is said', () => {
  expect(progressWords({ stage: 'units', done: 1, total: 2, whole: { share: 0.439, leftSeconds: 9 } }, t)).toEqual({
    text: 'preparing 43\u202f%',
    what: 'fits units',
    share: 0.439,
    leftSeconds: 9,
  });
  expect(progressWords({ stage: 'train', done: 10, total: 40 }, t)).toEqual({
    text: 'step 10 of 40 (25\u202f%)',
    share: 0.25,
  });
  // A measurement between steps: what was said of the steps stands.
  expect(progressWords({ stage: 'evaluate', done: 1, total: 2 }, t)).toBeUndefined();
});
