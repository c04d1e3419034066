import { describe, expect, it } from 'vitest';
import { align } from '../../../webview/charts/decimate.ts';
import { Column, Series, Smoothed } from '../../../webview/series.ts';
import { noise } from '../../support/run-events.ts';

describe('a series', () => {
  it('keeps every point as its columns grow', () => {
    const column = new Column();
    for (let i = 0; i < 10_000; i++) column.push(i * 0.5);
    expect(column.length).toBe(10_000);
    expect(column.values().every((value, i) => value === i * 0.5)).toBe(true);
  });

  it('forgets the steps that a resumed run does again, and says that it did', () => {
    const series = new Series();
    for (let step = 1; step <= 10; step++) series.push(step, step);
    series.takeBack(6);
    expect([...series.steps.values()]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(series.rewrites).toBe(1);
    series.push(7, 70);
    expect(series.last()).toBe(70);
  });

  it('never goes back in steps, whatever the log says', () => {
    const series = new Series();
    for (const step of [1, 5, 9, 5, Number.NaN, 6]) series.push(step, step);
    expect([...series.steps.values()]).toEqual([1, 5, 6]);
  });

  it('answers with the newest value at or before a step', () => {
    const series = new Series();
    for (const step of [10, 20, 30]) series.push(step, step / 10);
    expect([series.at(5), series.at(10), series.at(29), series.at(99)]).toEqual([Number.NaN, 1, 2, 3]);
  });
});

describe('smoothing', () => {
  const average = (values: number[], weight: number) => {
    const series = new Series();
    const smoothed = new Smoothed(series);
    values.forEach((value, i) => {
      series.push(i + 1, value);
      smoothed.update(weight);
    });
    return { series, smoothed, out: [...smoothed.update(weight)] };
  };

  it('leaves a constant as it is from the first point on', () => {
    for (const value of average(new Array(50).fill(3.5), 0.9).out) expect(value).toBeCloseTo(3.5, 12);
  });

  it('weighs as written: two points, the later (1 − w), the earlier w (1 − w), over their sum', () => {
    const [first, second] = average([1, 4], 0.75).out;
    expect(first).toBeCloseTo(1, 12);
    expect(second).toBeCloseTo((4 * 0.25 + 1 * 0.25 * 0.75) / (0.25 + 0.25 * 0.75), 12);
  });

  it('begins anew with another weight', () => {
    const values = [1, 4, 2, 8, 5];
    const { smoothed } = average(values, 0.75);
    expect([...smoothed.update(0.2)]).toEqual(average(values, 0.2).out);
  });

  it('passes over what is not finite', () => {
    const { out } = average([2, Number.NaN, Number.POSITIVE_INFINITY, 2], 0.5);
    expect(out[1]).toBeNaN();
    expect(out[3]).toBeCloseTo(2, 12);
  });

  it('begins anew when points were taken back', () => {
    const { series, smoothed } = average([1, 100, 100], 0.5);
    series.takeBack(1);
    series.push(2, 1);
    expect([...smoothed.update(0.5)]).toEqual([1, 1]);
  });
});

describe('fitting points into pixel columns', () => {
  const xs = Float64Array.from({ length: 100_000 }, (_, i) => i);
  const random = noise(3);
  const ys = Float64Array.from({ length: 100_000 }, () => random());
  ys[54_321] = 17;
  ys[70_000] = -9;

  it('keeps the greatest and the least value of every column', () => {
    const [x, y] = align([{ xs, ys }], 0, 99_999, 500);
    expect(x.length).toBe(1002);
    for (let column = 0; column < 500; column++) {
      let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let i = 0; i < xs.length; i++) {
        const at = Math.min(499, Math.floor((xs[i] / 99_999) * 500));
        if (at < column) continue;
        if (at > column) break;
        low = Math.min(low, ys[i]);
        high = Math.max(high, ys[i]);
      }
      if (column % 25 === 0 || low === -9 || high === 17)
        expect([y[2 * column + 1], y[2 * column + 2]].sort((a, b) => a! - b!)).toEqual([low, high]);
    }
    expect(Math.max(...(y as number[]).filter((value) => value !== null))).toBe(17);
    expect(Math.min(...(y as number[]).filter((value) => value !== null))).toBe(-9);
  });

  it('shows each point at its own place where there are few', () => {
    const few = { xs: [0, 10, 20, 30], ys: [1, 2, Number.NaN, 4] };
    const other = { xs: [10, 15], ys: [7, 8] };
    expect(align([few, other], 0, 30, 100)).toEqual([
      [0, 10, 15, 20, 30],
      [1, 2, null, null, 4],
      [null, 7, 8, null, null],
    ]);
  });

  it('keeps one point beyond each edge, so that lines enter and leave', () => {
    const [x, y] = align([{ xs: [0, 10, 20, 30, 40], ys: [0, 1, 2, 3, 4] }], 12, 28, 100);
    expect(x).toEqual([10, 20, 30]);
    expect(y).toEqual([1, 2, 3]);
  });

  it('leaves out what a logarithmic axis cannot show', () => {
    expect(align([{ xs: [1, 2, 3], ys: [0, -1, 5] }], 1, 3, 10, true)[1]).toEqual([null, null, 5]);
  });

  it('lives with empty lines and an empty window', () => {
    expect(align([{ xs: [], ys: [] }], 0, 1, 100)).toEqual([[], []]);
    expect(align([], 0, 1, 100)).toEqual([[]]);
  });
});
