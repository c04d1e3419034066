/** @file Heat maps as SVG for a paper: cells with their numbers, the scale beside them. Pure. */
import { paper } from '../theme.ts';
import { colourOf, inkOn, valueAt } from './colour-map.ts';
import type { HeatFigure } from './figure.ts';
import { layColumns } from './heat-columns.ts';
import { page, tag, width, words } from './svg-writer.ts';

export function svgOfHeat(figure: HeatFigure): string {
  const labelWidth = Math.min(
    180,
    20 + Math.max(...figure.rows.map(({ label }) => Math.min(26, label.length)), 4) * 6.6,
  );
  const left = 30 + labelWidth;
  const { edge, widthOf, end } = layColumns(
    figure.columns.length,
    figure.apart ?? figure.columns.length,
    left,
    width - left - (figure.scale.ends ? 118 : 90),
    128,
  );
  const cellHeight = 24;
  const top = 64;
  const bottom = top + cellHeight * figure.rows.length;
  const right = end;
  const cells = figure.rows.flatMap((row, r) => [
    words(left - 7, top + (r + 0.5) * cellHeight + 4, [row.label.slice(0, 24), row.mark].filter(Boolean).join(' '), {
      'text-anchor': 'end',
    }),
    ...figure.columns.flatMap((_, c) => {
      const value = figure.values[r * figure.columns.length + c];
      const own = figure.cells?.[r * figure.columns.length + c];
      const fill = own && !Number.isFinite(value) ? 'rgb(242,242,242)' : colourOf(value, figure.scale, 'light');
      const box = tag('rect', {
        x: edge(c),
        y: top + r * cellHeight,
        width: Math.max(0.5, widthOf(c) - 1),
        height: cellHeight - 1,
        fill,
      });
      const inside = widthOf(c) >= 30 && (own !== undefined || Number.isFinite(value));
      const text = own ? [own.text, own.mark].filter(Boolean).join(' ') : figure.format(value);
      const ink = {
        'text-anchor': 'middle',
        'font-size': 10,
        fill: inkOn(fill),
        'font-style': own?.quiet ? 'italic' : undefined,
      };
      return inside ? [box, words(edge(c) + widthOf(c) / 2, top + (r + 0.5) * cellHeight + 3.5, text, ink)] : [box];
    }),
  ]);
  const columns = figure.columns.map((label, c) =>
    words(edge(c) + widthOf(c) / 2, top - 7, label.slice(0, Math.max(2, Math.floor(widthOf(c) / 6))), {
      'text-anchor': 'middle',
    }),
  );
  const steps = 40;
  const bar = { x: right + 18, width: 10, height: Math.max(72, Math.min(bottom - top, 160)) };
  const scale = Array.from({ length: steps }, (_, i) =>
    tag('rect', {
      x: bar.x,
      y: top + (bar.height * (steps - 1 - i)) / steps,
      width: bar.width,
      height: bar.height / steps + 0.5,
      fill: colourOf(valueAt(figure.scale, (i + 0.5) / steps), figure.scale, 'light'),
    }),
  );
  const ends = [0, 0.5, 1].map((share, i) =>
    words(
      bar.x + 15,
      top + bar.height * (1 - share) + 4,
      figure.scale.ends?.[i] ?? figure.format(valueAt(figure.scale, share)),
      {
        'font-size': 10,
      },
    ),
  );
  return page(
    Math.max(bottom, top + bar.height) + 44,
    figure.title,
    [
      words(24, 22, figure.title, { 'font-size': 14, 'font-weight': 'bold' }),
      words((left + right) / 2, 40, figure.columnTitle, { 'text-anchor': 'middle' }),
      words(0, 0, figure.rowTitle, {
        'text-anchor': 'middle',
        transform: `translate(16 ${(top + bottom) / 2}) rotate(-90)`,
      }),
      ...columns,
      ...cells,
      ...scale,
      ...ends,
      words(
        left,
        Math.max(bottom, top + bar.height) + 24,
        [figure.unit, figure.cells && figure.note].filter(Boolean).join('; '),
        {
          fill: paper.muted,
        },
      ),
    ],
    figure.source,
  );
}
