/** @file Ranges on the axes of parallel coordinates: which lines they hold, how they are said, moved and kept. Pure. */
import { t } from '../words.ts';
import type { ParallelFigure } from './figure.ts';
import { type AxisScale, nowhere, numberAt, placeOf } from './parallel-scale.ts';

/** From place to place, both within. */
export interface Range {
  low: number;
  high: number;
}

/** By the axis' id. */
export type Ranges = ReadonlyMap<string, Range>;

type Axis = ParallelFigure['axes'][number];

/** Less than a pixel of any axis. */
const slack = 1e-6;
export const holds = ({ low, high }: Range, place: number): boolean => place >= low - slack && place <= high + slack;

/** Of each line whether every range holds it. */
export function held({ axes, lines }: Pick<ParallelFigure, 'axes' | 'lines'>, ranges: Ranges): boolean[] {
  const active = axes.flatMap(({ id, scale }, i) => {
    const range = ranges.get(id);
    return range ? [{ i, scale, range }] : [];
  });
  return lines.map(({ values }) => active.every(({ i, scale, range }) => holds(range, placeOf(scale, values[i]))));
}

/** Where the lines cross an axis, from below, each place once: a keyboard's steps. */
export function stops({ axes, lines }: Pick<ParallelFigure, 'axes' | 'lines'>, axis: number): number[] {
  return [...new Set(lines.map(({ values }) => placeOf(axes[axis].scale, values[axis])))].sort((a, b) => a - b);
}

/** `lr: 1e-3 – 4e-3`, by the values that are held. */
export function sayRange({ axes, lines }: Pick<ParallelFigure, 'axes' | 'lines'>, axis: number, range: Range): string {
  const { title, scale, say } = axes[axis];
  let [first, last]: [[number, string] | undefined, [number, string] | undefined] = [undefined, undefined];
  for (const { values } of lines) {
    const value = values[axis];
    const place = placeOf(scale, value);
    if (!holds(range, place)) continue;
    const told: [number, string] = [place, value === undefined ? '–' : say(value)];
    if (!first || place < first[0]) first = told;
    if (!last || place > last[0]) last = told;
  }
  if (!first || !last) return t('{0}: nothing', title);
  return first[1] === last[1] ? `${title}: ${first[1]}` : `${title}: ${first[1]} – ${last[1]}`;
}

/** What a person reads beside the picture; '' where nothing is chosen. */
export function sayHeld(figure: ParallelFigure, ranges: Ranges): string {
  const told = figure.axes.flatMap(({ id }, i) => {
    const range = ranges.get(id);
    return range ? [sayRange(figure, i, range)] : [];
  });
  if (told.length === 0) return '';
  return [figure.count(held(figure, ranges).filter(Boolean).length), ...told].join('; ');
}

/** The ranges of a figure's axes after its scales have changed: they hold the same values, or are gone. */
export function carried(ranges: Ranges, before: readonly Axis[], after: readonly Axis[]): Map<string, Range> {
  const kept = new Map<string, Range>();
  for (const { id, scale } of after) {
    const range = ranges.get(id);
    const from = before.find((axis) => axis.id === id);
    const moved = range && from && moveRange(range, from.scale, scale);
    if (moved) kept.set(id, moved);
  }
  return kept;
}

function moveRange(range: Range, from: AxisScale, to: AxisScale): Range | undefined {
  if (from.kind === 'words' || to.kind === 'words') {
    if (from.kind !== 'words' || to.kind !== 'words') return undefined;
    const places = from.words
      .filter((word) => holds(range, placeOf(from, word)))
      .map((word) => placeOf(to, word))
      .filter((place) => place !== nowhere);
    if (range.low < 0) places.push(nowhere);
    return places.length > 0 ? { low: Math.min(...places), high: Math.max(...places) } : undefined;
  }
  const end = (place: number) => (place < 0 ? place : placeOf(to, numberAt(from, place)));
  const [low, high] = [end(range.low), end(range.high)];
  // What lies beyond the new scale must not be taken for the place of what has no value.
  if (range.low >= 0 && high < 0) return undefined;
  return low > 1 ? undefined : { low: range.low < 0 ? low : Math.max(0, low), high: Math.min(1, high) };
}
