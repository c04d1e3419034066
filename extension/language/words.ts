/** @file The server's texts in the person's language: the English text is the key. Must not know VS Code. */

export type Translate = (english: string, ...values: (string | number)[]) => string;

/** `{0}`, `{1}` … stand for the values. */
export const translator =
  (words: Readonly<Record<string, string>>): Translate =>
  (english, ...values) =>
    (Object.hasOwn(words, english) ? words[english] : english).replace(/\{(\d+)\}/g, (hole, index) =>
      String(values[Number(index)] ?? hole),
    );

/** Text that Markdown shows as it is, on one line. */
export const plain = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').replace(/[\\`*_{}[\]()#+\-.!|<>&~$:@/]/g, '\\$&');
