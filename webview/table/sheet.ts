/** @file The table as text: CSV (RFC 4180) at full precision, Markdown and LaTeX as they are read. Pure. */
import { columnsOf, inLatex } from '../../sidecar/protocol/latex.ts';
import type { Scalar } from '../../sidecar/protocol/settings.ts';
import { csvOfSheet } from '../charts/export-csv.ts';
import { type Line, sayGroup } from './arrange.ts';
import type { Column } from './columns.ts';

export type SheetFormat = 'csv' | 'md' | 'tex';

/** Whether a result column has a best that is worth a column of its own. */
const withBest = (columns: readonly Column[]) => columns.flatMap((one) => (one.best ? [one, one] : [one]));

export function sheetOf(format: SheetFormat, lines: readonly Line[], columns: readonly Column[]): string {
  if (format === 'csv') return csv(lines, columns);
  const own = columns.map((one) => ({ ...one, ...one.inSheet }));
  const head = own.map(({ title }) => title);
  const rows = lines.map((line) => own.map((column, i) => said(line, column, i === 0)));
  const isRight = own.map(({ isNumber }) => isNumber);
  return format === 'md' ? markdown(head, rows, isRight) : latex(head, rows, isRight);
}

/** Runs alone, numbers as they were measured; a group is a column. */
function csv(lines: readonly Line[], columns: readonly Column[]): string {
  const doubled = withBest(columns);
  const isBest = doubled.map((one, i) => i > 0 && doubled[i - 1] === one);
  const grouped = lines.some(({ kind }) => kind === 'group');
  const titles = doubled.flatMap((one, i) => (isBest[i] ? [`best.${one.id}`, `best.${one.id}.step`] : [one.id]));
  let group = '';
  const rows = lines.flatMap((line) => {
    if (line.kind === 'group') {
      group = line.title;
      // Folded runs stand in the file too: it is the numbers that are wanted.
      return line.isFolded ? line.rows.map((row) => cells(row)) : [];
    }
    return [cells(line.row)];
  });
  function cells(row: Extract<Line, { kind: 'run' }>['row']): (string | number)[] {
    const own = doubled.flatMap((one, i): (string | number)[] => {
      if (!isBest[i]) return [plain(one.value(row))];
      const best = one.best!(row);
      return best ? [best.value, best.step] : ['', ''];
    });
    return grouped ? [group, ...own] : own;
  }
  return csvOfSheet({ head: grouped ? ['group', ...titles] : titles, rows });
}

const plain = (value: Scalar | undefined): string | number =>
  value === undefined ? '' : typeof value === 'boolean' ? String(value) : value;

function said(line: Line, column: Column, isFirst: boolean): string {
  if (line.kind === 'group') {
    if (isFirst) return `${line.title} (${line.rows.length})`;
    return sayGroup(line.rows, column);
  }
  const value = column.value(line.row);
  return value === undefined ? '' : column.say(value);
}

/** Every character stands for itself: no link, tag, cell or emphasis comes of a name. */
const inMarkdown = (text: string): string => oneLine(text).replace(/[\\`*_{}[\]<>()#!|~&]/g, (mark) => `\\${mark}`);

function markdown(head: readonly string[], rows: readonly (readonly string[])[], isRight: readonly boolean[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const rule = line(isRight.map((right) => (right ? '--:' : '---')));
  return [line(head.map(inMarkdown)), rule, ...rows.map((row) => line(row.map(inMarkdown)))].join('');
}

function latex(head: readonly string[], rows: readonly (readonly string[])[], isRight: readonly boolean[]): string {
  const line = (cells: readonly string[]) => `${cells.map(inLatex).join(' & ')} \\\\\n`;
  return [
    '% \\usepackage{array,booktabs}\n',
    `\\begin{tabular}{${columnsOf([head, ...rows], isRight).columns}}\n\\toprule\n`,
    line(head),
    '\\midrule\n',
    ...rows.map(line),
    '\\bottomrule\n\\end{tabular}\n',
  ].join('');
}

const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
