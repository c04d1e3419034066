/** @file What settings the runs of the table, or its groups, had, and what came of each: a line over all axes. Pure. */
import type { Scalar } from '../../sidecar/protocol/settings.ts';
import type { ParallelFigure } from '../charts/figure.ts';
import { scaleOf } from '../charts/parallel-scale.ts';
import { whole } from '../format.ts';
import { type Line, spreadOf } from '../table/arrange.ts';
import { type Column, higherIsBetter } from '../table/columns.ts';
import type { Row } from '../table/row.ts';
import { t } from '../words.ts';

/** More are not told apart. */
const mostLines = 2000;
const mostSettings = 6;
const mostWords = 40;
const mostResults = 3;

interface Member {
  label: string;
  rows: readonly Row[];
}

/** Undefined where fewer than two were measured, or no setting differs. @param by the result that colours them, by its id */
export function parallelFigure(
  lines: readonly Line[],
  columns: readonly Column[],
  by: string,
): ParallelFigure | undefined {
  const members = membersOf(lines);
  const shown = members.slice(0, mostLines);
  const results = resultsOf(members, columns);
  const coloured = results.find(({ id }) => id === by) ?? results[0];
  if (!coloured) return undefined;
  const settings = columns.flatMap((column) => {
    if (column.kind !== 'setting' || !column.differs) return [];
    const values = shown.map(({ rows }) => common(rows, column));
    const scale = scaleOf(values, false);
    const different = new Set(values).size;
    return scale && different > 1 ? [{ column, values, scale, title: logged(column.title, scale.kind) }] : [];
  });
  const fitting = settings.filter(({ scale }) => scale.kind !== 'words' || scale.words.length <= mostWords);
  const chosen = fitting.slice(0, mostSettings);
  if (chosen.length === 0) return undefined;
  const outcomes = results.flatMap((column) => {
    const spreads = shown.map(({ rows }) => spreadOf(rows, column));
    const values = spreads.map(({ mean }) => (Number.isNaN(mean) ? undefined : mean));
    const scale = scaleOf(values, true);
    return scale ? [{ column, values, spreads, scale, title: column.title }] : [];
  });
  const colour = outcomes.find(({ column }) => column === coloured);
  if (!colour || colour.scale.kind === 'words') return undefined;
  const { min, max } = colour.scale;
  const [worst, best] = higherIsBetter(coloured) === false ? [max, min] : [min, max];
  const shadeOf = (value: number | undefined) =>
    value === undefined ? undefined : min === max ? 1 : (value - worst) / (best - worst);

  const isGrouped = lines.some(({ kind }) => kind === 'group');
  const say = (column: Column, value: Scalar | undefined) => (value === undefined ? '–' : column.say(value));
  const sayOutcome = ({ column, spreads }: (typeof outcomes)[number], i: number) => {
    const { mean, deviation } = spreads[i];
    if (Number.isNaN(mean)) return '–';
    return Number.isNaN(deviation)
      ? column.say(mean)
      : `${column.say(mean)} ± ${column.say(deviation).replace(/^\+/, '')}`;
  };
  const left = settings.length - chosen.length;
  return {
    id: 'parallel',
    title: t('Settings and results'),
    note: [
      isGrouped ? t('a line a group, at its mean') : t('a line a run'),
      outcomes.some(({ column }) => column.id.startsWith('accuracy')) ? '' : t('results in nats'),
      members.length > shown.length ? t('the first {0} of {1}', whole(shown.length), whole(members.length)) : '',
      left > 0 ? t('{0} more settings differ', left) : '',
    ]
      .filter(Boolean)
      .join('; '),
    axes: [...chosen, ...outcomes].map(({ column, title, scale }) => ({
      id: column.id,
      title,
      scale,
      say: column.say,
    })),
    lines: shown.map(({ label }, i) => ({
      label,
      values: [...chosen, ...outcomes].map(({ values }) => values[i]),
      shade: shadeOf(colour.values[i]),
      detail: [
        ...chosen.map(({ column, values }) => `${column.title}: ${say(column, values[i])}`),
        ...outcomes.map((one) => `${one.title}: ${sayOutcome(one, i)}`),
      ],
    })),
    colour: {
      title: colour.title,
      worst: coloured.say(worst),
      best: coloured.say(best),
      by: coloured.id,
      choices: outcomes.map(({ column }) => [column.id, column.title]),
    },
    count: (some) =>
      isGrouped
        ? t('{0} of {1} groups highlighted', whole(some), whole(shown.length))
        : t('{0} of {1} runs highlighted', whole(some), whole(shown.length)),
    sheet: {
      head: [
        'name',
        ...chosen.map(({ column }) => column.id),
        ...outcomes.flatMap(({ column }) => [column.id, `${column.id} deviation`]),
      ],
      rows: shown.map(({ label }, i) => [
        label,
        ...chosen.map(({ values }) => cell(values[i])),
        ...outcomes.flatMap(({ spreads }) => [number(spreads[i].mean), number(spreads[i].deviation)]),
      ]),
    },
    table: {
      head: [t('Name'), ...chosen.map(({ column }) => column.title), ...outcomes.map(({ title }) => title)],
      rows: shown.map(({ label }, i) => [
        label,
        ...chosen.map(({ column, values }) => say(column, values[i])),
        ...outcomes.map((one) => sayOutcome(one, i)),
      ]),
    },
  };
}

/** What lines can be coloured by: gain and forgetting, or the first of others where nobody measured them. */
function resultsOf(members: readonly Member[], columns: readonly Column[]): Column[] {
  const isMeasured = (column: Column) => {
    let count = 0;
    return members.some(({ rows }) => rows.some((row) => column.value(row) !== undefined) && ++count > 1);
  };
  const all = columns.filter(({ kind }) => kind === 'result');
  const means = all.filter((column) => (column.id === 'gain' || column.id === 'forgetting') && isMeasured(column));
  if (means.length > 0) return means;
  const some: Column[] = [];
  for (const column of all) if (some.length < mostResults && isMeasured(column)) some.push(column);
  return some;
}

/** A group each where the table is grouped, else a run each. */
function membersOf(lines: readonly Line[]): Member[] {
  const isGrouped = lines.some(({ kind }) => kind === 'group');
  return lines.flatMap((line) => {
    if (line.kind === 'group') return [{ label: line.title, rows: line.rows }];
    return isGrouped ? [] : [{ label: line.row.head.name, rows: [line.row] }];
  });
}

/** What all of a group have; where they differ in it, none. */
function common(rows: readonly Row[], { value }: Column): Scalar | undefined {
  const first = rows.length > 0 ? value(rows[0]) : undefined;
  return rows.every((row) => value(row) === first) ? first : undefined;
}

const logged = (title: string, kind: 'linear' | 'log' | 'words') => (kind === 'log' ? `${title} (log)` : title);
const cell = (value: Scalar | undefined) => (typeof value === 'boolean' ? String(value) : (value ?? ''));
const number = (value: number) => (Number.isNaN(value) ? '' : value);
