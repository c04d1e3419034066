/** @file A report as Markdown, with its pictures in files beside it. */
import type { Block } from './document.ts';

const MARKUP = /[\\`*_{}[\]<>#|~&$]/g;

/** Nothing of a name is markup. */
export const escapeMarkdown = (text: string): string =>
  text.replace(/\p{Cc}+/gu, ' ').replace(MARKUP, (mark) => `\\${mark}`);

export const toMarkdown = (blocks: readonly Block[]): string => `${blocks.map(block).join('\n\n')}\n`;

function block(one: Block): string {
  switch (one.kind) {
    case 'heading':
      return `${'#'.repeat(one.level)} ${escapeMarkdown(one.text)}`;
    case 'text':
      return escapeMarkdown(one.text);
    case 'list':
      return one.items.map((item) => `- ${escapeMarkdown(item)}`).join('\n');
    case 'code':
      return fenced(one.text);
    case 'picture':
      return `![${escapeMarkdown(one.alt)}](${one.name}.svg)\n\n_${escapeMarkdown(one.caption)}_`;
    case 'table': {
      const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
      const rule = one.head.map((_, column) => (column < one.words ? '---' : '---:'));
      const rows = [line(one.head), `| ${rule.join(' | ')} |`, ...one.rows.map(line)];
      return `${escapeMarkdown(one.caption)}\n\n${rows.join('\n')}`;
    }
  }
}

/** A fence longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text.trimEnd()}\n${fence}`;
}
