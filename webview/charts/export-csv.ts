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
  const parts = [row(['series', figure.x.label, `${figure.y.label}`])];
  for (const line of figure.lines) {
    if (line.quiet) continue;
    const ys = line.raw ?? line.ys;
    for (let i = 0; i < line.xs.length; i++) parts.push(row([line.label, line.xs[i], ys[i]]));
  }
  return parts.join('');
}

export const csvOfSheet = ({ head, rows }: Sheet): string => [head, ...rows].map(row).join('');

export function csvOfHeat(figure: HeatFigure): string {
  if (figure.sheet) return csvOfSheet(figure.sheet);
  const parts = [row([figure.rowTitle, figure.columnTitle, figure.unit])];
  figure.rows.forEach(({ label }, r) => {
    figure.columns.forEach((column, c) => {
      parts.push(row([label, column, figure.values[r * figure.columns.length + c]]));
    });
  });
  return parts.join('');
}
