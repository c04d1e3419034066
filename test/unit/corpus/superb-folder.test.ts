import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fewShotList, readSuperbSet, superbFaults, superbLine, superbSets } from '../../../sidecar/corpus/index.ts';
import { refusal, scratch } from '../../support/scratch.ts';

const path = scratch();
const file = (name: string, text = '') => {
  mkdirSync(dirname(path(name)), { recursive: true });
  writeFileSync(path(name), text);
};
const set = (name: string) => ({ corpus: name.split('/')[1], iso: name.split('/')[2], path: path(name) });

describe('a line', () => {
  it('is split at white space into at most three fields', () => {
    expect(superbLine('a_1 _ one  two\tthree ')).toEqual({ id: 'a_1', text: 'one  two\tthree' });
    expect(superbLine('\u3000a_1\u00a0x 一 二')).toEqual({ id: 'a_1', text: '一 二' });
    expect(superbLine('a_1 _')).toMatchObject({ kind: 'no-text' });
    expect(superbLine('a_1 text')).toMatchObject({ kind: 'line', why: expect.stringContaining('two fields') });
    expect(superbLine('a_1')).toMatchObject({ kind: 'line', why: expect.stringContaining('one field') });
  });
});

describe('a set', () => {
  it('has the utterances of the time that is asked, by side, whatever its lines end in', () => {
    for (const [side, ids] of Object.entries({
      '10min_train': 'a b',
      '1h_train': 'a b c d',
      '10min_dev': 'e',
      '10min_test': 'f g',
    }))
      file(
        `f/mls/eng/transcript_${side}.txt`,
        `\ufeff${ids
          .split(' ')
          .map((id) => `${id} _ text of ${id}\r\n`)
          .join('')}`,
      );
    for (const id of 'abcdefg') file(`f/mls/eng/wav/${id}.wav`);
    for (const [time, count] of [
      ['10min', 2],
      ['1h', 4],
    ] as const) {
      const { utterances, faults } = readSuperbSet(set('f/mls/eng'), time);
      expect(faults).toEqual([]);
      expect(utterances.filter(({ split }) => split === 'train').length).toBe(count);
      expect(utterances.at(-1)).toMatchObject({
        id: 'g',
        split: 'test',
        text: 'text of g',
        path: path('f/mls/eng/wav/g.wav'),
      });
    }
  });

  it('names all that is wrong with it, each with its place, and decodes nothing', () => {
    file('g/mls/eng/transcript_10min_train.txt', 'a _ one\nb two\nc _\na _ again\n../../x _ out\nd _ gone\n');
    file('g/mls/eng/transcript_10min_dev.txt', '');
    file('g/mls/eng/wav/a.wav', 'no audio at all');
    const { utterances, faults } = readSuperbSet(set('g/mls/eng'), '10min');
    expect(utterances.map(({ id }) => id)).toEqual(['a']);
    expect(faults.map(({ kind, place }) => [kind, place.file.split('_').at(-1), place.line])).toEqual([
      ['line', 'train.txt', 2],
      ['no-text', 'train.txt', 3],
      ['duplicate', 'train.txt', 4],
      ['outside', 'train.txt', 5],
      ['missing', 'train.txt', 6],
      ['empty-side', 'dev.txt', 1],
      ['file', 'test.txt', 1],
    ]);
  });

  it('is told with ten faults and the count of the others', () => {
    const fault = { kind: 'missing', set: 'mls/eng', place: { file: 'f', line: 1, column: 1 }, why: 'gone.' } as const;
    const { problems } = superbFaults('/f', Array(37).fill(fault));
    expect(problems.length).toBe(11);
    expect(problems[10].why).toBe('37 lines or files of it cannot be used, 27 beside those above.');
    expect(superbFaults('/f', [fault]).problems.length).toBe(1);
  });
});

describe('a folder of sets', () => {
  it('is every corpus and language below it that has transcripts, links among them', () => {
    for (const name of ['h/mls/eng', 'h/own/qqx']) file(`${name}/transcript_10min_test.txt`);
    for (const name of ['h/mls/deu/readme.txt', 'h/.git/eng/transcript_10min_test.txt', 'h/list.txt']) file(name);
    symlinkSync(path('h/own'), path('h/NST'));
    expect(superbSets(path('h')).map(({ corpus, iso }) => `${corpus}/${iso}`)).toEqual([
      'NST/qqx',
      'mls/eng',
      'own/qqx',
    ]);
  });

  it.each(['[eng]', 'e g', 'e\x1b[31mg'])('is refused where a language is called %j, which is no tag', (name) => {
    file(`i-${Buffer.from(name).toString('hex')}/mls/${name}/transcript_10min_test.txt`);
    expect(refusal(() => superbSets(path(`i-${Buffer.from(name).toString('hex')}`))).code).toBe('superb.code');
  });

  it('is refused where it has none', () => {
    file('j/eng/transcript_10min_test.txt');
    expect(refusal(() => superbSets(path('j'))).code).toBe('superb.no-sets');
    expect(refusal(() => superbSets(path('nowhere'))).code).toBe('corpus.no-folder');
  });
});

describe('the list of few-shot utterances', () => {
  it('lies in the folder or is named, by language and utterance or by the utterance alone', () => {
    file('k/few_shot.txt', 'lit cv_lit_000026\nfleurs_dan_000058\nx_org_jpn_01\n\n');
    const list = fewShotList(path('k'));
    expect([...list!].map(([iso, ids]) => [iso, [...ids]])).toEqual([
      ['lit', ['cv_lit_000026']],
      ['dan', ['fleurs_dan_000058']],
      ['org_jpn', ['x_org_jpn_01']],
    ]);
    file('named.txt', 'abc u1');
    expect(fewShotList(path('k'), path('named.txt'))!.get('abc')).toEqual(new Set(['u1']));
    expect(fewShotList(path('h'))).toBeUndefined();
  });

  it('is refused, with its line, where one says neither', () => {
    file('bad.txt', 'lit cv_lit_000026\nnonsense\n');
    expect(refusal(() => fewShotList(path('k'), path('bad.txt'))).problems[0].place?.line).toBe(2);
    expect(refusal(() => fewShotList(path('k'), path('absent.txt'))).code).toBe('corpus.unreadable');
  });
});
