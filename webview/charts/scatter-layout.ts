/** @file Where the parts of a scatter stand, in the words of SVG: the page makes elements of them, the export a file. Pure. */
import { hueOf, type Theme } from '../theme.ts';
import type { ScatterFigure } from './figure.ts';
import { letter, line, type Part, textIn } from './part.ts';
import { bounds, linearTicks } from './ticks.ts';

export interface ScatterLayout {
  parts: Part[];
  height: number;
  /** Of the points, in their order. */
  centres: { x: number; y: number }[];
}

const height = 300;
const top = 10;
const bottom = height - 44;
const radius = 5;
const longestLabel = 30;

/** Of words that lie on lines: a rim in the ground's colour. */
const haloOf = ({ background }: Theme): Part['attributes'] => ({
  stroke: background,
  'stroke-width': 3,
  'stroke-linejoin': 'round',
  'paint-order': 'stroke',
});

export function layScatter(
  figure: ScatterFigure,
  width: number,
  theme: Theme,
  widthOf: (text: string) => number,
): ScatterLayout {
  const { x: across, y: up, points } = figure;
  const range = (of: 'x' | 'y', spread: 'xSpread' | 'ySpread', include: readonly number[] = []) => {
    const ends = points.flatMap((point) => [-1, 1].map((sign) => point[of] + sign * (point[spread] || 0)));
    return bounds(Math.min(...ends, ...include), Math.max(...ends, ...include));
  };
  const [fromX, toX] = range('x', 'xSpread', across.include);
  const [fromY, toY] = range('y', 'ySpread', up.include);
  const yTicks = linearTicks(fromY, toY, (bottom - top) / 45);
  const left = 30 + Math.ceil(Math.max(0, ...yTicks.map((tick) => widthOf(up.format(tick)))));
  const right = width - 14;
  const x = (value: number) => left + ((value - fromX) / (toX - fromX)) * (right - left);
  const y = (value: number) => bottom - ((value - fromY) / (toY - fromY)) * (bottom - top);
  const text = textIn(theme);
  const muted = { fill: theme.muted };

  const grid = [
    ...yTicks.flatMap((tick) => [
      line(left, y(tick), right, y(tick), tick === 0 ? theme.axis : theme.grid),
      text(left - 6, y(tick) + 4, up.format(tick), { 'text-anchor': 'end', ...muted }),
    ]),
    ...linearTicks(fromX, toX, Math.max(2, (right - left) / 80)).flatMap((tick) => [
      line(x(tick), top, x(tick), bottom, tick === 0 ? theme.axis : theme.grid),
      text(x(tick), bottom + 15, across.format(tick), { 'text-anchor': 'middle', ...muted }),
    ]),
    text((left + right) / 2, bottom + 34, across.label, { 'text-anchor': 'middle', ...muted }),
    text(12, (top + bottom) / 2, up.label, {
      'text-anchor': 'middle',
      transform: `rotate(-90 12 ${(top + bottom) / 2})`,
      ...muted,
    }),
  ];
  const centres = points.map((point) => ({ x: x(point.x), y: y(point.y) }));
  const ink = hueOf(theme, 0);
  const best = points.flatMap((point, i) => (point.isBest ? [centres[i]] : [])).sort((a, b) => a.x - b.x);
  const frontier = best.slice(1).flatMap((to, i) => {
    const from = best[i];
    // What lies between two of the best is reached by neither: a step, not a slope.
    const dashed = { 'stroke-dasharray': '4 3' };
    return [line(from.x, from.y, from.x, to.y, ink, dashed), line(from.x, to.y, to.x, to.y, ink, dashed)];
  });
  const marks = points.flatMap((point, i) => {
    const { x: cx, y: cy } = centres[i];
    const whiskers = [
      ...(point.xSpread > 0 ? [line(x(point.x - point.xSpread), cy, x(point.x + point.xSpread), cy, theme.text)] : []),
      ...(point.ySpread > 0 ? [line(cx, y(point.y - point.ySpread), cx, y(point.y + point.ySpread), theme.text)] : []),
    ];
    const look = { fill: point.isBest ? ink : theme.background, stroke: ink, 'stroke-width': 1.5 };
    return [...whiskers, { tag: 'circle', attributes: { cx, cy, r: radius, ...look } } as Part];
  });
  return { parts: [...grid, ...frontier, ...marks, ...labels()], height, centres };

  /** Beside its point where there is room; the best first, and a label that would lie on another is left out. */
  function labels(): Part[] {
    const taken = centres.map(({ x: cx, y: cy }) => ({ x: cx - radius, y: cy - radius, w: 2 * radius, h: 2 * radius }));
    const order = points.map((_, i) => i).sort((a, b) => Number(points[b].isBest) - Number(points[a].isBest));
    return order.flatMap((i) => {
      const { label } = points[i];
      const words = label.length > longestLabel ? `${label.slice(0, longestLabel - 1)}…` : label;
      const w = widthOf(words);
      const { x: cx, y: cy } = centres[i];
      const places = [
        { x: cx + radius + 4, y: cy - letter / 2 },
        { x: cx - radius - 4 - w, y: cy - letter / 2 },
        { x: cx - w / 2, y: cy - radius - 4 - letter },
        { x: cx - w / 2, y: cy + radius + 3 },
      ];
      const free = places.find(
        (at) =>
          at.x >= left &&
          at.x + w <= right &&
          at.y >= top &&
          at.y + letter <= bottom &&
          taken.every((o) => at.x + w < o.x || o.x + o.w < at.x || at.y + letter < o.y || o.y + o.h < at.y),
      );
      if (!free) return [];
      taken.push({ ...free, w, h: letter });
      return [text(free.x, free.y + letter - 1, words, haloOf(theme))];
    });
  }
}
