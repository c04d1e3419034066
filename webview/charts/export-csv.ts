/** @file Every point of a figure as CSV (RFC 4180), never thinned, at the precision it was logged with. Pure. */
import type { HeatFigure, LineFigure, Sheet } from './figure.ts';

/** A spreadsheet would run a cell that begins like a formula: such text gets an apostrophe. */
const cell = (value: string | number): string => {
  if (typeof value === 'number') return Number.isNaN(value) ? 'NaN' : String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
const row = (cells: (string | number)[]) => `${cells.map(cell).join(',')}\r\n`;

/** One row a point: series, x, y. What was smoothed for the eye is written as it was logged. */
export function csvOfLines(figure: LineFigure): string {
  const of = figure.source === undefined ? [] : [figure.source];
  const parts = [row(['series', figure.x.label, `${figure.y.label}`, ...of.map(() => 'source')])];
  for (const line of figure.lines) {
    if (line.quiet) continue;
    const ys = line.raw ?? line.ys;
    for (let i = 0; i < line.xs.length; i++) parts.push(row([line.label, line.xs[i], ys[i], ...of]));
  }
  return parts.join('');
}

/** @param source of what it is; a column of its own, so that a file still says it when its name is lost */
export const csvOfSheet = ({ head, rows }: Sheet, source?: string): string =>
  (source === undefined ? [head, ...rows] : [[...head, 'source'], ...rows.map((one) => [...one, source])])
    .map(row)
    .join('');

export function csvOfHeat(figure: HeatFigure): string {
  const { source } = figure;
  if (figure.sheet) return csvOfSheet(figure.sheet, source);
  const of = source === undefined ? [] : [source];
  const parts = [row([figure.rowTitle, figure.columnTitle, figure.unit, ...of.map(() => 'source')])];
  figure.rows.forEach(({ label }, r) => {
    figure.columns.forEach((column, c) => {
      parts.push(row([label, column, figure.values[r * figure.columns.length + c], ...of]));
    });
  });
  return parts.join('');
}
