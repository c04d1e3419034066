/** @file Words out of hostile files as parts of a model card: YAML values, and Markdown that is nothing but text. */
import { stringify } from 'yaml';

/** Controls, and what turns the direction of what follows. */
const INVISIBLE = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;
const MARKUP = /[\\`*_{}[\]<>()#+!|~&-]/g;
const LONGEST = 200;

const oneLine = (text: string, longest = LONGEST): string =>
  [...text.replace(INVISIBLE, ' ').trim()].slice(0, longest).join('');

/** As it stands, on one line: no link, tag, table cell or emphasis comes of it. */
export const plain = (text: string, longest?: number): string =>
  oneLine(text, longest).replace(MARKUP, (mark) => `\\${mark}`);

/** `---`, the values, `---`. Every value is quoted: a name may be `no`, `1e3`, or two lines. */
export function frontMatter(values: Readonly<Record<string, unknown>>): string {
  const kept = Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, Array.isArray(value) ? value.map(clean) : clean(value)]),
  );
  const text = stringify(kept, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 });
  return `---\n${text}---\n`;
}

const clean = (value: unknown): unknown => (typeof value === 'string' ? oneLine(value) : value);

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
