/** @file What a card of the Hugging Face hub says in its first lines: licence and base. No file system here. */
import { readDocument } from './document.ts';

export interface Card {
  licence?: string;
  /** The model that this one was made from. */
  base?: string;
}

export function cardOf(text: string): Card {
  const front = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1] ?? '';
  const { value = {} } = readDocument(front, 'README.md');
  const base = [value.base_model].flat()[0];
  const licence = licenceOf(value);
  return { ...(licence ? { licence } : {}), ...(typeof base === 'string' ? { base: base.slice(0, 300) } : {}) };
}

/** As cards say it: one word, several, or `other` with a name of its own. */
export function licenceOf(card: Record<string, unknown>): string | undefined {
  const words = [card.license].flat().filter((word): word is string => typeof word === 'string' && word !== '');
  if (words.length === 0) return undefined;
  const name = words[0] === 'other' && typeof card.license_name === 'string' ? card.license_name : undefined;
  return (name ?? words.join(', ')).slice(0, 300);
}
