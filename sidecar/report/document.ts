/** @file A report as a list of blocks, before it is HTML, Markdown or LaTeX. Texts are plain: each form escapes its own way. */

export interface TableBlock {
  kind: 'table';
  caption: string;
  /** Becomes a label: letters and hyphens. */
  name: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** Columns from the left that are words; the others are numbers. */
  words: number;
  /** Long, and for who looks for something: closed at first on a page, left out of LaTeX. */
  folded?: boolean;
}

export interface PictureBlock {
  kind: 'picture';
  caption: string;
  /** Of its file, without the ending. */
  name: string;
  /** What it shows, for who cannot see it. */
  alt: string;
  svg: string;
}

export type Block =
  | { kind: 'heading'; level: 1 | 2; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'list'; items: readonly string[] }
  | { kind: 'code'; text: string }
  | TableBlock
  | PictureBlock;

export const heading = (text: string, level: 1 | 2 = 2): Block => ({ kind: 'heading', level, text });
export const paragraph = (text: string): Block => ({ kind: 'text', text });
