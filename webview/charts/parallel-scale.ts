/** @file Where a value stands on an axis of parallel coordinates, and where the axis has its ticks. Pure. */
import type { Scalar } from '../../sidecar/protocol/settings.ts';
import { linearTicks, logTicks } from './ticks.ts';

export type AxisScale =
  | { kind: 'linear' | 'log'; min: number; max: number }
  /** Each word a place, evenly apart. */
  | { kind: 'words'; words: readonly Scalar[] };

/** An axis is logarithmic where all its numbers are above zero and the largest is so many times the smallest. */
const logFrom = 10;
/** As few different numbers are ticks themselves. */
const fewNumbers = 8;
/** Below the scale, which runs from 0 to 1: where what has no value goes by. */
export const nowhere = -0.12;

/** @param values of all lines; undefined where none has one. @param isResult a result may pass zero: it stays linear */
export function scaleOf(values: readonly (Scalar | undefined)[], isResult: boolean): AxisScale | undefined {
  const there = values.filter((value) => value !== undefined);
  if (there.length === 0) return undefined;
  if (there.every((value) => typeof value === 'number')) {
    const min = there.reduce((a, b) => Math.min(a, b));
    const max = there.reduce((a, b) => Math.max(a, b));
    return { kind: !isResult && min > 0 && max >= logFrom * min ? 'log' : 'linear', min, max };
  }
  return { kind: 'words', words: [...new Set(there)].sort((a, b) => (String(a) < String(b) ? -1 : 1)) };
}

/** From 0, the axis' lower end, to 1; `nowhere` of what has no value on it. */
export function placeOf(scale: AxisScale, value: Scalar | undefined): number {
  if (scale.kind === 'words') {
    const index = value === undefined ? -1 : scale.words.indexOf(value);
    if (index < 0) return nowhere;
    return scale.words.length > 1 ? index / (scale.words.length - 1) : 0.5;
  }
  if (typeof value !== 'number' || Number.isNaN(value)) return nowhere;
  const { min, max } = scale;
  if (min === max) return 0.5;
  return scale.kind === 'log' ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
}

/** The number that stands at a place. */
export function numberAt({ kind, min, max }: Exclude<AxisScale, { kind: 'words' }>, place: number): number {
  return kind === 'log' ? min * (max / min) ** place : min + place * (max - min);
}

/** About `count` of them; a setting's few numbers are its ticks themselves. */
export function ticksOf(scale: AxisScale, values: readonly (Scalar | undefined)[], count: number): readonly Scalar[] {
  if (scale.kind === 'words') return scale.words;
  const numbers = [...new Set(values)].filter((value) => typeof value === 'number');
  if (numbers.length <= fewNumbers) return numbers.sort((a, b) => a - b);
  return (scale.kind === 'log' ? logTicks : linearTicks)(scale.min, scale.max, count);
}
