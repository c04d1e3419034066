/** @file The lists and ranges of a sweep as combinations of settings, in the order of the file, the last one turning fastest. */
import type { Place, Problem } from '../errors.ts';
import type { Places } from './places.ts';
import type { ParsedSweep } from './schema-sweep.ts';

/** What one key becomes, and where that stands. */
export interface Setting {
  key: string;
  value: unknown;
  place: Place;
}

interface Axis {
  key: string;
  values: Setting[];
}

/** Every combination; a single empty one where nothing is listed. */
export function combinations(axes: readonly Axis[]): Setting[][] {
  return axes.reduce<Setting[][]>(
    (all, { values }) => all.flatMap((before) => values.map((value) => [...before, value])),
    [[]],
  );
}

export const combined = (axes: readonly Axis[]): number => axes.reduce((times, { values }) => times * values.length, 1);

export function axesOf({ keys = {}, ranges = {} }: ParsedSweep, places: Places, problems: Problem[]): Axis[] {
  const fault = (path: string[], why: string, cure: string) =>
    problems.push({ code: 'sweep.values', tried: `read ${path.join('.')}`, why, cure, place: places.value(path) });
  const axes: Axis[] = [];
  for (const [key, values] of Object.entries(keys)) {
    const path = ['sweep', 'keys', key];
    const shown = values.map(valueInWords);
    for (const [i, one] of shown.entries())
      if (shown.indexOf(one) < i) fault([...path, String(i)], `${one} is listed twice.`, 'List it once.');
    axes.push({ key, values: values.map((value, i) => ({ key, value, place: places.value([...path, i]) })) });
  }
  for (const [key, range] of Object.entries(ranges)) {
    const path = ['sweep', 'ranges', key];
    if (Object.hasOwn(keys, key)) fault(path, `${key} stands under sweep.keys as well.`, 'Keep one of the two.');
    else if (range.scale === 'log' && !(range.from > 0 && range.to > 0))
      fault(path, 'neighbours of 0 or less cannot differ by the same factor.', 'Write scale: linear, or ends above 0.');
    else if (range.from === range.to) fault(path, 'both ends are the same.', 'Set the key itself.');
    else axes.push({ key, values: spread(range).map((value) => ({ key, value, place: places.value(path) })) });
  }
  return axes;
}

/** Six digits: a tenth of 0.3 is 0.03, whatever floating point makes of it. */
function spread({ from, to, values, scale }: NonNullable<ParsedSweep['ranges']>[string]): number[] {
  return Array.from({ length: values }, (_, i) => {
    const t = i / (values - 1);
    return Number((scale === 'log' ? from * (to / from) ** t : from + t * (to - from)).toPrecision(6));
  });
}

/** As a point's name has it. */
export const valueInWords = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? numberInWords(value) : (JSON.stringify(value) ?? '');

const numberInWords = (value: number): string =>
  value !== 0 && Math.abs(value) < 0.01 ? value.toExponential().replace('e-0', 'e-') : String(value);

/** The last word of each key where that tells it from the others. */
export function shortKeys(keys: readonly string[]): Map<string, string> {
  const last = (key: string) => key.slice(key.lastIndexOf('.') + 1);
  return new Map(
    keys.map((key) => [key, keys.filter((other) => last(other) === last(key)).length === 1 ? last(key) : key]),
  );
}
