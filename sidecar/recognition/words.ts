/** @file From symbols that were said to words: what stands between spaces, as sure as its symbols are on average. Pure. */
import type { Said } from './align.ts';
import { type Tokens, written } from './tokens.ts';

export interface SaidWord {
  text: string;
  /** Its symbols, in their order. */
  symbols: Said[];
  /** The mean of its symbols'. */
  confidence: number;
}

/** Between spaces; of phones each is one. A language's tag is no word: it is given back by itself. */
export function wordsOf(said: readonly Said[], tokens: Tokens): { words: SaidWord[]; tags: SaidWord[] } {
  const words: Said[][] = [[]];
  const tags: SaidWord[] = [];
  for (const one of said) {
    const text = written(tokens, one.token);
    if (text === undefined) continue;
    if (tokens.kind === 'characters' && /^\[[^[\]\s]+\] $/u.test(text)) tags.push(wordOf([one], tokens));
    else if (text === ' ') words.push([]);
    else if (tokens.kind === 'phones') words.push([one], []);
    else words.at(-1)!.push(one);
  }
  return { words: words.filter((word) => word.length > 0).map((word) => wordOf(word, tokens)), tags };
}

function wordOf(symbols: Said[], tokens: Tokens): SaidWord {
  return {
    text: symbols
      .map(({ token }) => written(tokens, token))
      .join('')
      .trim(),
    symbols,
    confidence: symbols.reduce((sum, { confidence }) => sum + confidence, 0) / symbols.length,
  };
}
