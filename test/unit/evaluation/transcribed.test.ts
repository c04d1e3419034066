import { describe, expect, it } from 'vitest';
import type { ScannedUtterance } from '../../../sidecar/corpus/index.ts';
import { UserError } from '../../../sidecar/errors.ts';
import { normalisations } from '../../../sidecar/evaluation/error-rate.ts';
import { transcribedSides } from '../../../sidecar/evaluation/transcribed.ts';

const utterance = (id: string, more: Partial<ScannedUtterance> = {}): ScannedUtterance => ({
  id,
  path: `/${id}.wav`,
  language: 'fin',
  startSample: 0,
  samples: 16_000,
  hash: id,
  format: 'wav',
  sampleRateHz: 16_000,
  channels: 1,
  text: 'Hei, maailma!',
  ...more,
});
const sides = (utterances: ScannedUtterance[]) =>
  transcribedSides({ code: 'fin', root: '/data', utterances, skipped: [] }, normalisations['ml-superb-mono']);
const many = (count: number, more: (i: number) => Partial<ScannedUtterance> = () => ({})) =>
  Array.from({ length: count }, (_, i) => utterance(`u${i}`, more(i)));
const ids = (side: readonly { id: string }[]) => side.map(({ id }) => id).sort();

describe('the sides of a data set with transcripts', () => {
  it('are its own three where it names them, and texts as they are scored', () => {
    const all = many(9, (i) => ({ split: (['train', 'dev', 'test'] as const)[i % 3] }));
    const { train, validation, scored } = sides(all);
    expect([ids(train), ids(validation), ids(scored)]).toEqual([
      ['u0', 'u3', 'u6'],
      ['u1', 'u4', 'u7'],
      ['u2', 'u5', 'u8'],
    ]);
    expect(train[0].text).toBe('HEI MAAILMA');
  });

  it('score the one held-out side there is, and choose by a part of what trains', () => {
    const all = many(40, (i) => ({ split: i < 10 ? ('dev' as const) : ('train' as const) }));
    const { train, validation, scored } = sides(all);
    expect(ids(scored)).toEqual(ids(all.slice(0, 10)));
    expect(validation.length).toBeGreaterThan(0);
    expect(train.length + validation.length).toBe(30);
  });

  it('are drawn by speakers where none are named, with no utterance and no speaker on two sides', () => {
    const all = many(60, (i) => ({ speaker: `s${i % 12}` }));
    const { train, validation, scored, notes } = sides(all);
    expect(train.length + validation.length + scored.length).toBe(60);
    const speakers = [train, validation, scored].map((side) => new Set(side.map(({ speaker }) => speaker)));
    expect([...speakers[0]].filter((one) => speakers[1].has(one) || speakers[2].has(one))).toEqual([]);
    expect([...speakers[1]].filter((one) => speakers[2].has(one))).toEqual([]);
    expect(notes.join()).toContain('speakers are held out whole');
    expect(ids(sides([...all].reverse()).scored)).toEqual(ids(scored));
  });

  it('leave out what has no transcript, or one of punctuation alone, and say how many', () => {
    const all = [...many(30), utterance('none', { text: undefined }), utterance('dots', { text: '...' })];
    const { train, validation, scored, notes } = sides(all);
    expect([...train, ...validation, ...scored]).toHaveLength(30);
    expect(notes).toContain('2 of 32 utterances have no transcript and are left out.');
  });

  it('hold out whole utterances where a split would cut one in time: a transcript cannot be cut', () => {
    const all = many(6, (i) => ({ speaker: 'one', samples: i === 0 ? 16_000_000 : 15_000_000 }));
    const { train, validation, scored, notes } = sides(all);
    expect([train.length, validation.length, scored.length]).toEqual([4, 1, 1]);
    expect(ids([...train, ...validation, ...scored])).toEqual(ids(all));
    expect(notes.join()).toContain('a speaker may be on both sides');
  });

  it.each([
    ['no transcript at all', many(10, () => ({ text: '' }))],
    ['one utterance', many(1)],
    ['a held-out side alone', many(4, () => ({ split: 'test' as const }))],
  ])('say what is missing: %s', (_, all) => {
    expect(() => sides(all)).toThrow(UserError);
    expect(() => sides(all)).toThrow(/have a transcript, and none is left for "(train|validation|scored)"/);
  });
});
