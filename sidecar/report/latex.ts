/** @file The tables of a report for a paper: booktabs, one `table` environment each. */
import { columnsOf, inLatex } from '../protocol/latex.ts';
import type { Block, TableBlock } from './document.ts';

export function toLatex(blocks: readonly Block[]): string {
  const tables = blocks.filter((one): one is TableBlock => one.kind === 'table' && !one.folded);
  return `% Needs \\usepackage{array,booktabs}. Made by MiLorE; numbers are those of the report beside it.\n\n${tables.map(table).join('\n')}`;
}

function table({ caption, name, head, rows, words }: TableBlock): string {
  const isRight = head.map((_, column) => column >= words);
  const { columns, wraps } = columnsOf([head, ...rows], isRight);
  const line = (cells: readonly string[]) => `    ${cells.map(inLatex).join(' & ')} \\\\`;
  return `\\begin{table}
  \\caption{${inLatex(caption)}}
  \\label{tab:${name}}
  \\centering${wraps ? '\n  \\footnotesize\n  \\setlength{\\tabcolsep}{2pt}' : ''}
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
