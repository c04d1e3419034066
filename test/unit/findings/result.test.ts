import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Cell, Findings } from '../../../sidecar/protocol/findings.ts';
import { english, type Translate } from '../../../sidecar/protocol/reason.ts';
import { noSigns, sayResult, sayWhole } from '../../../sidecar/protocol/result-words.ts';
import { sampleFindings } from '../../support/findings.ts';

const bundle: Record<string, string> = JSON.parse(readFileSync('extension/l10n/bundle.l10n.de.json', 'utf8'));
const german: Translate = (text, ...args) => english(bundle[text] ?? text, ...args);

/** The sample's findings with other changes in the last row of a measure. */
function changed(measure: string, of: Record<string, Partial<NonNullable<Cell['change']>>>): Findings {
  const findings = sampleFindings();
  const row = findings.tables.find((table) => table.measure === measure)!.rows.at(-1)!;
  for (const [code, change] of Object.entries(of)) {
    row[code] = { ...row[code], drawn: 9, change: { ...row[code].change!, ...change } };
  }
  return findings;
}
const say = (findings: Findings, t = english, signs = noSigns) => sayResult(findings, signs, t)!;

describe('the result in words', () => {
  it('improved: says of every language what it gained or kept, with the end of its interval that is nearest to none', () => {
    expect(say(sampleFindings())).toEqual({
      sentences: [
        'Learned, against the control: fin by 0.04 nats (at least 0.01), vie by 0.15 nats (at least 0.12).',
        'Forgotten, by the base’s own head: deu by 0.10 nats (at least 0.06).',
        'Kept, as far as can be told: eng (at most 0.07 nats lost), spa (at most 0.05 nats lost).',
        'Few speakers are held out: this says little of others.',
      ],
      next: 'Next: try more replay (replay.fraction).',
    });
    expect(sayWhole(say(sampleFindings(), german))).toBe(
      'Gelernt, gegenüber der Kontrolle: fin um 0.04 nats (mindestens 0.01), vie um 0.15 nats (mindestens 0.12). ' +
        'Vergessen, nach dem eigenen Kopf der Basis: deu um 0.10 nats (mindestens 0.06). ' +
        'Behalten, soweit zu sagen ist: eng (höchstens 0.07 nats verloren), spa (höchstens 0.05 nats verloren). ' +
        'Wenige Sprecher sind zurückgehalten: Über andere sagt das wenig. ' +
        'Als Nächstes: mehr Wiederholung versuchen (replay.fraction).',
    );
  });

  it('unchanged: what an interval spans is neither gained nor lost', () => {
    const none = { value: 0.01, low: -0.02, high: 0.04, verdict: 'cannot tell' } as const;
    const findings = changed('loss', { fin: none, vie: none });
    const own = findings.tables.find(({ measure }) => measure === 'ownHeadLoss')!.rows.at(-1)!;
    own.deu = { ...own.deu, change: { ...own.deu.change!, ...none } };
    const { sentences, next } = say(findings);
    expect(sentences[0]).toBe(
      'Whether it was learned cannot be told: fin (+0.01 nats, −0.02 to +0.04), vie (+0.01 nats, −0.02 to +0.04).',
    );
    expect(sentences[1]).toMatch(/^Kept, as far as can be told: eng .*, deu \(at most 0\.04 nats lost\), spa/);
    expect(sentences.join()).not.toMatch(/Learned|Forgotten/);
    expect(next).toBe('Next: train longer (training.steps), or hold out more speech (languages.<code>.heldOut).');
  });

  it('worse: a language that fell behind the control is said to have', () => {
    const worse = { value: 0.2, low: 0.1, high: 0.3, verdict: 'worse' } as const;
    const findings = changed('loss', { fin: worse, vie: worse });
    const own = findings.tables.find(({ measure }) => measure === 'ownHeadLoss')!.rows.at(-1)!;
    own.deu = { ...own.deu, change: { value: -0.2, low: -0.3, high: -0.05, verdict: 'better' } };
    const { sentences, next } = say(findings);
    expect(sentences[0]).toBe(
      'Worse than the control: fin by 0.20 nats (at least 0.10), vie by 0.20 nats (at least 0.10).',
    );
    expect(sentences).toContain('Better than the base: deu by 0.20 nats (at least 0.05).');
    expect(next).toBe('Next: try a lower rate (training.learningRate).');
  });

  it('too little data: no interval, its reason, and what is not held out at all', () => {
    const alone = {
      low: undefined,
      high: undefined,
      verdict: 'cannot tell',
      reason: 'one utterance alone says nothing of the spread',
    } as const;
    const findings = changed('loss', { fin: alone });
    for (const table of findings.tables) for (const row of table.rows) delete row.vie;
    findings.languages.find(({ code }) => code === 'vie')!.utterances = 0;
    const { sentences, next } = say(findings);
    expect(sentences[0]).toBe(
      'Whether it was learned cannot be told: fin (one utterance alone says nothing of the spread).',
    );
    expect(sentences).toContain('Not compared: vie.');
    expect(next).toBe('Next: hold out speech of vie (languages.<code>.heldOut), or add some.');
    expect(say(findings, german).sentences[0]).toMatch(/^Ob es gelernt wurde, ist nicht zu sagen: fin \(eine Äußerung/);
  });

  it('no head: says that forgetting was not measured, and compares with the control', () => {
    const findings = sampleFindings();
    findings.tables = findings.tables.filter(({ measure }) => measure === 'loss');
    const { sentences } = say(findings);
    expect(sentences).toContain('The base has no head of its own here, so what it has forgotten was not measured.');
    expect(sentences.join(' ')).toMatch(/Known, and worse than the control: .*deu by 0\.06 nats/);
    expect(sentences.join(' ')).not.toContain('Forgotten');
  });

  it('an accuracy is told in points, and the way it points', () => {
    const findings = sampleFindings();
    const loss = findings.tables.find(({ measure }) => measure === 'loss')!;
    findings.tables = [{ ...loss, measure: 'accuracy', unit: 'share', better: 'higher' }];
    const row = findings.tables[0].rows.at(-1)!;
    row.fin = { ...row.fin, change: { value: 0.031, low: 0.011, high: 0.051, verdict: 'better' } };
    expect(say(findings).sentences.join(' ')).toContain('fin by 3.1 points (at least 1.1)');
  });

  it('is nothing before a stage has been measured', () => {
    const findings = sampleFindings();
    findings.rows = findings.rows.slice(0, 1);
    expect(sayResult(findings, noSigns, english)).toBeUndefined();
  });

  it('what cannot be seen comes before what could be better', () => {
    const next = (signs: Partial<typeof noSigns>) => say(sampleFindings(), english, { ...noSigns, ...signs }).next;
    expect(next({ unmeasured: ['yor'], short: ['ewe'], dead: 3 })).toMatch(/^Next: hold out speech of yor /);
    expect(next({ short: ['ewe'], dead: 3 })).toBe(
      'Next: join the short recordings of ewe (audio.joinSeconds: 5); many were left out.',
    );
    expect(next({ dead: 3 })).toBe('Next: try more replay (replay.fraction).');
    const kept = changed('ownHeadLoss', { deu: { value: 0, low: -0.1, high: 0.1, verdict: 'cannot tell' } });
    expect(say(kept, english, { ...noSigns, collapsed: 1 }).next).toBe(
      'Next: try a balance loss (adapter.router.balance); some experts do nothing.',
    );
    expect(say(kept).next).toBeUndefined();
  });

  it('names a few of many', () => {
    const findings = sampleFindings();
    findings.tables = [];
    findings.languages = Array.from({ length: 9 }, (_, i) => ({ ...findings.languages[0], code: `l${i}` }));
    expect(say(findings).sentences).toEqual(['Not compared: l0, l1, l2, l3, l4, l5 and 3 more.']);
  });
});
