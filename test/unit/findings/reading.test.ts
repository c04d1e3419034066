import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Findings } from '../../../sidecar/protocol/findings.ts';
import { faultIn, sayFault } from '../../../sidecar/protocol/findings-fault.ts';
import { findingsIn } from '../../../sidecar/protocol/findings-in.ts';
import { english } from '../../../sidecar/protocol/reason.ts';
import { findingsPath, readFindings } from '../../../sidecar/runs/findings.ts';
import { sampleFindings } from '../../support/findings.ts';
import { scratch } from '../../support/scratch.ts';

const why = (value: unknown): string => {
  const checked = findingsIn(value);
  return 'fault' in checked ? sayFault(checked.fault, english) : 'findings';
};
/** The sample with one place changed. */
function damaged(change: (findings: Record<string, never> & Findings) => void): unknown {
  const findings = sampleFindings() as Record<string, never> & Findings;
  change(findings);
  return findings;
}

describe('what claims to be findings', () => {
  it('is taken whole where every field is right', () => {
    const checked = findingsIn(JSON.parse(JSON.stringify(sampleFindings())));
    // Rows have no prototype, so that a language may be called as anything is.
    expect(JSON.parse(JSON.stringify(checked))).toEqual({ findings: JSON.parse(JSON.stringify(sampleFindings())) });
  });

  it('is refused with the place of the first thing that is wrong', () => {
    expect(why(null)).toBe('{} is no object');
    expect(why([])).toBe('{} is no object');
    expect(why({ version: 2 })).toBe('its version is 2, and this MiLorE reads 1');
    const cases: [string, (findings: Findings) => unknown][] = [
      ['rows is no list', (f) => Object.assign(f, { rows: {} })],
      ['rows[1].row is out of order', (f) => (f.rows[1].row = 2)],
      ['rows[2].step is no whole number, or one beyond its bounds', (f) => (f.rows[2].step = 0.5)],
      ['languages names one twice', (f) => (f.languages[1].code = 'fin')],
      ['languages[0].role is none of the words that it may be', (f) => Object.assign(f.languages[0], { role: 'old' })],
      ['tables[0].rows[1].fin.value is no number', (f) => Object.assign(f.tables[0].rows[1].fin, { value: '3' })],
      ['tables[0].rows[1].fin is out of order', (f) => (f.tables[0].rows[1].fin.low = 9)],
      [
        'tables[0].rows[1].fin.change.verdict is none of the words that it may be',
        (f) => Object.assign(f.tables[0].rows[1].fin.change!, { verdict: 'great' }),
      ],
      ['tables[1].average does not have the size that it may have', (f) => f.tables[1].average.push({}, {}, {})],
      [
        'tables[0].largestLoss.row is no whole number, or one beyond its bounds',
        (f) => (f.tables[0].largestLoss!.row = 3),
      ],
      ['confusions[0].counts[2] does not have the size that it may have', (f) => f.confusions[0].counts[2].pop()],
      [
        'confusions[0].counts[0][0] is no whole number, or one beyond its bounds',
        (f) => (f.confusions[0].counts[0][0] = -1),
      ],
      ['confusions[1].chance is not between 0 and 1', (f) => (f.confusions[1].chance = 2)],
      ['drift[0].layers[1] is no number', (f) => Object.assign(f.drift[0].layers, { 1: 'x' })],
      ['examples[0].worst[3].id is no text', (f) => Object.assign(f.examples[0].worst[3], { id: 7 })],
      [
        'examples[0].worst[0].path does not have the size that it may have',
        (f) => (f.examples[0].worst[0].path = `/${'x'.repeat(5000)}`),
      ],
      ['skipped[0].reason is no text', (f) => Object.assign(f.skipped[0], { reason: null })],
      ['costShare is no number', (f) => Object.assign(f, { costShare: 'half' })],
      ['seed is no number', (f) => Object.assign(f, { seed: undefined })],
    ];
    for (const [words, change] of cases) expect(why(damaged(change))).toBe(words);
  });

  it('claims nothing without an interval, and takes null for absent', () => {
    const value = damaged((f) => {
      f.tables[0].rows[1].fin.change = { value: -3, verdict: 'better' };
      Object.assign(f.tables[0].rows[1].vie, { value: null, low: null, high: null });
    });
    const checked = findingsIn(value) as { findings: Findings };
    expect(checked.findings.tables[0].rows[1].fin.change).toEqual({ value: -3, verdict: 'cannot tell' });
    expect(checked.findings.tables[0].rows[1].vie.value).toBeUndefined();
  });

  it('keeps names that JavaScript knows, and cuts what is too long', () => {
    const text = JSON.stringify(
      damaged((f) => {
        f.languages[0].code = '__proto__';
        f.languages[1].code = `v${'i'.repeat(500)}`;
        f.tables[0].notes = ['n'.repeat(10_000)];
      }),
    ).replace('"rows":[{"fin":', '"rows":[{"__proto__":');
    const { findings } = findingsIn(JSON.parse(text)) as { findings: Findings };
    expect(Object.keys(findings.tables[0].rows[0])[0]).toBe('__proto__');
    expect(findings.languages[1].code.length).toBe(81);
    expect(findings.tables[0].notes[0].length).toBe(601);
    expect(({} as Record<string, unknown>).value).toBeUndefined();
  });

  it('is refused in words for any value in any place', () => {
    const odd = [null, 7, -1, 'x', [], {}, true, [[]], Number.NaN];
    const walk = (value: unknown, path: (string | number)[], at: (path: (string | number)[]) => void) => {
      at(path);
      if (typeof value === 'object' && value !== null)
        for (const [key, inner] of Object.entries(value).slice(0, Array.isArray(value) ? 2 : 20))
          walk(inner, [...path, key], at);
    };
    let count = 0;
    walk(sampleFindings(), [], (path) => {
      for (const strange of odd) {
        const value = sampleFindings();
        let holder = value as unknown as Record<string, unknown>;
        for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
        if (path.length > 0) holder[path.at(-1)!] = strange;
        expect(typeof why(path.length > 0 ? value : strange)).toBe('string');
        count++;
      }
    });
    expect(count).toBeGreaterThan(1000);
  });

  it('a fault from the host is one of those that are known', () => {
    expect(faultIn({ code: 'large', bytes: 1, mostBytes: 2 })).toBeDefined();
    for (const value of [null, 7, {}, { code: 'x' }, { code: 7 }]) expect(faultIn(value)).toBeUndefined();
  });
});

describe('the file of a run', () => {
  const folder = scratch();
  let count = 0;
  const run = () => {
    const path = folder(String(count++));
    mkdirSync(path);
    return { path };
  };

  it('is none where there is none, and found where it is right', async () => {
    const one = run();
    expect(await readFindings(one)).toEqual({ kind: 'none' });
    writeFileSync(findingsPath(one), JSON.stringify(sampleFindings()));
    expect(await readFindings(one)).toMatchObject({ kind: 'found', findings: { draws: 1000 } });
  });

  it('is wrong with a reason where it is no JSON, too large, too deep, a folder, or a pipe that nobody writes', async () => {
    const said = async (make: (path: string) => void) => {
      const one = run();
      make(findingsPath(one));
      const read = await readFindings(one);
      return read.kind === 'wrong' ? sayFault(read.fault, english) : read.kind;
    };
    expect(await said((path) => writeFileSync(path, '{"version": 1, "rows": ['))).toMatch(/^it is no JSON \(/);
    expect(await said((path) => writeFileSync(path, '['.repeat(100_000)))).toMatch(/nested more than 100 levels deep/);
    expect(await said((path) => writeFileSync(path, Buffer.alloc(33 << 20, 0x20)))).toBe(
      'it is too large: 34.6 of at most 33.6 MB',
    );
    expect(await said((path) => mkdirSync(path))).toMatch(/^it cannot be read \(/);
    if (process.platform !== 'win32')
      expect(await said((path) => execFileSync('mkfifo', [path]))).toBe('it cannot be read (it is no ordinary file)');
    expect(findingsPath({ path: 'x' })).toBe(join('x', 'findings.json'));
  });
});
