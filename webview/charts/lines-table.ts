/** @file The table behind a line chart: points that are few in full, the rest from its end. Pure. */
import { fixed } from '../format.ts';
import { lowerBound } from '../series.ts';
import type { Line, LineFigure } from './figure.ts';
import type { Table } from './frame.ts';

const lastRows = 50;

/** Newest first. */
export function linesTable(figure: LineFigure): Table {
  const lines = figure.lines.filter((line) => !line.quiet && line.xs.length > 0);
  const steps = new Set<number>();
  let all = 0;
  for (const line of lines) {
    all = Math.max(all, line.xs.length);
    for (let i = Math.max(0, line.xs.length - lastRows); i < line.xs.length; i++) steps.add(line.xs[i]);
  }
  const kept = [...steps].sort((a, b) => b - a).slice(0, lastRows);
  const rows = kept.map((x) => [
    fixed(x, Number.isInteger(x) ? 0 : 2),
    ...lines.map((line) => {
      const i = lowerBound(line.xs, x);
      // As it was logged: what is smoothed is for the eye.
      return line.xs[i] === x ? figure.y.format((line.raw ?? line.ys)[i]) : '';
    }),
  ]);
  return { head: [figure.x.label, ...lines.map((line) => line.label)], rows, all: Math.max(all, kept.length) };
}

/** Index of the point nearest in x; 0 where there is none. */
export function nearest(line: Line, x: number): number {
  const i = lowerBound(line.xs, x);
  if (i === 0) return 0;
  if (i >= line.xs.length) return line.xs.length - 1;
  return x - line.xs[i - 1] <= line.xs[i] - x ? i - 1 : i;
}
