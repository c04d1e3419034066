import { describe, expect, it } from 'vitest';
import type { Assessed, Score } from '../../../sidecar/evaluation/assessed.ts';
import { findingsOf } from '../../../sidecar/evaluation/findings.ts';

/** Eight clips a language by as many speakers, each of ten frames. */
const clips = ['old', 'new'].flatMap((language) =>
  Array.from({ length: 8 }, (_, i) => ({
    hash: `${language}${i}`,
    id: `${language}/${i}`,
    language,
    speaker: `${language}-s${i}`,
    seconds: 2,
    path: `/data/${language}/${i}.wav`,
    startSeconds: 0,
  })),
);
const score = (arm: string, measure: string, language: string, each: (i: number) => number): Score => ({
  measure,
  unit: measure === 'accuracy' ? 'share' : 'nats',
  better: measure === 'accuracy' ? 'higher' : 'lower',
  arm,
  language,
  counts: Array.from({ length: 8 }, (_, i) => ({ hash: `${language}${i}`, count: each(i), of: 10 })),
});
const row = (number: number, scores: Score[], rest: Partial<Assessed> = {}): Assessed => ({
  version: 1,
  row: number,
  step: 100 * number,
  add: number === 0 ? [] : ['new'],
  seconds: 5,
  trainingSeconds: number === 0 ? undefined : 40,
  clips,
  scores,
  probes: [],
  drift: [],
  skipped: [],
  ...rest,
});
const rows = [
  row(0, [
    score('adapted', 'loss', 'old', () => 30),
    score('control', 'loss', 'old', () => 30),
    score('adapted', 'loss', 'new', () => 50),
    score('control', 'loss', 'new', () => 50),
    score('adapted', 'ownHeadLoss', 'old', (i) => 20 + i),
  ]),
  row(1, [
    score('adapted', 'loss', 'old', (i) => (i % 2 ? 24 : 26)),
    score('control', 'loss', 'old', () => 25),
    score('adapted', 'loss', 'new', (i) => 30 + i),
    score('control', 'loss', 'new', (i) => 34 + i),
    score('adapted', 'ownHeadLoss', 'old', (i) => 22 + i),
  ]),
];
const options = {
  languages: [
    { code: 'old', role: 'existing', entered: 0 },
    { code: 'new', role: 'new', entered: 1 },
  ] as const,
  seed: 1,
};

describe('findings', () => {
  const found = findingsOf(rows, options);
  const table = (measure: string) => found.tables.find((one) => one.measure === measure)!;

  it('compare a loss with the control of the same row, on the same clips', () => {
    const loss = table('loss');
    expect(loss.against).toBe('control');
    expect(loss.rows[0].new).not.toHaveProperty('change');
    // Σ (30 + i) over eight clips of ten frames, and four tenths less than the control on every clip.
    expect(loss.rows[1].new.value).toBeCloseTo(3.35, 12);
    expect(loss.rows[1].new.change).toMatchObject({ verdict: 'better' });
    expect(loss.rows[1].new.change!.value).toBeCloseTo(-0.4, 12);
    expect(loss.rows[1].new.change!.high).toBeCloseTo(-0.4, 12);
    expect(loss.rows[1].old.change).toMatchObject({ verdict: 'cannot tell' });
    expect(loss.compared![1].new.value).toBeCloseTo(3.75, 12);
  });

  it('compare the own head with the base’s row', () => {
    const own = table('ownHeadLoss');
    expect(own.against).toBe('base');
    expect(own).not.toHaveProperty('compared');
    expect(own.rows[1].old.change).toMatchObject({ verdict: 'worse' });
    expect(own.rows[1].old.change!.value).toBeCloseTo(0.2, 12);
    expect(own.rows[1]).not.toHaveProperty('new');
    expect(own.largestLoss).toMatchObject({ language: 'old', row: 1 });
  });

  it('have averages over what has entered, and what was there before has gained', () => {
    const { average, backwardTransfer, forwardTransfer, worst } = table('loss');
    expect(average[0].value).toBeCloseTo(3, 12);
    expect(average[1].value).toBeCloseTo((2.5 + 3.35) / 2, 12);
    expect(backwardTransfer[0]).toMatchObject({ reason: expect.any(String) });
    expect(backwardTransfer[1].value).toBeCloseTo(0.5, 12);
    expect(forwardTransfer[1].reason).toMatch(/trained new alone/);
    expect(worst).toMatchObject({ language: 'new' });
  });

  it('have forward transfer where a run of the language alone counted the same on the same clips', () => {
    const alone = (each: Partial<{ scores: Score[]; why: string }>) => ({
      new: { scores: each.scores ?? [score('adapted', 'loss', 'new', () => 40)], unlike: () => each.why },
    });
    const forward = (of: ReturnType<typeof alone>) =>
      findingsOf(rows, { ...options, alone: of }).tables.find(({ measure }) => measure === 'loss')!;
    // 4.0 alone, 3.35 here: better by 0.65 nats.
    expect(forward(alone({})).forwardTransfer[1].value).toBeCloseTo(0.65, 12);
    expect(forward(alone({})).forwardAgainst).toBe('alone');
    expect(forward(alone({ why: 'has other units' })).forwardTransfer[1].reason).toMatch(/new alone has other units/);
    const [some] = [score('adapted', 'loss', 'new', () => 40)];
    const fewer = { ...some, counts: some.counts.slice(1) };
    expect(forward(alone({ scores: [fewer] })).forwardTransfer[1].reason).toMatch(/other speech/);
    expect(forward(alone({ scores: [] })).forwardTransfer[1].reason).toMatch(/did not measure/);
  });

  it('name the clips that went worst and that lost most against the control', () => {
    const of = (language: string) => found.examples.find((one) => one.language === language)!;
    expect(of('new').worst.map(({ id }) => id)[0]).toBe('new/7');
    expect(of('new').lostMost).toEqual([]);
    expect(of('old').lostMost.map(({ id }) => id)).toEqual(['old/0', 'old/2', 'old/4', 'old/6']);
    expect(of('old').lostMost[0]).toMatchObject({ value: 2.6, before: 2.5, path: '/data/old/0.wav' });
  });

  it('say what measuring cost beside training', () => expect(found.costShare).toBeCloseTo(5 / 40, 12));

  it('count languages, utterances, seconds and speakers', () =>
    expect(found.languages[1]).toMatchObject({ code: 'new', utterances: 8, speakers: 8, seconds: 16, entered: 1 }));

  it('warn where few speakers are held out, and where none is known', () => {
    expect(table('loss').notes).toEqual([]);
    const few = rows.map((one) => ({
      ...one,
      clips: one.clips.map((clip, i) =>
        clip.language === 'old' ? { ...clip, speaker: `s${i % 2}` } : { ...clip, speaker: undefined },
      ),
    }));
    const [{ notes }] = findingsOf(few, options).tables;
    expect(notes).toEqual([
      expect.stringMatching(/Fewer than 8 speakers are held out of old/),
      expect.stringMatching(/Of new intervals are over utterances/),
    ]);
  });

  it('give the probe’s accuracy by language, its confusion, and chance as the commonest language', () => {
    const probe = {
      features: 'states' as const,
      languages: ['old', 'new'],
      counts: [
        [12, 4],
        [2, 6],
      ],
      clips: clips.map(({ hash, language }) => ({
        hash,
        count: language === 'old' ? 1.5 : 0.75,
        of: language === 'old' ? 2 : 1,
      })),
    };
    const { tables, confusions } = findingsOf([row(0, [], { probes: [probe] })], options);
    const [{ measure, better, rows: cells }] = tables;
    expect([measure, better]).toEqual(['languageIdentification', 'higher']);
    expect(cells[0].old.value).toBeCloseTo(0.75, 12);
    expect(cells[0].new.value).toBeCloseTo(0.75, 12);
    expect(confusions[0]).toMatchObject({ counts: probe.counts, chance: 16 / 24 });
    expect(confusions[0].accuracy.value).toBeCloseTo(18 / 24, 12);
  });

  it('say where a spectrogram tells the languages apart as well: then it is the recordings that are told', () => {
    const probe = (features: 'states' | 'log-mel', right: number) => ({
      features,
      languages: ['old', 'new'],
      counts: [
        [right, 8 - right],
        [8 - right, right],
      ],
      clips: clips.map(({ hash }) => ({ hash, count: right / 8, of: 1 })),
    });
    const notes = (mel: number) =>
      findingsOf([row(0, [], { probes: [probe('states', 6), probe('log-mel', mel)] })], options).tables[0].notes;
    expect(notes(7)).toEqual([expect.stringMatching(/recorded in different ways/)]);
    expect(notes(5)).toEqual([]);
  });
});
