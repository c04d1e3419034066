import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FindingTable } from '../../../sidecar/protocol/findings.ts';
import {
  answers,
  cellAt,
  comparedAt,
  gainOf,
  lastRow,
  measureTitle,
  sayAnswer,
  sayCell,
  sayChange,
  sayFinding,
  sayOverall,
  saySigned,
  sayValue,
} from '../../../sidecar/protocol/findings-words.ts';
import { english, type Translate } from '../../../sidecar/protocol/reason.ts';
import { sampleFindings } from '../../support/findings.ts';

const bundle: Record<string, string> = JSON.parse(readFileSync('extension/l10n/bundle.l10n.de.json', 'utf8'));
const german: Translate = (text, ...args) => english(bundle[text] ?? text, ...args);
const thin = '\u202f';

const nats = { unit: 'nats', better: 'lower' } as const;
const share = { unit: 'share', better: 'higher' } as const;

describe('a sentence on a language', () => {
  it('says what was learned, against what, by how much and how surely', () => {
    const said = answers(sampleFindings(), english).map(sayAnswer);
    expect(said).toEqual([
      `fin (new): loss 3.89, control 3.93: better by 0.04 (0.01 to 0.07); CER 27.6${thin}%, base 34.2${thin}%: better by 6.6 points (5.2 to 8.0)`,
      `vie (new): loss 3.97, control 4.12: better by 0.15 (0.12 to 0.18); CER 33.9${thin}%, base 41.8${thin}%: better by 7.9 points (6.5 to 9.3)`,
      `eng (known): own head’s loss 3.05, base 3.02: cannot tell: +0.03 (−0.01 to +0.07); CER 12.4${thin}%, base 12.1${thin}%: cannot tell: +0.3 points (−1.1 to +1.7)`,
      'deu (known): own head’s loss 3.21, base 3.11: worse by 0.10 (0.06 to 0.14); CER: not measured: no transcripts',
      'spa (known): own head’s loss 3.08, base 3.07: cannot tell: +0.01 (−0.03 to +0.05)',
    ]);
  });

  it('says the same in German', () => {
    const said = answers(sampleFindings(), german).map(sayAnswer);
    expect(said[3]).toBe(
      'deu (bekannt): Verlust des eigenen Kopfs 3.21, Basis 3.11: schlechter um 0.10 (0.06 bis 0.14); CER: nicht gemessen: no transcripts',
    );
    expect(said[0]).toMatch(/^fin \(neu\): Verlust 3\.89, Kontrolle 3\.93: besser um 0\.04 \(0\.01 bis 0\.07\); /);
  });

  it('claims nothing of the base’s own row', () => {
    const findings = sampleFindings();
    findings.rows = findings.rows.slice(0, 1);
    for (const table of findings.tables) table.rows = table.rows.slice(0, 1);
    const [fin, , eng] = answers(findings, english);
    expect(fin.said[0]).toEqual({ measure: 'loss', row: 0, text: 'loss 4.61, control 4.61' });
    expect(eng.said[0]).toEqual({ measure: 'ownHeadLoss', row: 0, text: 'own head’s loss 3.02' });
  });

  it('is there for a language of which nothing is known', () => {
    const findings = { ...sampleFindings(), tables: [] };
    expect(answers(findings, english).map(sayAnswer)).toContain('fin (new): not measured');
  });
});

it('how all came out is said by role', () => {
  expect(sayOverall(answers(sampleFindings(), english), english)).toBe('New: 2 better. Known: 1 worse, 2 cannot tell.');
  expect(sayOverall(answers(sampleFindings(), german), german)).toBe(
    'Neu: 2 besser. Bekannt: 1 schlechter, 2 nicht zu sagen.',
  );
  expect(sayOverall(answers({ ...sampleFindings(), tables: [] }, english), english)).toBe(
    'New: 2 not compared. Known: 3 not compared.',
  );
});

describe('a change in words', () => {
  it('gives its size the way the measure points', () => {
    const change = { value: -0.08, low: -0.11, high: -0.05, verdict: 'better' } as const;
    expect(sayChange(change, nats, english)).toBe('better by 0.08 (0.05 to 0.11)');
    expect(sayChange({ ...change, verdict: 'worse' }, share, english)).toBe('worse by 8.0 points (5.0 to 11.0)');
    expect(sayChange({ value: 0.08, low: 0.05, high: 0.11, verdict: 'worse' }, nats, english)).toBe(
      'worse by 0.08 (0.05 to 0.11)',
    );
    expect(sayChange({ value: 0.021, low: 0.01, high: 0.032, verdict: 'better' }, share, english)).toBe(
      'better by 2.1 points (1.0 to 3.2)',
    );
  });

  it('has one digit more where the interval is too narrow for the usual ones', () => {
    const change = { value: -0.004, low: -0.006, high: -0.002, verdict: 'better' } as const;
    expect(sayChange(change, nats, english)).toBe('better by 0.004 (0.002 to 0.006)');
  });

  it('cannot be told without an interval, and says why', () => {
    expect(sayChange({ value: 0.03, verdict: 'cannot tell' }, nats, english)).toBe('cannot tell: +0.03');
    expect(sayChange({ verdict: 'cannot tell', reason: 'one speaker' }, nats, english)).toBe(
      'cannot tell: one speaker',
    );
    expect(sayChange({ verdict: 'cannot tell' }, nats, english)).toBe('cannot tell');
  });

  it('counts as gained or lost by the measure’s direction', () => {
    expect(gainOf({ value: -0.1 }, 'lower')).toBe(0.1);
    expect(gainOf({ value: -0.1 }, 'higher')).toBe(-0.1);
    expect(Object.is(gainOf({ value: 0 }, 'lower'), 0)).toBe(true);
    expect(gainOf(undefined, 'lower')).toBeNaN();
  });
});

describe('numbers', () => {
  it('have a true minus, and no sign where they are nothing', () => {
    expect([sayValue(-1.005, 'nats'), sayValue(-0.001, 'nats'), sayValue(undefined, 'nats')]).toEqual([
      '−1.00',
      '0.00',
      '–',
    ]);
    expect([saySigned(0.001, 'nats'), saySigned(0.2, 'nats'), saySigned(-0.2, 'share')]).toEqual([
      '0.00',
      '+0.20',
      '−20.0',
    ]);
    expect(sayFinding({ value: 0.9, low: 0.88, high: 0.93 }, 'share', english)).toBe(
      `90.0${thin}% (88.0${thin}% to 93.0${thin}%)`,
    );
  });

  it('are found for names that JavaScript knows, and only where they stand', () => {
    const table = { rows: [{}], against: 'base' } as unknown as FindingTable;
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(cellAt(table, 0, name)).toBeUndefined();
      expect(sayCell(table, 0, name, english)).toBeUndefined();
      expect(measureTitle(name, english).toLowerCase()).toBe(name.toLowerCase());
    }
  });

  it('come from the last row that has them', () => {
    const [loss, own] = sampleFindings().tables;
    delete loss.rows[2].fin.value;
    expect([lastRow(loss, 'fin'), lastRow(loss, 'vie'), lastRow(loss, 'vie', 1)]).toEqual([1, 2, 1]);
    expect(lastRow(loss, 'ita')).toBeUndefined();
    expect(comparedAt(loss, 1, 'fin')?.value).toBe(3.92);
    expect([comparedAt(own, 1, 'fin')?.value, comparedAt(own, 0, 'fin')]).toEqual([5.42, undefined]);
  });
});
