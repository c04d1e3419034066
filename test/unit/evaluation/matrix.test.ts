import { describe, expect, it } from 'vitest';
import {
  average,
  backwardTransfer,
  forwardTransfer,
  largestLoss,
  type StageMatrix,
  transferAhead,
  worstLanguage,
} from '../../../sidecar/evaluation/matrix.ts';

/** Error rates: the base knows eng; fin enters at stage 1, vie at stage 2. */
const rates: StageMatrix = {
  better: 'lower',
  entered: { eng: 0, fin: 1, vie: 2 },
  rows: [
    { eng: 0.2, fin: 0.9, vie: 0.95 },
    { eng: 0.26, fin: 0.4, vie: 0.93 },
    { eng: 0.24, fin: 0.5, vie: 0.6 },
  ],
};
/** The same as accuracies. */
const accuracies: StageMatrix = {
  ...rates,
  better: 'higher',
  rows: rates.rows.map((row) => Object.fromEntries(Object.entries(row).map(([code, x]) => [code, 1 - (x as number)]))),
};
const value = (result: { kind: string; value?: number }) => {
  expect(result.kind).not.toBe('undefined');
  return result.value!;
};

describe('the matrix of stages and languages, worked by hand', () => {
  it('averages what was seen so far', () => {
    expect(value(average(rates, 0))).toBeCloseTo(0.2);
    expect(value(average(rates, 1))).toBeCloseTo((0.26 + 0.4) / 2);
    expect(value(average(rates, 2))).toBeCloseTo((0.24 + 0.5 + 0.6) / 3);
  });

  it('has negative backward transfer where languages were forgotten, whichever way is better', () => {
    // eng lost 0.06 in stage 1; after stage 2 it has lost 0.04 and fin 0.1.
    for (const matrix of [rates, accuracies]) {
      expect(value(backwardTransfer(matrix, 1))).toBeCloseTo(-0.06);
      expect(value(backwardTransfer(matrix, 2))).toBeCloseTo((-0.04 - 0.1) / 2);
    }
    expect(backwardTransfer(rates, 0)).toMatchObject({ kind: 'undefined', reason: 'nothing comes before the base' });
  });

  it('has forward transfer against a run of the language alone, and says so where there is none', () => {
    expect(value(forwardTransfer(rates, 2, { vie: 0.7 }))).toBeCloseTo(0.1);
    expect(value(forwardTransfer(accuracies, 2, { vie: 0.3 }))).toBeCloseTo(0.1);
    expect(forwardTransfer(rates, 2, undefined)).toMatchObject({ reason: expect.stringContaining('vie alone') });
    expect(forwardTransfer(rates, 0, {}).kind).toBe('undefined');
    expect(forwardTransfer(rates, 2, { vie: { reason: 'other units' } })).toMatchObject({ reason: 'other units' });
  });

  it('has forward transfer against the base: what a language had gained before its turn', () => {
    // By hand: vie went from 0.95 to 0.93 while fin was learned.
    for (const matrix of [rates, accuracies]) expect(value(transferAhead(matrix, 2))).toBeCloseTo(0.02);
    expect(transferAhead(rates, 1)).toMatchObject({ reason: expect.stringContaining('fin alone') });
    expect(transferAhead(rates, 0)).toMatchObject({ reason: 'nothing was learned before stage 1' });
  });

  it('names the worst language, and the largest loss in one stage though it was made up for later', () => {
    for (const matrix of [rates, accuracies]) {
      expect(worstLanguage(matrix, 2)).toMatchObject({ language: 'vie', stage: 2 });
      expect(worstLanguage(matrix, 1)).toMatchObject({ language: 'fin' });
      const loss = largestLoss(matrix);
      expect(loss).toMatchObject({ kind: 'found', language: 'fin', stage: 2 });
      expect(value(loss)).toBeCloseTo(0.1);
    }
  });

  it('puts the reason where a number is missing: no mean over what happens to be there', () => {
    const holed = { ...rates, rows: [rates.rows[0], rates.rows[1], { ...rates.rows[2], fin: { reason: 'no clip' } }] };
    expect(average(holed, 2)).toEqual({ kind: 'undefined', reason: 'no clip' });
    expect(backwardTransfer(holed, 2)).toEqual({ kind: 'undefined', reason: 'no clip' });
    expect(average({ ...rates, rows: rates.rows.slice(0, 2) }, 2)).toMatchObject({
      reason: 'eng was not measured after stage 2',
    });
    expect(largestLoss({ ...rates, rows: rates.rows.slice(0, 1) })).toMatchObject({ reason: 'there is no stage yet' });
    const gained = { ...rates, rows: [rates.rows[0], { eng: 0.1, fin: 0.4 }] };
    expect(largestLoss(gained)).toMatchObject({ reason: 'no language lost anything in any stage' });
  });
});
