import { describe, expect, it } from 'vitest';
import { type Counted, kept, minimums, suggestJoin, suggestMinimum } from '../../../sidecar/config/guide/kept.ts';
import * as rules from '../../../sidecar/config/guide/rules.ts';
import { rounded, suggestBatch, suggestEvery, suggestSteps } from '../../../sidecar/config/guide/steps.ts';
import * as alarms from '../../../sidecar/protocol/alarm-rules.ts';

/** Lengths in seconds, counted as an inspection counts. */
function counted(lengths: number[], speakers = 1): Counted {
  const edges = [0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 10];
  const sum = (all: number[]) => all.reduce((a, b) => a + b, 0);
  const short = edges.map((belowSeconds) => {
    const below = lengths.filter((length) => length < belowSeconds);
    return { belowSeconds, clips: below.length, seconds: sum(below) };
  });
  return { seconds: sum(lengths), clips: lengths.length, speakers, short };
}

describe('how much speech is kept', () => {
  const words = counted([0.25, 0.35, 0.45, 0.6, 0.8, 4], 2);

  it('is what is not below the minimum, to the second, where nothing is joined', () => {
    expect(kept([words], 0.5).seconds).toBeCloseTo(0.6 + 0.8 + 4, 9);
    expect(kept([words], 0.3).seconds).toBeCloseTo(0.35 + 0.45 + 0.6 + 0.8 + 4, 9);
    expect(kept([words, counted([10])], 0.5)).toMatchObject({ exact: true });
    expect(kept([words, counted([10])], 0.5).share).toBeCloseTo(15.4 / 16.45, 9);
  });

  it('is at least all but a rest of each speaker and side where clips are joined', () => {
    // Two speakers, two sides, each with a rest below half a second at most.
    expect(kept([counted([10, 10], 2)], 0.5, 5)).toEqual({ seconds: 18, share: 0.9, exact: false });
    expect(kept([counted([10, 10], 0)], 0.5, 5).seconds).toBe(19);
    expect(kept([counted([0.2], 3)], 0.5, 5).seconds).toBe(0);
  });

  it('of nothing is all of it', () => expect(kept([], 0.5).share).toBe(1));
});

describe('what is proposed', () => {
  const long = counted(Array(20).fill(4));
  const oneShort = counted([...Array(19).fill(4), 0.4]);
  const twoShort = counted([...Array(18).fill(4), 0.4, 0.4]);

  it('joins where more than a twentieth of the clips would be lost, and says why', () => {
    expect(suggestJoin([long])).toEqual({ reason: 'long-enough' });
    expect(suggestJoin([oneShort])).toEqual({ reason: 'long-enough' });
    expect(suggestJoin([twoShort])).toEqual({ joinSeconds: 5, reason: 'many-too-short' });
    expect(suggestJoin([counted([...Array(11).fill(1.2), ...Array(9).fill(6)])])).toEqual({
      joinSeconds: 5,
      reason: 'half-below-two-seconds',
    });
  });

  it('lowers the minimum only as far as it must', () => {
    expect(suggestMinimum([long])).toBe(0.5);
    expect(suggestMinimum([twoShort])).toBe(0.4);
    expect(suggestMinimum([twoShort], 5)).toBe(0.5);
    expect(suggestMinimum([counted(Array(9).fill(0.05))])).toBe(0.1);
    expect(minimums).toContain(suggestMinimum([counted([0.25, 0.25])]));
  });

  it('is by the rules of the alarms', () => {
    const { LOSS_SHARE, DEFAULT_MIN_SECONDS, JOIN_SECONDS } = alarms;
    expect({ ...rules }).toEqual({ LOSS_SHARE, DEFAULT_MIN_SECONDS, JOIN_SECONDS });
  });
});

describe('steps', () => {
  const about = (hours: number, stepSeconds: number) =>
    suggestSteps({ newSeconds: hours * 3600, batchSeconds: 40, replayFraction: 0.125, stepSeconds });

  it('are ten passes over the new speech: 10 × 0.85 × 36,000 s in batches of 35 s of it', () =>
    expect(about(10, 0.1).usual).toBe(8700));

  it('are no more than a night has time for, and at least a hundred', () => {
    expect(about(10, 10).usual).toBe(2900);
    expect(about(10, 1e6).usual).toBe(100);
    expect(about(0.01, 1).usual).toBe(100);
    expect(about(1000, 0.01).usual).toBe(20_000);
  });

  it('are fewer for a first look, and more for thoroughness', () => {
    expect(about(10, 0.1)).toEqual({ look: 1700, usual: 8700, thorough: 26_000 });
    expect(about(0.01, 1)).toEqual({ look: 50, usual: 100, thorough: 300 });
  });

  it('are round, and measured about ten times', () => {
    expect([7, 44, 96, 123, 8743, 26_100].map(rounded)).toEqual([10, 40, 100, 120, 8700, 26_000]);
    expect([50, 100, 300, 1000, 8700].map(suggestEvery)).toEqual([10, 10, 30, 100, 100]);
    expect([60, 1200, 36_000].map(suggestBatch)).toEqual([10, 20, 40]);
  });
});
