/**
 * @file Which language a folder of recordings is in, as far as its name says so: codes, names, the habits of corpora.
 * Pure; a guess that a person confirms. Where nothing speaks for a language it says nothing.
 */
import { isLanguageCode, languageName, suggestCodes, twoLetterCode, usualCode } from './iso639.ts';

/** Words of folders that are also the code or the name of some language. */
const everyday = new Set(
  (
    'wav raw dev new old opt var tsv all the for doc lib src bin big set asr tts hub lab mix low top run pub web log ' +
    'tar men man boy kid day one two ten sun are ann ana sam tom tim lee ray max sub spk txt ogg ext int aux org com ' +
    'net git mls slr usr tmp mnt out even label noon home male user test train data audio to as or cv my no id is it ' +
    'us uk or am pa se co'
  ).split(' '),
);

const deepest = 6;

/** `yo`, `yo-NG`, `zh_CN`, `yor`: a code that stands alone. */
function fromCode(text: string): string | undefined {
  const match = /^([a-z]{2,3})(?:[-_]([a-z]{2}|[a-z]{4}|\d{3}))?$/i.exec(text);
  if (!match) return undefined;
  const [, primary, region] = match;
  const code = primary.toLowerCase();
  // A folder called EN or Yo means the language, but a lone everyday word does not.
  if (everyday.has(code) && !region) return undefined;
  if (code === 'zh' && region && /^(hk|mo)$/i.test(region)) return 'yue';
  if (code.length === 2) return fromTwoLetters(code);
  if (isLanguageCode(code)) return code;
  return suggestCodes(code)[0]?.code;
}

function fromTwoLetters(code: string): string | undefined {
  const found = suggestCodes(code)[0];
  return found && twoLetterCode(found.code) === code ? usualCode(found.code) : undefined;
}

/** `Yoruba`, `mandarin chinese`; single words of three letters are too often something else. */
function fromName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/[_-]+/g, ' ').trim();
  if (name.length < 4 || everyday.has(name)) return undefined;
  const usual = spoken[name];
  if (usual) return usual;
  const found = suggestCodes(name)[0];
  const same = found && [name, `standard ${name}`].includes(languageName(found.code)?.toLowerCase() ?? '');
  return same ? usualCode(found.code) : undefined;
}

/** Names that people write and ISO 639-3 does not list so. */
const spoken: Record<string, string> = Object.assign(Object.create(null), {
  mandarin: 'cmn',
  cantonese: 'yue',
  greek: 'ell',
  'modern greek': 'ell',
  farsi: 'fas',
  bangla: 'ben',
  punjabi: 'pan',
  nepali: 'npi',
  swahili: 'swh',
  norwegian: 'nob',
  malay: 'zsm',
  odia: 'ory',
  frisian: 'fry',
  kurmanji: 'kmr',
  sorani: 'ckb',
  deutsch: 'deu',
  espanol: 'spa',
  español: 'spa',
  francais: 'fra',
  français: 'fra',
});

/** One word within a folder's name counts where it is a language's name or the code of a widely written one. */
function fromWords(segment: string): string | undefined {
  const words = segment.split(/[^\p{L}\p{M}]+/u).filter(Boolean);
  const codes = words.flatMap((word) => {
    const lower = word.toLowerCase();
    if (everyday.has(lower)) return [];
    if (lower.length === 3 && isLanguageCode(lower) && twoLetterCode(lower)) return [lower];
    return fromName(word) ?? [];
  });
  // Two languages in one name, as in a translation corpus, speak for neither.
  return new Set(codes).size === 1 ? codes[0] : undefined;
}

/** ISO 639-3 code; whole segments first, the last segment first. Separators of either kind. */
export function languageFromPath(path: string): string | undefined {
  const segments = path
    .split(/[\\/]+/)
    .filter(Boolean)
    .slice(-deepest)
    .reverse();
  for (const segment of segments) {
    const code = fromCode(segment) ?? fromName(segment);
    if (code) return code;
  }
  for (const segment of segments) {
    const code = fromWords(segment);
    if (code) return code;
  }
  return undefined;
}

/** A locale or language column's value, which is meant as one: `ar`, `yo-NG`, `Yoruba`. */
export function languageFromLabel(label: string): string | undefined {
  const text = label.trim().slice(0, 100);
  const primary = text.split(/[-_]/)[0].toLowerCase();
  if (/^zh[-_](hk|mo)$/i.test(text)) return 'yue';
  if (primary.length === 2) return fromTwoLetters(primary);
  return isLanguageCode(primary) ? primary : fromName(text);
}
