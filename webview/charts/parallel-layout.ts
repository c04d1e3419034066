/**
 * @file Where the parts of parallel coordinates stand, in the words of SVG: the page makes elements of them, the export a
 * file. Pure.
 */
import { groundOf, type Theme } from '../theme.ts';
import { t } from '../words.ts';
import { inkOf } from './colour-map.ts';
import type { ParallelFigure } from './figure.ts';
import { held, type Ranges } from './parallel-brush.ts';
import { nowhere, placeOf, ticksOf } from './parallel-scale.ts';
import { letter, line, type Part, textIn } from './part.ts';

export interface ParallelLayout {
  parts: Part[];
  height: number;
  /** Of the axes, from left to right. */
  xs: number[];
  /** Of each line its height at each axis. */
  ys: Float64Array[];
  /** Of each line whether every range holds it. */
  isHeld: boolean[];
  /** The axes' upper and lower end. */
  top: number;
  bottom: number;
}

/** What a person does with it, which a file does not show. */
export interface Touch {
  ranges: Ranges;
  /** The axis that the keyboard is at, and the place on it. */
  axis?: number;
  place?: number;
}

const top = 46;
const bottom = 252;
/** As many colours are told apart, and as many paths hold all lines. */
const shades = 16;
const brushWidth = 14;

export function layParallel(
  figure: ParallelFigure,
  width: number,
  theme: Theme,
  widthOf: (text: string) => number,
  touch: Touch = { ranges: new Map() },
): ParallelLayout {
  const { axes, lines } = figure;
  const y = (place: number) => bottom - place * (bottom - top);
  const text = textIn(theme);
  const short = (words: string, room: number) => {
    let some = words;
    while (some.length > 1 && widthOf(some) > room) some = `${some.slice(0, some.endsWith('…') ? -2 : -1)}…`;
    return some;
  };

  const ticks = axes.map(({ scale, say }, i) => {
    const taken: number[] = [];
    const values = ticksOf(
      scale,
      lines.map(({ values }) => values[i]),
      5,
    );
    // The ends first: where there is no room for all, those between go.
    const order = [values[0], ...values.slice(1).reverse()].filter((value) => value !== undefined);
    const shown = order.flatMap((value) => {
      const at = y(placeOf(scale, value));
      if (taken.some((other) => Math.abs(other - at) < letter + 2)) return [];
      taken.push(at);
      return [{ at, words: say(value) }];
    });
    return scale.kind === 'words' ? shown : withoutZeros(shown);
  });
  const last = axes.length - 1;
  // Beside the outer axes no line passes.
  const outer = (axis: number) => Math.min(90, 14 + Math.max(0, ...ticks[axis].map(({ words }) => widthOf(words))));
  const left = outer(0);
  const right = width - Math.max(34, outer(last));
  const apart = (right - left) / Math.max(1, last);
  const xs = axes.map((_, i) => Math.round(left + i * apart));
  const ys = lines.map(({ values }) => Float64Array.from(axes, ({ scale }, i) => y(placeOf(scale, values[i]))));
  const isHeld = held(figure, touch.ranges);
  const gaps = axes.map((_, i) => ys.some((line) => line[i] > bottom));
  const hasGaps = gaps.includes(true);

  const path = (some: readonly Float64Array[], stroke: string, more: Part['attributes']): Part[] =>
    some.length === 0 ? [] : [{ tag: 'path', attributes: { d: segments(xs, some), fill: 'none', stroke, ...more } }];
  const buckets = Array.from({ length: shades + 1 }, (): Float64Array[] => []);
  const rest: Float64Array[] = [];
  for (const [i, { shade }] of lines.entries()) {
    if (!isHeld[i]) rest.push(ys[i]);
    // What was not measured lies below all that was.
    else buckets[shade === undefined ? 0 : 1 + Math.min(shades - 1, Math.floor(shade * shades))].push(ys[i]);
  }
  const many = lines.length > 200;
  const ground = groundOf(theme);
  const drawn = [
    ...path(rest, theme.muted, { 'stroke-width': 1, 'stroke-opacity': many ? 0.1 : 0.2 }),
    ...buckets.flatMap((some, b) =>
      path(some, b === 0 ? theme.muted : inkOf((b - 0.5) / shades, ground), {
        'stroke-width': many ? 1 : 1.75,
        'stroke-opacity': many ? 0.7 : 1,
        'stroke-dasharray': b === 0 ? '3 3' : undefined,
        'data-held': some.length,
      }),
    ),
  ];

  /** To the left of its axis, to the right of the last; on the ground's colour where lines pass. */
  const label = (i: number, at: number, said: string, more: Part['attributes'] = {}): Part[] => {
    const room = i === 0 ? left - 8 : i === last ? width - xs[i] - 8 : apart - 14;
    const words = short(said, room);
    if (i === last) return [text(xs[i] + 7, at + 4, words, more)];
    const end = { 'text-anchor': 'end', ...more };
    const own = [text(xs[i] - 7, at + 4, words, end)];
    if (i === 0) return own;
    const wide = widthOf(words) + 4;
    const box = { x: xs[i] - 5 - wide, y: at - letter / 2 - 2, width: wide, height: letter + 4, rx: 3 };
    return [{ tag: 'rect', attributes: { ...box, fill: theme.background, 'fill-opacity': 0.92 } }, ...own];
  };
  const grid = axes.flatMap(({ title }, i): Part[] => {
    const isLast = i === last && i > 0;
    const at = { 'text-anchor': i === 0 ? 'start' : isLast ? 'end' : 'middle' };
    const x = i === 0 ? 0 : isLast ? width : xs[i];
    const room = 2 * (apart - 6) - (i === 0 ? apart - xs[0] : isLast ? apart - (width - xs[i]) : 0);
    const isHere = i === touch.axis;
    return [
      // Two rows in turn: each reaches from axis to axis.
      text(x, 14 + 15 * (i % 2), short(title, room), { ...at, ...(isHere ? { 'font-weight': 'bold' } : {}) }),
      line(xs[i], top, xs[i], bottom, isHere ? theme.focus : theme.text, { 'stroke-width': isHere ? 2 : 1 }),
      ...ticks[i].flatMap(({ at, words }): Part[] => [
        ...label(i, at, words),
        line(xs[i], at, xs[i] + (isLast ? 4 : -4), at, theme.text),
      ]),
      ...(gaps[i] ? label(i, y(nowhere), '–', { fill: theme.muted }) : []),
    ];
  });
  const brushes = axes.flatMap(({ id }, i): Part[] => {
    const range = touch.ranges.get(id);
    if (!range) return [];
    const [high, low] = [y(range.high) - 3, y(range.low) + 3];
    const box = { x: xs[i] - brushWidth / 2, y: high, width: brushWidth, height: low - high };
    return [{ tag: 'rect', attributes: { ...box, fill: theme.focus, 'fill-opacity': 0.25, stroke: theme.focus } }];
  });
  const mark: Part[] =
    touch.axis === undefined || touch.place === undefined
      ? []
      : [{ tag: 'circle', attributes: { cx: xs[touch.axis], cy: y(touch.place), r: 4, fill: theme.focus } }];

  const end = y(hasGaps ? nowhere : 0);
  return {
    parts: [...drawn, ...grid, ...brushes, ...mark, ...legend(end + 26)],
    height: end + 40,
    xs,
    ys,
    isHeld,
    top,
    bottom,
  };

  function legend(at: number): Part[] {
    const { title, worst, best } = figure.colour;
    const name = t('colour: {0}', title);
    const first = Math.ceil(widthOf(name)) + 14;
    const from = first + Math.ceil(widthOf(worst)) + 6;
    const step = 8;
    return [
      text(0, at + 4, name, { fill: theme.muted }),
      text(first, at + 4, worst, { fill: theme.muted }),
      ...Array.from({ length: shades }, (_, i): Part => {
        const box = { x: from + i * step, y: at - 4, width: step + 0.5, height: 8 };
        return { tag: 'rect', attributes: { ...box, fill: inkOf((i + 0.5) / shades, ground) } };
      }),
      text(from + shades * step + 6, at + 4, best, { fill: theme.muted }),
    ];
  }
}

/** `+0.200` and `+0.800` as `+0.2` and `+0.8`: what ends all of them in the same zeros says nothing. */
function withoutZeros<T extends { words: string }>(ticks: readonly T[]): T[] {
  const zero = /\.0(?=\D*$)|(?<=\.\d+)0(?=\D*$)/;
  let some = [...ticks];
  while (some.length > 0 && some.every(({ words }) => zero.test(words)))
    some = some.map((one) => ({ ...one, words: one.words.replace(zero, '') }));
  return some;
}

/** Between two axes each piece once, however many lines share it: a setting has few values, and 2,000 runs many lines. */
function segments(xs: readonly number[], lines: readonly Float64Array[]): string {
  const parts: string[] = [];
  for (let i = 1; i < xs.length; i++) {
    const seen = new Set<number>();
    for (const line of lines) {
      const [from, to] = [Math.round(line[i - 1] * 10), Math.round(line[i] * 10)];
      const key = from * 10_000 + to;
      if (seen.has(key)) continue;
      seen.add(key);
      parts.push(`M${xs[i - 1]} ${from / 10}L${xs[i]} ${to / 10}`);
    }
  }
  return parts.join('');
}
