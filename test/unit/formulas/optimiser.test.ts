import { describe, expect, it } from 'vitest';
import {
  adamW,
  compile,
  type Feed,
  floats,
  newState,
  norm,
  rateFactor,
  Session,
  updateFeeds,
  updateGraph,
} from '../../support/product.ts';

/**
 * Three updates of four numbers in two groups, in double precision by hand: β = 0.9, 0.99, ε = 0.01 (large, so that its
 * place shows), decay 0.1, clip 1, rates 0.1 and 0.01. Norms 13 and 7 are clipped to 1, 0.374 is left alone.
 *
 * The first number, first update: g = 3/13; m = 0.1·g, m̂ = g; v = 0.01·g², √v̂ = g; so p = 1·(1 − 0.1·0.1) −
 * 0.1·0.230769/(0.230769 + 0.01) = 0.99 − 0.0958466 = 0.8941534.
 */
const adam = { betas: [0.9, 0.99], epsilon: 0.01, weightDecay: 0.1, clipNorm: 1 } as const;
const start = [1, -2, 0.5, 3];
const rates = { adapter: 0.1, head: 0.01 };
const table = [
  { gradient: [3, -4, 0, 12], norm: 13, after: [0.8941534, -1.8831477, 0.4995, 2.9871072] },
  { gradient: [0.3, 0.1, -0.2, 0], norm: 0.3741657, after: [0.7890269, -1.8252418, 0.5059359, 2.9775059] },
  { gradient: [-6, 2, 3, 0], norm: 7, after: [0.8078385, -1.8250016, 0.5022023, 2.9694215] },
];

const groups = [
  { start: 0, end: 2, rate: rates.adapter },
  { start: 2, end: 4, rate: rates.head },
];

describe('AdamW', () => {
  it('makes the three updates of the table, each group at its rate', () => {
    const parameters = Float32Array.from(start);
    const state = newState(4);
    for (const { gradient, norm: expected, after } of table) {
      expect(adamW(parameters, Float32Array.from(gradient), state, groups, adam)).toBeCloseTo(expected, 5);
      for (const [i, value] of after.entries()) expect(parameters[i]).toBeCloseTo(value, 5);
    }
    expect(state.updates).toBe(3);
  });

  it('makes them as a graph too, which is how a device does', async () => {
    const slots = [
      { name: 'a', shape: [2], group: 'adapter' },
      { name: 'h', shape: [1, 2], group: 'head' },
    ];
    const { bytes, ...compiled } = compile(updateGraph(slots), 'portable');
    const session = await Session.open(bytes, compiled, { device: 'cpu' });
    const split = (flat: ArrayLike<number>): Float32Array[] => [
      Float32Array.of(flat[0], flat[1]),
      Float32Array.of(flat[2], flat[3]),
    ];
    let state = { parameter: split(start), first: split([0, 0, 0, 0]), second: split([0, 0, 0, 0]) };
    for (const [i, { gradient, norm: expected, after }] of table.entries()) {
      const feeds: Record<string, Feed> = updateFeeds(rates, adam, i + 1);
      slots.forEach(({ name, shape }, k) => {
        feeds[`gradient:${name}`] = { data: split(gradient)[k], shape };
        for (const [part, tensors] of Object.entries(state)) feeds[`${part}:${name}`] = { data: tensors[k], shape };
      });
      const out = await session.run(feeds, {});
      expect(floats(out.norm)[0]).toBeCloseTo(expected, 5);
      const next = (part: string) => slots.map(({ name }) => floats(out[`new-${part}:${name}`]));
      state = { parameter: next('parameter'), first: next('first'), second: next('second') };
      for (const [k, value] of after.entries()) expect(state.parameter[k >> 1][k & 1]).toBeCloseTo(value, 5);
    }
    await session.release();
  });

  it('decays apart from the gradient: a number without one shrinks by rate · decay and nothing else', () => {
    const parameters = Float32Array.of(2, 4);
    adamW(parameters, new Float32Array(2), newState(2), [{ start: 0, end: 2, rate: 0.5 }], adam);
    expect([...parameters]).toEqual([2 * 0.95, 4 * 0.95].map(Math.fround));
  });

  it('clips the whole gradient to its norm, not number by number, and not at 0', () => {
    expect(norm(Float32Array.of(3, -4, 0, 12))).toBe(13);
    const moved = (clipNorm: number) => {
      const state = newState(2);
      adamW(Float32Array.of(0, 0), Float32Array.of(30, 40), state, [{ start: 0, end: 2, rate: 0.1 }], {
        ...adam,
        clipNorm,
      });
      return [...state.first];
    };
    // 0.1 · 30/50 · 5 and 0.1 · 40/50 · 5.
    expect(moved(5).map((x) => +x.toFixed(6))).toEqual([0.3, 0.4]);
    expect(moved(0).map((x) => +x.toFixed(6))).toEqual([3, 4]);
  });

  it('leaves a group of rate 0 as it is, moments too, and changes nothing where the norm is not finite', () => {
    const parameters = Float32Array.from(start);
    const state = newState(4);
    const [first] = groups;
    const frozen = [first, { start: 2, end: 4, rate: 0 }];
    adamW(parameters, Float32Array.from(table[0].gradient), state, frozen, adam);
    expect([...parameters.subarray(2)]).toEqual(start.slice(2));
    expect([...state.first.subarray(2), ...state.second.subarray(2)]).toEqual([0, 0, 0, 0]);
    const before = [...parameters];
    expect(adamW(parameters, Float32Array.of(1, Number.NaN, 0, 0), state, groups, adam)).toBeNaN();
    expect([...parameters]).toEqual(before);
    expect(state.updates).toBe(1);
  });
});

describe('the learning rate', () => {
  const schedule = (steps: number, warmupFraction: number, finalFraction: number) => (step: number) =>
    rateFactor(step, { steps, warmupFraction, finalFraction });

  it.each<[string, (step: number) => number, Record<number, number>]>([
    // 8 of 100 steps warm up; 92 are left, and the last has none of the peak.
    ['8 % of 100', schedule(100, 0.08, 0), { 1: 1 / 8, 4: 0.5, 8: 1, 9: 91 / 92, 54: 0.5, 99: 1 / 92, 100: 0 }],
    ['8 % of 100 down to a tenth', schedule(100, 0.08, 0.1), { 8: 1, 9: 0.1 + (0.9 * 91) / 92, 54: 0.55, 100: 0.1 }],
    ['8 % of 100 and then no decay', schedule(100, 0.08, 1), { 1: 1 / 8, 8: 1, 9: 1, 100: 1 }],
    // No warm-up: the first step is at the peak.
    ['no warm-up', schedule(100, 0, 0), { 1: 1, 2: 98 / 99, 99: 1 / 99, 100: 0 }],
    ['all warm-up', schedule(100, 1, 0), { 1: 0.01, 50: 0.5, 99: 0.99, 100: 1 }],
    ['all warm-up, whatever would follow', schedule(100, 1, 0.3), { 1: 0.01, 100: 1 }],
    // 0.08 · 30 = 2.4 steps are 2.
    ['a share that is no whole step', schedule(30, 0.08, 0), { 1: 0.5, 2: 1, 3: 27 / 28, 30: 0 }],
    ['one step', schedule(1, 0.08, 0), { 1: 1 }],
    ['two steps', schedule(2, 0.5, 0), { 1: 1, 2: 0 }],
  ])('%s', (_, factor, corners) => {
    for (const [step, expected] of Object.entries(corners))
      expect(factor(Number(step)), step).toBeCloseTo(expected, 12);
  });
});
