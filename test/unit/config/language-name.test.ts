import { expect, it } from 'vitest';
import { languageName } from '../../../sidecar/config/iso639.ts';

it('a language has its English name, or the name that speakers of another have for it', () => {
  expect(languageName('fin')).toBe('Finnish');
  expect(languageName('fin', 'en-GB')).toBe('Finnish');
  expect(languageName('fin', 'de')).toBe('Finnisch');
  expect(languageName('deu', 'de')).toBe('Deutsch');
});

it('no language takes the name of the larger one that the platform takes it for', () => {
  expect(languageName('cmn', 'de')).toBe('Mandarin Chinese');
  expect(languageName('zho', 'de')).toBe('Chinesisch');
});

it('what only ISO 639-3 knows keeps its English name; what it does not know has none', () => {
  expect(languageName('wya', 'de')).toBe(languageName('wya'));
  expect(languageName('wya')).toBeDefined();
  expect(languageName('xx', 'de')).toBeUndefined();
});
