/**
 * @file Language codes: what is ISO 639-3, and which code was probably meant.
 * It must not know the experiment file.
 */
import { iso6393 } from 'iso-639-3';

const byCode = new Map(iso6393.map((language) => [language.iso6393, language]));
const byTwoLetters = new Map(iso6393.flatMap((l) => (l.iso6391 ? [[l.iso6391, l] as const] : [])));
const byBibliographic = new Map(iso6393.flatMap((l) => (l.iso6392B ? [[l.iso6392B, l] as const] : [])));
const byName = new Map(iso6393.map((language) => [language.name.toLowerCase(), language]));

/** Macrolanguages that speech corpora mean in one tongue, most often. */
const usual: Record<string, string> = { zho: 'cmn', nor: 'nob', swa: 'swh', est: 'ekk', lav: 'lvs', msa: 'zsm' };

export const isLanguageCode = (code: string): boolean => byCode.has(code);

/**
 * The language's name, or undefined where the code is not ISO 639-3: in English, or as speakers of `locale` call it where the
 * platform knows how and means this very language (for it, cmn is zh: any Chinese).
 */
export function languageName(code: string, locale = 'en'): string | undefined {
  const language = byCode.get(code);
  if (!language || /^en\b/.test(locale)) return language?.name;
  const isSame = Intl.getCanonicalLocales(code)[0] === (language.iso6391 ?? code);
  return (isSame ? namesIn(locale).of(code) : undefined) ?? language.name;
}

const known = new Map<string, Intl.DisplayNames>();
function namesIn(locale: string): Intl.DisplayNames {
  let names = known.get(locale);
  if (!names) known.set(locale, (names = new Intl.DisplayNames([locale], { type: 'language', fallback: 'none' })));
  return names;
}

/** The ISO 639-1 code, where the language has one. */
export const twoLetterCode = (code: string): string | undefined => byCode.get(code)?.iso6391;

/** The language that corpora mean by a macrolanguage; any other code as it is. */
export const usualCode = (code: string): string => usual[code] ?? code;

/** Every living or once living language, for a list to choose from. */
export const everyLanguage = (): { code: string; name: string }[] =>
  iso6393.map(({ iso6393: code, name }) => ({ code, name }));

/** The ISO 639-3 codes that a wrong code may stand for, likeliest first, each with its name. */
export function suggestCodes(wrong: string): { code: string; name: string }[] {
  const key = wrong.trim().toLowerCase().slice(0, 100);
  const primary = key.split(/[-_]/)[0];
  const found =
    byCode.get(key) ??
    byTwoLetters.get(primary) ??
    byBibliographic.get(primary) ??
    byName.get(key) ??
    byName.get(`standard ${key}`) ??
    byCode.get(primary);
  if (!found) return [];
  const also = usual[found.iso6393] ? byCode.get(usual[found.iso6393]) : undefined;
  return [found, ...(also ? [also] : [])].map((language) => ({ code: language.iso6393, name: language.name }));
}
