/**
 * @file Where the parts of a bar figure stand, in the words of SVG: the page makes elements of them, the export a file.
 * Pure.
 */
import { hueOf, type Theme } from '../theme.ts';
import type { BarFigure, BarValue } from './figure.ts';
import { line, type Part, textIn } from './part.ts';
import { bounds, linearTicks } from './ticks.ts';

export interface BarLayout {
  parts: Part[];
  height: number;
  /** A group's strip, from top to bottom of what belongs to it. */
  strips: { top: number; height: number }[];
}

const top = 26;
const row = 13;
const air = 12;
const thick = 9;
const longestLabel = 22;

export function layBars(figure: BarFigure, width: number, theme: Theme, widthOf: (text: string) => number): BarLayout {
  const { axis, groups, names } = figure;
  const named = groups.map(({ label, mark = '' }) =>
    `${label.length > longestLabel ? `${label.slice(0, longestLabel - 1)}…` : label} ${mark}`.trim(),
  );
  const widest = (texts: string[]) => Math.ceil(Math.max(0, ...texts.map(widthOf)));
  const left = Math.min(width * 0.35, widest(named) + 12);
  const numbers = widest(groups.flatMap(({ pair }) => pair.map(({ text }) => text)));
  const right = Math.max(left + 40, width - numbers - 34);
  const bottom = top + groups.length * (2 * row + air);
  const [from, to] = figure.axis.range ?? barRange(figure);
  const x = (value: number) => left + ((value - from) / (to - from)) * (right - left);
  const text = textIn(theme);

  const ink = [theme.text, 1.4] as const;
  const grid = linearTicks(from, to, Math.max(2, (right - left) / 80)).flatMap((tick) => [
    line(x(tick), top - 4, x(tick), bottom, theme.grid),
    text(x(tick), bottom + 14, axis.format(tick), { 'text-anchor': 'middle', fill: theme.muted }),
  ]);
  const frame = [
    line(left, bottom, right, bottom, theme.axis),
    ...(axis.kind === 'bars' ? [line(x(0), top - 4, x(0), bottom, theme.axis)] : []),
    text((left + right) / 2, bottom + 30, axis.label, { 'text-anchor': 'middle', fill: theme.muted }),
  ];
  const strips = groups.map((_, i) => ({ top: top + i * (2 * row + air), height: 2 * row + air }));
  const marks = groups.flatMap(({ hue, pair, arrow }, i) => {
    const middle = (which: number) => strips[i].top + air / 2 + row * (which + 0.5);
    return [
      text(left - 8, strips[i].top + strips[i].height / 2 + 4, named[i], { 'text-anchor': 'end' }),
      ...pair.flatMap((value, which) => [
        ...drawn(value, middle(which), which === 1, hueOf(theme, hue)),
        text(width - 22, middle(which) + 4, value.text, {
          'text-anchor': 'end',
          fill: which === 0 ? theme.muted : theme.text,
        }),
      ]),
      ...(arrow ? [text(width - 16, middle(1) + 4, arrow)] : []),
    ];
  });

  function drawn(value: BarValue, y: number, filled: boolean, colour: string): Part[] {
    if (!Number.isFinite(value.value)) return [];
    const at = x(value.value);
    const look = { fill: filled ? colour : theme.background, stroke: colour, 'stroke-width': 1.4 };
    const whisker: Part[] = [];
    if (Number.isFinite(value.low) && Number.isFinite(value.high)) {
      const [low, high] = [x(value.low), x(value.high)];
      // A rim in the ground's colour keeps it apart from its bar.
      for (const [colour, thickness] of axis.kind === 'bars' ? [[theme.background, 3.5] as const, ink] : [ink])
        whisker.push(
          line(low, y, high, y, colour, { 'stroke-width': thickness }),
          line(low, y - 3, low, y + 3, colour, { 'stroke-width': thickness }),
          line(high, y - 3, high, y + 3, colour, { 'stroke-width': thickness }),
        );
    }
    if (axis.kind === 'points') return [...whisker, { tag: 'circle', attributes: { cx: at, cy: y, r: 4, ...look } }];
    const zero = x(0);
    const box = { x: Math.min(zero, at), y: y - thick / 2, width: Math.abs(at - zero), height: thick };
    return [{ tag: 'rect', attributes: { ...box, ...look } }, ...whisker];
  }

  return {
    parts: [...legend(names, left, theme, axis.kind, widthOf, text), ...grid, ...frame, ...marks],
    height: bottom + 38,
    strips,
  };
}

function legend(
  names: BarFigure['names'],
  left: number,
  theme: Theme,
  kind: BarFigure['axis']['kind'],
  widthOf: (text: string) => number,
  text: (x: number, y: number, words: string) => Part,
): Part[] {
  let at = left;
  return names.flatMap((name, which) => {
    const look = { fill: which === 1 ? theme.muted : theme.background, stroke: theme.muted, 'stroke-width': 1.4 };
    const key: Part =
      kind === 'points'
        ? { tag: 'circle', attributes: { cx: at + 7, cy: 9, r: 4, ...look } }
        : { tag: 'rect', attributes: { x: at, y: 9 - thick / 2, width: 14, height: thick, ...look } };
    const words = text(at + 20, 13, name);
    at += 20 + widthOf(name) + 18;
    return [key, words];
  });
}

/** Bars begin at zero; points stand where their intervals are. */
export function barRange({ axis, groups }: Pick<BarFigure, 'axis' | 'groups'>): [number, number] {
  const all = groups
    .flatMap(({ pair }) => pair.flatMap(({ value, low, high }) => [value, low, high]))
    .filter((value) => Number.isFinite(value));
  if (axis.kind === 'points') return bounds(Math.min(...all), Math.max(...all));
  const [from, to] = bounds(Math.min(0, ...all), Math.max(0, ...all), { most: axis.most });
  return [all.some((value) => value < 0) ? from : 0, to];
}
