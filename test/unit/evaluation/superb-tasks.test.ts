import { describe, expect, it } from 'vitest';
import { UserError } from '../../../sidecar/errors.ts';
import type { HeardUtterance, TaskResult } from '../../../sidecar/evaluation/recognition-task.ts';
import type { SuperbCorpus, SuperbSpoken } from '../../../sidecar/evaluation/superb-corpus.ts';
import { scoreOf, spreads, superbMeasures } from '../../../sidecar/evaluation/superb-measures.ts';
import { PAPER_CONSTANTS } from '../../../sidecar/evaluation/superb-score.ts';
import { MONO_SETS, type PlannedTask, RESERVED, superbPlan } from '../../../sidecar/evaluation/superb-tasks.ts';

const SPLITS = ['train', 'dev', 'test'] as const;

/** A set with so many utterances a side. */
const spoken = (set: string, count: number, more: (i: number) => Partial<SuperbSpoken> = () => ({})): SuperbSpoken[] =>
  SPLITS.flatMap((split) =>
    Array.from({ length: count }, (_, i) => ({
      id: `${set}/${split}${i}`,
      path: '',
      language: set.split('/')[1],
      startSample: 0,
      samples: 16_000,
      hash: `${set}${split}${i}`,
      format: 'wav',
      sampleRateHz: 16_000,
      channels: 1,
      set,
      split,
      text: `Text ${i}!`,
      ...more(i),
    })),
  );
const corpus = (...utterances: SuperbSpoken[][]): SuperbCorpus => ({
  root: '/f',
  time: '10min',
  sets: [...new Set(utterances.flat().map(({ set }) => set))].map((set) => ({
    corpus: set.split('/')[0],
    iso: set.split('/')[1],
    path: '',
  })),
  utterances: utterances.flat(),
  leftOut: [],
  notes: [],
});
const all = ['mono', 'multi', 'lid', 'joint'] as const;
const named = (tasks: readonly PlannedTask[], name: string) => tasks.find((task) => task.name === name)!;
const targets = (task: PlannedTask) => [...new Set(task.sides.train.map(({ target }) => target))];

describe('the tasks of a folder', () => {
  it('learn text, text in brackets left out, the tag alone, and tag and text', () => {
    const text = () => ({ text: 'Hey, [laughs] you (there) [x]!' });
    const { tasks } = superbPlan(corpus(spoken('mls/eng', 2, text), spoken('own/yor', 2)), {
      tasks: all,
      reserved: [],
    });
    expect(tasks.map(({ name }) => name)).toEqual(['mono/mls/eng', 'multi', 'lid', 'joint']);
    // ESPnet's monolingual preparation takes the brackets alone, the multilingual one what stands in them, up to a parenthesis.
    expect(targets(named(tasks, 'mono/mls/eng'))).toEqual(['HEY LAUGHS YOU THERE X']);
    expect(targets(named(tasks, 'multi'))).toEqual(['HEY  YOU THERE', 'TEXT 0', 'TEXT 1']);
    expect(targets(named(tasks, 'lid'))).toEqual(['[eng]', '[yor]']);
    expect(targets(named(tasks, 'joint'))).toEqual(['[eng] HEY  YOU THERE', '[yor] TEXT 0', '[yor] TEXT 1']);
  });

  it('drop training clips over 20 s in the multilingual tasks alone, never such that choose or are scored', () => {
    const long = (i: number) => ({ samples: i === 0 ? 320_001 : 320_000 });
    const { tasks, notes } = superbPlan(corpus(spoken('mls/eng', 3, long)), { tasks: all, reserved: [] });
    const sizes = (name: string) => Object.values(named(tasks, name).sides).map((side) => side.length);
    expect(sizes('mono/mls/eng')).toEqual([3, 3, 3]);
    for (const name of ['multi', 'lid', 'joint']) expect(sizes(name)).toEqual([2, 3, 3]);
    expect(notes.filter((note) => note.includes('longer than 20 s'))).toHaveLength(1);
  });

  it('train reserved languages on five utterances over all their sets, those that are named where they are', () => {
    const two = corpus(spoken('commonvoice/lit', 4), spoken('fleurs/lit', 4), spoken('mls/eng', 4));
    const first = superbPlan(two, { tasks: ['multi'], reserved: RESERVED });
    const trained = ({ tasks }: typeof first) =>
      tasks[0].sides.train.filter(({ language }) => language === 'lit').map(({ id }) => id);
    expect(trained(first)).toEqual([0, 1, 2, 3].map((i) => `commonvoice/lit/train${i}`).concat('fleurs/lit/train0'));
    expect(first.unlike.join()).toContain('are not named');
    const list = new Map([['lit', new Set(['train3'])]]);
    const own = superbPlan(two, { tasks: ['multi'], reserved: RESERVED, fewShot: list });
    expect(trained(own)).toEqual(['commonvoice/lit/train3', 'fleurs/lit/train3']);
    expect(own.notes.join()).toContain('2 utterances train, not 5');
    expect(own.unlike).toEqual([]);
    // Nothing of the scored side is taken away.
    expect(own.tasks[0].sides.scored).toHaveLength(12);
  });

  it('are monolingual on the thirteen sets where they are there, else on all, and say which', () => {
    const some = corpus(spoken('mls/eng', 2), spoken('own/yor', 2));
    const mono = (choice?: string[], from = some) => superbPlan(from, { tasks: ['mono'], reserved: [], mono: choice });
    expect(mono().tasks.map(({ name }) => name)).toEqual(['mono/mls/eng']);
    expect(mono().unlike).toEqual(['1 of the 13 monolingual sets are there']);
    expect(mono(['all']).tasks.map(({ name }) => name)).toEqual(['mono/mls/eng', 'mono/own/yor']);
    expect(mono(['own/yor', 'own/yor']).tasks.map(({ name }) => name)).toEqual(['mono/own/yor']);
    expect(() => mono(['own/deu'])).toThrow(/the folder has mls\/eng, own\/yor/);
    const whole = corpus(
      ...MONO_SETS.map((set) => spoken(set, 1, () => (set === 'fleurs/cmn' ? { phones: 'a b' } : {}))),
    );
    expect(mono(undefined, whole).unlike).toEqual(['commonvoice/jpn is scored in characters, not in phones']);
    expect(named(mono(undefined, whole).tasks, 'mono/fleurs/cmn').symbols).toBe('phones');
  });

  it('go on without a set that has no dev side where others have one, and say so', () => {
    const lame = spoken('own/yor', 2).filter(({ split }) => split !== 'dev');
    const { tasks, notes } = superbPlan(corpus(spoken('own/deu', 2), lame), { tasks: ['mono', 'multi'], reserved: [] });
    expect(tasks.map(({ name }) => name)).toEqual(['mono/own/deu', 'multi']);
    expect(notes.join()).toContain('own/yor takes no part in the monolingual task: nothing of it is left to choose by');
    expect(tasks[1].sides.scored).toHaveLength(4);
    expect(() => superbPlan(corpus(lame), { tasks: ['multi'], reserved: [] })).toThrow(/nothing is left to choose by/);
  });

  it('say where a scored recording trains as well', () => {
    const copied = spoken('own/deu', 3).map((one, i) => (i === 8 ? { ...one, hash: 'own/deutrain0' } : one));
    const { notes } = superbPlan(corpus(copied), { tasks: ['mono', 'lid'], reserved: [] });
    for (const name of ['mono/own/deu', 'lid'])
      expect(notes.join()).toContain(`${name}: 1 of 3 scored recordings train as well`);
    expect(superbPlan(corpus(spoken('own/deu', 3)), { tasks: ['lid'], reserved: [] }).notes).toEqual([]);
  });

  it('leave out what is nothing but punctuation, and refuse in words where nothing is left', () => {
    const empty = corpus(spoken('mls/eng', 2, (i) => ({ text: i === 0 ? '...' : 'ok' })));
    const { tasks } = superbPlan(empty, { tasks: ['multi', 'lid'], reserved: [] });
    expect(named(tasks, 'multi').sides.scored).toHaveLength(1);
    expect(named(tasks, 'lid').sides.scored).toHaveLength(2);
    const nothing = corpus(spoken('mls/eng', 2, () => ({ text: '?!' })));
    for (const task of ['mono', 'multi', 'joint'] as const)
      expect(() => superbPlan(nothing, { tasks: [task], reserved: [] })).toThrow(UserError);
  });
});

const heard = (id: string, language: string, reference: string, hypothesis: string): HeardUtterance => ({
  id,
  set: '',
  language,
  reference,
  heard: { prefix: hypothesis, frames: '' },
});
const result = (...utterances: HeardUtterance[]): TaskResult => ({ tokens: 5, notes: [], utterances });
const task = (
  track: PlannedTask['track'],
  name: string = track,
  symbols: PlannedTask['symbols'] = 'characters',
): PlannedTask => ({
  name,
  track,
  symbols,
  sides: { train: [], validation: [], scored: [] },
  notes: [],
});
const ratesOf = (measures: ReturnType<typeof superbMeasures>, of: string, measure: string) =>
  measures
    .find((one) => one.of === of && one.measure === measure && one.decoding === 'prefix')!
    .values.map(({ value }) => value);

describe('the measures', () => {
  it('pool character errors with tags removed, trained and reserved apart, and count the first tag', () => {
    const joint = result(
      heard('a', 'eng', '[eng] ABCD', '[eng] ABXD'),
      heard('b', 'eng', '[eng] AB', '[deu] [eng] AB'),
      heard('c', 'lit', '[lit] ABCDEF', 'ABC'),
      heard('d', 'lit', '[lit] AB', '[lit] '),
    );
    const measures = superbMeasures([{ task: task('joint'), results: [joint] }], new Set(['lit']), 1);
    expect(ratesOf(measures, 'trained', 'CER')).toEqual([1 / 6]);
    expect(ratesOf(measures, 'reserved', 'CER')).toEqual([5 / 8]);
    expect(ratesOf(measures, 'all', 'LID accuracy')).toEqual([2 / 4]);
  });

  it('take the other arm’s difference on the same utterances, higher being better for languages alone', () => {
    const rows = ['a', 'b', 'c', 'd'];
    const before = result(...rows.map((id) => heard(id, 'eng', '[eng]', '[deu]')));
    const after = result(...rows.map((id) => heard(id, 'eng', '[eng]', '[eng]')));
    const [lid] = superbMeasures([{ task: task('lid'), results: [before, after] }], new Set(), 1);
    expect(lid.difference).toMatchObject({ value: 1, verdict: 'better' });
  });

  it('are a mean within a language, then over languages, phones and characters each by their own', () => {
    const sets = [
      {
        task: task('mono', 'mono/mls/eng'),
        results: [result(heard('a', 'eng', 'AB', 'AX'), heard('b', 'eng', 'AB', 'AB'))],
      },
      {
        task: task('mono', 'mono/nchlt/eng'),
        results: [result(heard('c', 'eng', 'AB', ''), heard('d', 'eng', 'AB', 'AB'))],
      },
      {
        task: task('mono', 'mono/fleurs/cmn', 'phones'),
        results: [result(heard('e', 'cmn', 'ni hao', 'ni'), heard('f', 'cmn', 'ma', 'ba'))],
      },
    ];
    const measures = superbMeasures(sets, new Set(), 1);
    expect(ratesOf(measures, 'fleurs/cmn', 'PER')).toEqual([2 / 3]);
    expect(ratesOf(measures, 'mean', 'CER and PER')[0]).toBeCloseTo(((0.25 + 0.5) / 2 + 2 / 3) / 2, 12);
  });

  it('have version 2.0’s view: by utterance, then by language, without spaces where a script has none', () => {
    const multi = result(
      heard('a', 'eng', 'AB C', 'ABC'),
      heard('b', 'eng', 'AB', 'AX'),
      heard('c', 'cmn', '你 好', '你好'),
      heard('d', 'cmn', '你“好”', '你'),
    );
    const [spread] = spreads([{ task: task('multi'), results: [multi] }], ['base'], 'prefix');
    expect(spread.worst.map(({ language }) => language)).toEqual(['eng', 'cmn']);
    expect(spread.mean).toBeCloseTo(((0.25 + 0.5) / 2 + (0 + 0.5) / 2) / 2, 12);
    expect(spread.deviation).toBeCloseTo((Math.sqrt(2) * (0.375 - 0.25)) / 2, 12);
  });

  it('make a SUPERB_s of all four tasks, and parts of fewer', () => {
    const pair = (id: string, code: string, hypothesis: string) => heard(id, code, `[${code}] AB`, hypothesis);
    const tasks = [
      {
        task: task('mono', 'mono/mls/eng'),
        results: [result(heard('a', 'eng', 'AB', 'AX'), heard('b', 'eng', 'AB', 'AB'))],
      },
      ...(['multi', 'lid', 'joint'] as const).map((track) => ({
        task: task(track),
        results: [result(pair('a', 'eng', '[eng] AX'), pair('b', 'lit', '[eng] AB'), pair('c', 'lit', '[lit] XB'))],
      })),
    ];
    const measures = superbMeasures(tasks, new Set(['lit']), 1);
    const constants = PAPER_CONSTANTS['10min'];
    const scored = scoreOf(measures, 0, constants);
    if (scored.kind !== 'score') throw new Error('no score');
    const share = (score: number, [fbank, best]: number[]) => (score - fbank) / (best - fbank);
    expect(scored.parts.mono).toBeCloseTo(share(25, [72.1, 38.2]), 9);
    expect(scored.parts.multi).toBeCloseTo((share(50, [62.4, 29.2]) + share(25, [58.3, 40.9])) / 2, 9);
    expect(scored.parts.lid).toBeCloseTo(share(200 / 3, [11.1, 66.9]), 9);
    expect(scored.parts.joint).toBeCloseTo(
      (share(200 / 3, [35.9, 75.1]) + share(50, [62, 28.4]) + share(25, [58.9, 42.1])) / 3,
      9,
    );
    expect(scoreOf(superbMeasures(tasks.slice(0, 2), new Set(['lit']), 1), 0, constants)).toMatchObject({
      kind: 'parts',
      missing: ['lid', 'joint'],
    });
  });
});
