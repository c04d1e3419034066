/** @file The tables of a report for a paper: booktabs, one `table` environment each. Needs \usepackage{booktabs}. */
import type { Block, TableBlock } from './document.ts';

const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '\u2212': '\\ensuremath{-}',
  '\u2013': '--',
  '\u202f': '\\,',
  '\u2019': "'",
  '\u00d7': '\\ensuremath{\\times}',
  '\u00b7': '\\ensuremath{\\cdot}',
  '\u00b1': '\\ensuremath{\\pm}',
};

/** Nothing of a name is a command. */
export const escapeLatex = (text: string): string =>
  text
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/[\\~^\u2212\u2013\u202f\u2019\u00d7\u00b7\u00b1{}&%$#_]/g, (c) => SPECIAL[c] ?? `\\${c}`);

export function toLatex(blocks: readonly Block[]): string {
  const tables = blocks.filter((one): one is TableBlock => one.kind === 'table' && !one.folded);
  return `% Needs \\usepackage{booktabs}. Made by MiLorE; numbers are those of the report beside it.\n\n${tables.map(table).join('\n')}`;
}

function table({ caption, name, head, rows, words }: TableBlock): string {
  const columns = head.map((_, column) => (column < words ? 'l' : 'r')).join('');
  const line = (cells: readonly string[]) => `    ${cells.map(escapeLatex).join(' & ')} \\\\`;
  return `\\begin{table}
  \\caption{${escapeLatex(caption)}}
  \\label{tab:${name}}
  \\centering
  \\begin{tabular}{${columns}}
    \\toprule
${line(head)}
    \\midrule
${rows.map(line).join('\n')}
    \\bottomrule
  \\end{tabular}
\\end{table}
`;
}
