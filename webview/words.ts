/** @file The words a person reads: English in the source, its translation from the host. It knows nothing else. */

let translations = new Map<string, string>();

export function setWords(words: unknown): void {
  const pairs = words !== null && typeof words === 'object' ? Object.entries(words) : [];
  translations = new Map(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

/** The person's word for an English text; `{0}`, `{1}` … stand for the arguments. */
export function t(text: string, ...args: (string | number)[]): string {
  const found = translations.get(text) ?? text;
  return found.replace(/\{(\d+)\}/g, (whole, index) => (args[index] === undefined ? whole : String(args[index])));
}
