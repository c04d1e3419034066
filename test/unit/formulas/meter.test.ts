import { describe, expect, it } from 'vitest';
import { type Meter, madeUp, scoreOf, tally, utilisation } from '../../support/product.ts';

const rounded = (values: readonly number[]) => values.map((x) => +x.toFixed(6));

describe('a meter', () => {
  it('weighs every masked frame alike, however clips and batches cut them', () => {
    const meter: Meter = {};
    // Two clips of fin with 3 and 1 masked frames, one of eng with 2; then one of fin with 1 in another batch.
    tally(meter, madeUp([1, 2, 3, 8, 5, 7], [1, 0, 0, 1, 1, 1]), ['fin', 'fin', 'eng'], [3, 1, 2]);
    tally(meter, madeUp([6], [0]), ['fin'], [1]);
    // fin: (1 + 2 + 3 + 8 + 6) / 5; the mean of its two batches would be 4.75.
    const fin = scoreOf(meter, 'fin');
    expect([fin.frames, fin.lossNats, fin.accuracy]).toEqual([5, 4, 2 / 5]);
    const eng = scoreOf(meter, 'eng');
    expect([eng.frames, eng.lossNats, eng.accuracy]).toEqual([2, 6, 1]);
  });

  it('gives frames to the clip that they are of', () => {
    const meter: Meter = {};
    tally(meter, madeUp([10, 20, 30], [0, 0, 0]), ['fin', 'eng'], [1, 2]);
    expect(scoreOf(meter, 'fin').lossNats).toBe(10);
    expect(scoreOf(meter, 'eng').lossNats).toBe(25);
  });
});

describe('the use of experts', () => {
  const sites = [
    { layer: 0, target: 'fc1', experts: 2 },
    { layer: 1, target: 'fc1', experts: 3 },
  ];
  const meter: Meter = {};
  // Two clips of fin and, between them, one of eng; gates of two experts, then of three.
  tally(
    meter,
    madeUp([0, 0, 0], [0, 0, 0], {
      gates: [0.9, 0.1, 0.2, 0.3, 0.5, 0, 1, 1, 0, 0, 0.7, 0.3, 0.4, 0.1, 0.5],
      loads: [1, 1, 1, 0, 1, 0, 1, 2, 0, 0, 1, 0.5, 0.5, 1, 0],
      entropy: [0.2, 1, 0.5, 0.5, 0.4, 0],
    }),
    ['fin', 'eng', 'fin'],
    [1, 1, 1],
  );

  it('is mean gates, load ÷ ideal, and effective experts of the language alone', () => {
    const [first, second] = utilisation(meter.fin, sites);
    // Site 1: gates (0.9 + 0.7)/2, (0.1 + 0.3)/2. Loads 2 and 1.5 of 3.5, twice that: 8/7 and 6/7 of an even share.
    expect(rounded(first.gates)).toEqual([0.8, 0.2]);
    expect(rounded(first.load)).toEqual(rounded([8 / 7, 6 / 7]));
    // exp(−0.8 ln 0.8 − 0.2 ln 0.2), and the mean entropy of a frame exp((0.2 + 0.4)/2).
    expect(first.effectiveExperts).toBeCloseTo(1.6493849, 6);
    expect(first.effectivePerFrame).toBeCloseTo(Math.exp(0.3), 6);
    // Site 2: gates (0.2 + 0.4)/2, (0.3 + 0.1)/2, (0.5 + 0.5)/2; loads 1.5, 1 and 1 of 3.5, three times that.
    expect(rounded(second.gates)).toEqual([0.3, 0.2, 0.5]);
    expect(rounded(second.load)).toEqual(rounded([9 / 7, 6 / 7, 6 / 7]));
    // exp(0.3 ln(1/0.3) + 0.2 ln 5 + 0.5 ln 2)
    expect(second.effectiveExperts).toBeCloseTo(2.8000941, 6);
    expect(second.effectivePerFrame).toBeCloseTo(Math.exp(0.5), 6);
    expect(second).toMatchObject({ layer: 1, target: 'fc1' });
  });

  it('of an even router is as many experts as there are, of a collapsed one is one', () => {
    const even: Meter = {};
    tally(even, madeUp([0], [0], { gates: [0.25, 0.25, 0.25, 0.25], entropy: [Math.log(4)] }), ['fin'], [1]);
    const four = [{ layer: 0, target: 'q', experts: 4 }];
    // Where all frames go to all experts (dense) the load is the gates'.
    expect(utilisation(even.fin, four)[0]).toMatchObject({
      load: [1, 1, 1, 1],
      effectiveExperts: expect.closeTo(4, 6),
    });
    expect(utilisation(even.fin, four)[0].effectivePerFrame).toBeCloseTo(4, 5);
    const collapsed: Meter = {};
    tally(collapsed, madeUp([0], [0], { gates: [0, 1, 0, 0], entropy: [0] }), ['fin'], [1]);
    expect(utilisation(collapsed.fin, four)[0]).toMatchObject({
      load: [0, 4, 0, 0],
      effectiveExperts: 1,
      effectivePerFrame: 1,
    });
  });
});
