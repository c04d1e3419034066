/** @file Line figures as SVG for a paper: white, black text, vectors, a legend; from the data. Pure. */
import { lowerBound, upperBound } from '../series.ts';
import { hueOf, paper } from '../theme.ts';
import { align } from './decimate.ts';
import type { Line, LineFigure, Pen } from './figure.ts';
import { placeLabels } from './mark-labels.ts';
import { corners } from './marker.ts';
import { type Attributes, page, round, tag, width, words } from './svg-writer.ts';
import { bounds, linearTicks, logTicks } from './ticks.ts';

function markerAt(pen: Pen, x: number, y: number): string {
  const colour = hueOf(paper, pen.hue);
  const look = { fill: pen.marker!.hollow ? paper.background : colour, stroke: colour, 'stroke-width': 1.4 };
  const points = corners(pen.marker!.shape, 3.2);
  return points.length === 0
    ? tag('circle', { cx: x, cy: y, r: 3.2, ...look })
    : tag('polygon', { points: points.map(([dx, dy]) => `${round(x + dx)},${round(y + dy)}`).join(' '), ...look });
}

const stroke = (pen: Pen): Attributes => ({
  stroke: hueOf(paper, pen.hue),
  'stroke-width': pen.width,
  'stroke-dasharray': pen.dash.join(' '),
  'stroke-opacity': pen.faint ? 0.28 : undefined,
  fill: 'none',
});

export function svgOfLines(figure: LineFigure, range: { min: number; max: number }): string {
  const lines = figure.lines.filter((line) => line.xs.length > 0);
  const plot = { left: 68, top: 40, width: width - 68 - 24, height: 300 };
  const data = align(lines, range.min, range.max, plot.width * 2, figure.y.log);
  const [low, high] = yBounds(figure, data as unknown as ArrayLike<number | null>[], range);
  const scale = figure.y.log ? Math.log : (value: number) => value;
  const px = (x: number) => plot.left + ((x - range.min) / (range.max - range.min)) * plot.width;
  const py = (y: number) => plot.top + plot.height * (1 - (scale(y) - scale(low)) / (scale(high) - scale(low)));
  const bottom = plot.top + plot.height;

  const xTicks = linearTicks(range.min, range.max, 8, figure.x.whole);
  const yTicks = figure.y.log ? logTicks(low, high, 6) : linearTicks(low, high, 6, figure.y.whole);
  const axes = [
    ...yTicks.flatMap((y) => [
      tag('line', { x1: plot.left, x2: plot.left + plot.width, y1: py(y), y2: py(y), stroke: paper.grid }),
      words(plot.left - 7, py(y) + 3.8, figure.y.format(y), { 'text-anchor': 'end' }),
    ]),
    ...xTicks.flatMap((x) => [
      tag('line', { x1: px(x), x2: px(x), y1: bottom, y2: bottom + 4, stroke: paper.axis }),
      words(px(x), bottom + 17, String(x).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f'), { 'text-anchor': 'middle' }),
    ]),
    tag('path', {
      d: `M${plot.left} ${plot.top}V${bottom}H${plot.left + plot.width}`,
      fill: 'none',
      stroke: paper.axis,
    }),
    words(plot.left + plot.width / 2, bottom + 36, figure.x.label, { 'text-anchor': 'middle', 'font-size': 12 }),
    words(0, 0, figure.y.label, {
      'text-anchor': 'middle',
      'font-size': 12,
      transform: `translate(16 ${plot.top + plot.height / 2}) rotate(-90)`,
    }),
  ];
  const strong = figure.marks
    .filter((mark) => mark.strong && mark.x >= range.min && mark.x <= range.max)
    .map(({ x, label }) => ({ x: px(x), label }));
  const room = { from: plot.left, to: plot.left + plot.width, gap: 6 };
  const marks = [...new Set(strong.map(({ x }) => x))].map((x) =>
    tag('line', { x1: x, x2: x, y1: plot.top, y2: bottom, stroke: paper.muted, 'stroke-dasharray': '2 3' }),
  );
  const names = placeLabels(strong, (text) => text.length * 5.1, room).map(({ text, x }) =>
    words(x, plot.top - 4, text, { 'font-size': 9, fill: paper.muted }),
  );
  const drawn = lines.flatMap((line, i) => [
    line.pen.width > 0
      ? tag('path', { d: path(data[0], data[i + 1], px, py), 'stroke-linejoin': 'round', ...stroke(line.pen) })
      : '',
    line.pen.marker ? markers(line, range, px, py, figure.y.log) : '',
  ]);
  const clip = tag(
    'clipPath',
    { id: 'plot' },
    tag('rect', { x: plot.left - 5, y: plot.top - 5, width: plot.width + 10, height: plot.height + 10 }),
  );
  const { parts, height } = legend(
    lines.filter((line) => !line.quiet),
    bottom + 54,
  );
  return page(
    bottom + 60 + height,
    figure.title,
    [
      tag('defs', {}, clip),
      words(plot.left, 22, figure.title, { 'font-size': 14, 'font-weight': 'bold' }),
      ...axes,
      ...marks,
      ...names,
      tag('g', { 'clip-path': 'url(#plot)' }, ...drawn),
      ...parts,
    ],
    figure.source,
  );
}

/** The values to be seen, and what the axis must hold; a marker may lie where no line does. */
function yBounds(
  figure: LineFigure,
  data: ArrayLike<number | null>[],
  range: { min: number; max: number },
): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const y of figure.y.include ?? []) [low, high] = [Math.min(low, y), Math.max(high, y)];
  for (let s = 1; s < data.length; s++) {
    for (let i = 0; i < data[s].length; i++) {
      const y = data[s][i];
      const x = data[0][i] ?? Number.NaN;
      if (y === null || x < range.min || x > range.max) continue;
      if (y < low) low = y;
      if (y > high) high = y;
    }
  }
  return bounds(low, high, figure.y);
}

function path(xs: number[], ys: (number | null)[], px: (x: number) => number, py: (y: number) => number): string {
  const parts: string[] = [];
  ys.forEach((y, i) => {
    if (y !== null) parts.push(`${parts.length === 0 ? 'M' : 'L'}${round(px(xs[i]))} ${round(py(y))}`);
  });
  return parts.join('');
}

function markers(
  line: Line,
  range: { min: number; max: number },
  px: (x: number) => number,
  py: (y: number) => number,
  positive = false,
): string {
  let out = '';
  for (let i = lowerBound(line.xs, range.min); i < upperBound(line.xs, range.max); i++) {
    if (Number.isFinite(line.ys[i]) && (!positive || line.ys[i] > 0))
      out += markerAt(line.pen, px(line.xs[i]), py(line.ys[i]));
  }
  return out;
}

function legend(lines: Line[], top: number): { parts: string[]; height: number } {
  let x = 68;
  let y = top;
  const parts = lines.flatMap((line) => {
    const label = line.label.length > 40 ? `${line.label.slice(0, 39)}…` : line.label;
    const wide = 40 + label.length * 6.2 + 12;
    if (x + wide > width - 20 && x > 68) {
      x = 68;
      y += 18;
    }
    const at = x;
    x += wide;
    return [
      line.pen.width > 0 ? tag('line', { x1: at, x2: at + 30, y1: y, y2: y, ...stroke(line.pen) }) : '',
      line.pen.marker ? markerAt(line.pen, at + 15, y) : '',
      words(at + 36, y + 4, label),
    ];
  });
  return { parts, height: lines.length > 0 ? y - top + 12 : 0 };
}
