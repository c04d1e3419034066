import { describe, expect, it } from 'vitest';
import {
  byWhiteSpace,
  characters,
  editDistance,
  errorsOf,
  firstTag,
  languageRight,
  normalisations,
  pooledRate,
  withoutTags,
} from '../../../sidecar/evaluation/error-rate.ts';

const distance = (a: string, b: string) => editDistance(characters(a), characters(b));

describe('edit distance', () => {
  it.each([
    ['kitten', 'sitting', 3], // Levenshtein's usual example
    ['intention', 'execution', 5], // Jurafsky & Martin, section 2.8
    ['sunday', 'saturday', 3],
    ['abc', '', 3],
    ['', 'abc', 3],
    ['flaw', 'lawn', 2],
  ])('from %s to %s is %d', (a, b, expected) => expect(distance(a, b)).toBe(expected));

  it('is a metric: the same both ways, and no detour is shorter', () => {
    const words = ['', 'a', 'ab', 'ba', 'abc', 'cab', 'bbb', 'acbd'];
    for (const a of words)
      for (const b of words) {
        expect(distance(a, b)).toBe(distance(b, a));
        expect(distance(a, b) === 0).toBe(a === b);
        for (const c of words) expect(distance(a, c)).toBeLessThanOrEqual(distance(a, b) + distance(b, c));
      }
  });

  it('counts characters by code point, and a space as one', () => {
    expect(errorsOf(characters('a 𐐷b'), characters('ab'))).toEqual({ errors: 2, length: 4 });
  });

  it('counts phones by white space', () => {
    expect(errorsOf(byWhiteSpace('n i˨˩ x aʊ̯'), byWhiteSpace(' n i  x a '))).toEqual({ errors: 2, length: 4 });
  });
});

describe('the pooled rate', () => {
  it('weighs an utterance by its length', () => {
    const utterances = [
      { errors: 1, length: 2 },
      { errors: 0, length: 8 },
    ];
    expect(pooledRate(utterances)).toBe(0.1);
  });
  it('is undefined where there is no reference, and may be more than 1', () => {
    expect(pooledRate([{ errors: 3, length: 0 }])).toBeUndefined();
    expect(pooledRate([{ errors: 3, length: 2 }])).toBe(1.5);
  });
});

describe('normalisation', () => {
  it('takes out ASCII punctuation and no other, and writes capitals', () => {
    expect(normalisations['ml-superb-mono']("l'été, “déjà” passé!")).toBe('LÉTÉ “DÉJÀ” PASSÉ');
  });
  it('takes out what stands between the first [ and the last ], in multilingual text alone', () => {
    const text = 'eins [Lachen] zwei [unverständlich] drei';
    expect(normalisations['ml-superb-multi'](text)).toBe('EINS  DREI');
    expect(normalisations['ml-superb-mono'](text)).toBe('EINS LACHEN ZWEI UNVERSTÄNDLICH DREI');
  });
  it('takes out Unicode punctuation in version 2.0, and spaces where a script has none', () => {
    const { 'ml-superb-2': two } = normalisations;
    expect(two('你好， 世界。', 'cmn')).toBe('你好世界');
    expect(two('“Déjà”, dit-il', 'fra')).toBe('DÉJÀ DITIL');
  });
});

describe('tags', () => {
  it('the first one is the language that was heard', () => {
    expect(firstTag('[deu] GUTEN [eng] TAG')).toBe('deu');
    expect(firstTag('GUTEN TAG')).toBeUndefined();
    expect(['[deu] GUTEN TAG', '[eng] [deu]', 'GUTEN TAG'].map((one) => languageRight(one, 'deu'))).toEqual([1, 0, 0]);
    expect(withoutTags('[deu] GUTEN [eng] TAG')).toBe('GUTEN  TAG');
  });
});
