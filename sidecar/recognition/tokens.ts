/** @file Symbols of texts as numbers: characters, the space among them, with language tags as one symbol each; or phones. */

export const BLANK = 0;
const UNKNOWN = 1;

/** What a text is made of: `phones` are parted by white space. */
export type SymbolKind = 'characters' | 'phones';

export interface Tokens {
  /** In their order: `<blank>`, `<unk>`, symbols by how often they occur, `<sos/eos>`, as ESPnet's token list has them. */
  readonly symbols: readonly string[];
  readonly kind: SymbolKind;
}

/** `[deu] AB C` → `[deu]`, `A`, `B`, space, `C`: a tag is one symbol, and what follows it begins without a space. */
export function symbolsOf(text: string, kind: SymbolKind = 'characters'): string[] {
  if (kind === 'phones') return text.split(/\s+/u).filter((phone) => phone !== '');
  const tag = /^\s*(\[[^[\]\s]+\])\s*/u.exec(text);
  return tag ? [tag[1], ...text.slice(tag[0].length)] : [...text];
}

/** The token list of the texts that train; what occurs equally often goes by its code. */
export function tokensOf(texts: readonly string[], kind: SymbolKind = 'characters'): Tokens {
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const symbol of symbolsOf(text, kind)) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  const ordered = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([symbol]) => symbol);
  return { symbols: ['<blank>', '<unk>', ...ordered, '<sos/eos>'], kind };
}

const known = new WeakMap<Tokens, Map<string, number>>();

function numbersOf(tokens: Tokens): Map<string, number> {
  let numbers = known.get(tokens);
  if (!numbers) known.set(tokens, (numbers = new Map(tokens.symbols.map((symbol, i) => [symbol, i]))));
  return numbers;
}

/** Numbers of a text's symbols; one that training did not have is `<unk>`. */
export function encode(tokens: Tokens, text: string): number[] {
  const numbers = numbersOf(tokens);
  return symbolsOf(text, tokens.kind).map((symbol) => numbers.get(symbol) ?? UNKNOWN);
}

/** What a number is written as; undefined for what is no part of a text. What is unknown is U+FFFD. */
export function written({ symbols, kind }: Tokens, number: number): string | undefined {
  if (number === BLANK || number === symbols.length - 1) return undefined;
  const symbol = number === UNKNOWN ? '\uFFFD' : symbols[number];
  const parted = kind === 'phones' || (symbol.length > 2 && symbol.startsWith('['));
  return parted ? `${symbol} ` : symbol;
}

/** The text of numbers; a space parts a tag from what follows it, and phones from each other. */
export const decode = (tokens: Tokens, numbers: readonly number[]): string =>
  numbers
    .map((number) => written(tokens, number) ?? '')
    .join('')
    .trim();
