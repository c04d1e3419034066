/** @file A short piece of a line with its marker, for legends and readouts. */
import { svg } from '../dom.ts';
import { hueOf, type Theme } from '../theme.ts';
import type { Pen } from './figure.ts';
import { corners } from './marker.ts';

export function swatch(pen: Pen, theme: Theme, width = 28): SVGElement {
  const colour = hueOf(theme, pen.hue);
  const middle = width / 2;
  const line =
    pen.width > 0 &&
    svg('line', {
      x1: 1,
      x2: width - 1,
      y1: 6,
      y2: 6,
      stroke: colour,
      'stroke-width': Math.max(1.5, pen.width),
      'stroke-dasharray': pen.dash.join(' ') || undefined,
    });
  const look = { fill: pen.marker?.hollow ? theme.background : colour, stroke: colour, 'stroke-width': 1.5 };
  const points = pen.marker ? corners(pen.marker.shape, 3.4) : [];
  const marker =
    pen.marker &&
    (points.length === 0
      ? svg('circle', { cx: middle, cy: 6, r: 3.4, ...look })
      : svg('polygon', { points: points.map(([x, y]) => `${middle + x},${6 + y}`).join(' '), ...look }));
  return svg(
    'svg',
    { class: 'swatch', width, height: 12, viewBox: `0 0 ${width} 12`, 'aria-hidden': 'true' },
    line,
    marker,
  );
}
