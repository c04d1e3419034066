/** @file Languages found by code or by name, for completion. */
import { iso6393 } from 'iso-639-3';

export interface Language {
  code: string;
  name: string;
  /** 0 is the best match. */
  rank: number;
}

/** Without a word, those that most people mean. */
const common = iso6393.filter(({ iso6391, type }) => iso6391 && type === 'living');
const lower = iso6393.map(({ iso6393: code, name }) => ({ code, name, plain: name.toLowerCase() }));

function rank(word: string, code: string, name: string): number | undefined {
  if (code === word || name === word) return 0;
  if (code.startsWith(word)) return 1;
  if (name.startsWith(word)) return 2;
  const at = name.indexOf(word);
  return at > 0 && /[\s(-]/.test(name[at - 1]) ? 3 : undefined;
}

/** The best `most` of the languages whose code or name begins so, or has a word that does. */
export function findLanguages(typed: string, most = 60): Language[] {
  const word = typed.trim().toLowerCase().slice(0, 60);
  if (word === '') return common.slice(0, 200).map(({ iso6393: code, name }) => ({ code, name, rank: 4 }));
  const found: Language[] = [];
  for (const { code, name, plain } of lower) {
    const how = rank(word, code, plain);
    if (how !== undefined) found.push({ code, name, rank: how });
  }
  return found
    .sort((a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1))
    .slice(0, most);
}
