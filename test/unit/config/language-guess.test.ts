import { describe, expect, it } from 'vitest';
import { languageFromLabel, languageFromPath } from '../../../sidecar/config/language-guess.ts';

describe('a language is proposed', () => {
  it.each([
    ['/data/yor', 'yor'],
    ['/data/Yoruba', 'yor'],
    ['C:\\Users\\ana\\yoruba', 'yor'],
    ['/corpora/cv-corpus-17.0-2024-03-15/yo', 'yor'],
    ['/corpora/cv-corpus-17.0-2024-03-15/zh-CN', 'cmn'],
    ['/corpora/cv-corpus-17.0-2024-03-15/zh-HK', 'yue'],
    ['/corpora/cv-corpus-17.0-2024-03-15/sv-SE', 'swe'],
    ['/corpora/fleurs/yo_ng/audio', 'yor'],
    ['/ml-superb/mls/deu', 'deu'],
    ['/ml-superb/eighth_version/commonvoice/xty', 'xty'],
    ['/corpora/mls_german_opus', 'deu'],
    ['/recordings/yoruba-radio', 'yor'],
    ['/recordings/fin-udhr', 'fin'],
    ['/recordings/Mandarin Chinese', 'cmn'],
    ['/recordings/swahili/2024', 'swh'],
    ['/recordings/eng/speaker-01', 'eng'],
    ['speech/vie', 'vie'],
    ['/data/eng/yor', 'yor'],
    ['/data/yor/finnish', 'fin'],
    ['/recordings/ger', 'deu'],
  ])('for %s: %s', (path, code) => expect(languageFromPath(path)).toBe(code));

  it.each([
    '/home/ana/new/raw/wav',
    '/data/recordings/2024-05-01',
    '/data/train',
    '/corpora/english-german-parallel',
    '/data/asr/all/clips',
    '/mnt/my data/one',
    'C:\\recordings\\no\\it',
    '/data/speech',
    '/__proto__/constructor',
    '/',
    '',
  ])('for %s: none', (path) => expect(languageFromPath(path)).toBeUndefined());

  it('whole folder names win over words within them, and the last over those before', () => {
    expect(languageFromPath('/fin/german-radio')).toBe('fin');
    expect(languageFromPath('/german-radio/finnish-news')).toBe('fin');
  });

  it.each([
    ['ar', 'ara'],
    ['yo-NG', 'yor'],
    ['Yoruba', 'yor'],
    ['zh-TW', 'cmn'],
    ['it', 'ita'],
    ['yor', 'yor'],
  ])('from a table’s word %s: %s', (label, code) => expect(languageFromLabel(label)).toBe(code));

  it.each(['', 'xx', 'unknown', '<img src=x onerror=alert(1)>'])('from a table’s word %s: none', (label) =>
    expect(languageFromLabel(label)).toBeUndefined(),
  );
});
