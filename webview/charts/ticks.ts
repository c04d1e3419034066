/** @file Where an axis has its ticks, the same on the screen and on paper. Pure. */

/** Multiples of 1, 2, 2.5 or 5 times a power of ten, about `count` of them. */
export function linearTicks(min: number, max: number, count: number, whole = false): number[] {
  if (!(max > min)) return [min];
  const rough = (max - min) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((size) => size >= rough * 0.999) ?? 10 * power;
  if (whole) step = Math.max(1, Math.ceil(step));
  const ticks = [];
  for (let i = Math.ceil(min / step - 1e-9); i * step <= max + step * 1e-9; i++)
    ticks.push(i === 0 ? 0 : round(i * step));
  return ticks;
}

/** Powers of ten with their 2 and 5 where there is room; within less than a decade, as on a linear axis. */
export function logTicks(min: number, max: number, count: number): number[] {
  if (!(min > 0) || !(max > min)) return [min];
  const decades = Math.log10(max / min);
  if (decades < 1) return linearTicks(min, max, count).filter((tick) => tick > 0);
  const every = Math.max(1, Math.ceil(decades / count));
  const within = decades * 3 <= count + 2 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let p = Math.floor(Math.log10(min)); p <= Math.ceil(Math.log10(max)); p += every) {
    for (const m of within) {
      const tick = round(m * 10 ** p);
      if (tick >= min && tick <= max) ticks.push(tick);
    }
  }
  return ticks;
}

/** Bounds of an axis around its values, with a little air, within what values can be. */
export function bounds(
  low: number,
  high: number,
  { log = false, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = {},
): [number, number] {
  if (!(low <= high)) return log ? [0.1, 1] : [Math.max(0, least), Math.min(1, most)];
  if (log) {
    const air = Math.max(1.02, (high / low) ** 0.06);
    return [low / air, high * air];
  }
  const air = high > low ? (high - low) * 0.07 : Math.abs(high) * 0.1 || 0.5;
  return [Math.max(least, low - air), Math.min(most, high + air)];
}

const round = (value: number) => Number(value.toPrecision(12));

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/** A place on the x axis: thin spaces for thousands, a true minus. */
export const stepText = (value: number): string =>
  grouped.format(value).replaceAll(',', '\u202f').replace('-', '\u2212');
