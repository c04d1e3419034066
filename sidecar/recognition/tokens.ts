/** @file Symbols of a language's texts as numbers: characters, the space among them, and language tags as one symbol each. */

export const BLANK = 0;
const UNKNOWN = 1;

export interface Tokens {
  /** In their order: `<blank>`, `<unk>`, symbols by how often they occur, `<sos/eos>`, as ESPnet's token list has them. */
  readonly symbols: readonly string[];
}

/** `[deu] AB C` → `[deu]`, `A`, `B`, space, `C`: a tag is one symbol, and what follows it begins without a space. */
export function symbolsOf(text: string): string[] {
  const tag = /^\s*(\[[^[\]\s]+\])\s*/u.exec(text);
  return tag ? [tag[1], ...text.slice(tag[0].length)] : [...text];
}

/** The token list of the texts that train; what occurs equally often goes by its code. */
export function tokensOf(texts: readonly string[]): Tokens {
  const counts = new Map<string, number>();
  for (const text of texts) for (const symbol of symbolsOf(text)) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  const ordered = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([symbol]) => symbol);
  return { symbols: ['<blank>', '<unk>', ...ordered, '<sos/eos>'] };
}

/** Numbers of a text's symbols; one that training did not have is `<unk>`. */
export function encode({ symbols }: Tokens, text: string): number[] {
  const numbers = new Map(symbols.map((symbol, i) => [symbol, i]));
  return symbolsOf(text).map((symbol) => numbers.get(symbol) ?? UNKNOWN);
}

/** The text of numbers; a space parts a tag from what follows it, and what is unknown is written as U+FFFD. */
export function decode({ symbols }: Tokens, numbers: readonly number[]): string {
  const last = symbols.length - 1;
  return numbers
    .filter((number) => number !== BLANK && number !== last)
    .map((number) => (number === UNKNOWN ? '\uFFFD' : symbols[number]))
    .map((symbol) => (symbol.length > 2 && symbol.startsWith('[') ? `${symbol} ` : symbol))
    .join('')
    .trim();
}
