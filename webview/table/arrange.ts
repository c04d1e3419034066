/** @file What stands in the table, line by line: rows that match, sorted, under their groups with mean ± deviation. Pure. */
import { shortKey } from '../../sidecar/protocol/settings.ts';
import type { TableView } from '../view.ts';
import { t } from '../words.ts';
import type { Column } from './columns.ts';
import type { Filter } from './filter.ts';
import { type Row, settingsOf } from './row.ts';

/** Mean and sample deviation (n − 1) over the runs of a group that have a number there; NaN deviation of one alone. */
export interface Spread {
  mean: number;
  deviation: number;
  count: number;
}

export type Line =
  | { kind: 'group'; key: string; title: string; rows: readonly Row[]; isFolded: boolean }
  | { kind: 'run'; row: Row };

export const noGroup = '';
export const bySettings = 'settings';
export const byExperiment = 'experiment';

export function arrange(
  rows: readonly Row[],
  columns: readonly Column[],
  filter: Filter,
  { sort, group, folded }: Pick<TableView, 'sort' | 'group' | 'folded'>,
): Line[] {
  const kept = 'fault' in filter ? [...rows] : rows.filter((row) => filter.matches(row));
  const by = columns.find(({ id }) => id === sort?.column);
  const sign = sort?.down ? -1 : 1;
  if (by) kept.sort((a, b) => compared(by.value(a), by.value(b), sign));
  if (group === noGroup) return kept.map((row) => ({ kind: 'run', row }));

  const keyOf = grouping(group, columns);
  const groups = new Map<string, Row[]>();
  for (const row of kept) {
    const key = keyOf(row);
    const found = groups.get(key);
    if (found) found.push(row);
    else groups.set(key, [row]);
  }
  const all = [...groups];
  if (by?.isNumber)
    all.sort(([, a], [, b]) => compared(numberOf(spreadOf(a, by).mean), numberOf(spreadOf(b, by).mean), sign));
  return all.flatMap(([key, members]): Line[] => {
    const isFolded = folded.includes(key);
    const head: Line = { kind: 'group', key, title: key, rows: members, isFolded };
    return isFolded ? [head] : [head, ...members.map((row): Line => ({ kind: 'run', row }))];
  });
}

const numberOf = (value: number) => (Number.isNaN(value) ? undefined : value);

/** What is not there stands last, whichever way it is sorted. */
function compared(a: string | number | boolean | undefined, b: typeof a, sign: number): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  const [x, y] = [String(a), String(b)];
  return sign * (x < y ? -1 : x > y ? 1 : 0);
}

/** By one setting or the experiment, or by all settings but the seed: runs that differ in nothing else. */
function grouping(group: string, columns: readonly Column[]): (row: Row) => string {
  if (group === byExperiment) return ({ head }) => head.experiment;
  if (group !== bySettings) {
    return (row) => `${shortKey(group)} ${String(settingsOf(row)[group] ?? '–')}`;
  }
  const differing = columns.filter(({ id, differs }) => differs === true && id !== 'seed' && id !== 'units.seed');
  return (row) => {
    const own = differing.flatMap((one) => {
      const value = one.value(row);
      return value === undefined ? [] : [`${one.title} ${one.say(value)}`];
    });
    return [row.head.experiment, ...own].join(' · ');
  };
}

export function spreadOf(rows: readonly Row[], { value }: Column): Spread {
  const numbers = rows.map(value).filter((one): one is number => typeof one === 'number' && Number.isFinite(one));
  const count = numbers.length;
  const mean = count > 0 ? numbers.reduce((sum, one) => sum + one, 0) / count : Number.NaN;
  const squares = numbers.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return { mean, deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : Number.NaN, count };
}

/** `3.84 ± 0.02`, one value that all share, or what they have in common: nothing. */
export function sayGroup(rows: readonly Row[], column: Column): string {
  if (column.isNumber && column.kind === 'result') {
    const { mean, deviation } = spreadOf(rows, column);
    if (Number.isNaN(mean)) return '';
    const text = column.say(mean);
    return Number.isNaN(deviation) ? text : `${text} ± ${column.say(deviation).replace(/^\+/, '')}`;
  }
  const values = new Set(rows.map(column.value));
  const [one] = values;
  if (values.size === 1) return one === undefined ? '' : column.say(one);
  return column.kind === 'setting' ? t('{0} values', values.size) : '';
}
