/** @file Reads values of unknown origin: wrong types become NaN, '' or nothing, and long texts are cut. */

/** A logged number; non-finite ones stand in logs as words. */
export function number(value: unknown): number {
  if (typeof value === 'number') return value;
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY;
  return Number.NaN;
}

export function text(value: unknown, longest = 200): string {
  if (typeof value !== 'string') return '';
  return value.length > longest ? `${value.slice(0, longest)}…` : value;
}

export const list = (value: unknown, longest = 10_000): unknown[] =>
  Array.isArray(value) ? value.slice(0, longest) : [];

/** Own entries of a plain object; a key such as `__proto__` is a name like any other. */
export const entries = (value: unknown, longest = 500): [string, Record<string, unknown>][] =>
  Object.entries(object(value))
    .slice(0, longest)
    .filter((entry): entry is [string, Record<string, unknown>] => isObject(entry[1]))
    .map(([key, inner]) => [text(key, 80), inner]);

export const object = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {});

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
