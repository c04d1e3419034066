/** @file What stands in the cells of the table of runs. */
import type { Context } from '../context.ts';
import { h, runContext } from '../dom.ts';
import { whole } from '../format.ts';
import { type Line, sayGroup } from '../table/arrange.ts';
import { type Column, higherIsBetter } from '../table/columns.ts';
import type { GridHead, GridRow } from '../table/grid.ts';
import { hueOf } from '../theme.ts';
import { t } from '../words.ts';
import { letterChip } from './letter-chip.ts';

const widths: Record<string, number> = {
  name: 310,
  state: 86,
  created: 130,
  parent: 220,
  id: 260,
  experiment: 180,
  device: 130,
  bytes: 84,
};

export const headsOf = (columns: readonly Column[]): GridHead[] =>
  columns.map((one) => ({
    id: one.id,
    title: one.title,
    isNumber: one.isNumber,
    width:
      widths[one.id] ??
      (one.best ? 168 : one.kind === 'result' ? 128 : Math.max(58, Math.min(150, 26 + 8 * one.title.length))),
  }));

export function rowsOf(context: Context, lines: readonly Line[], columns: readonly Column[]): GridRow[] {
  const places = new Map(context.state.view.runs.map((id, index) => [id, index]));
  const ink = context.theme.hues.join();
  return lines.map((line): GridRow => {
    if (line.kind === 'group')
      return {
        key: `group ${line.key}`,
        look: `${line.isFolded} ${identity(line.rows)} ${columns.length}`,
        isGroup: true,
        cells: () => groupCells(line, columns),
      };
    const { head } = line.row;
    const place = places.get(head.id);
    return {
      key: head.id,
      // What is not in sight costs nothing: the row's look is its objects, which change when anything of it does.
      look: `${place} ${ink} ${identity(head)} ${line.row.facts ? identity(line.row.facts) : ''} ${line.row.bytes} ${columns.length}`,
      isGroup: false,
      context: runContext(head.id),
      cells: () => runCells(context, line, columns, place),
    };
  });
}

const identities = new WeakMap<object, number>();
let count = 0;
function identity(of: object): number {
  let known = identities.get(of);
  if (known === undefined) identities.set(of, (known = ++count));
  return known;
}

function groupCells(line: Extract<Line, { kind: 'group' }>, columns: readonly Column[]): (Node | string)[] {
  return columns.map((column, i) =>
    i === 0
      ? h(
          'span',
          { class: 'group-name', title: line.title },
          h('span', { 'aria-hidden': 'true' }, line.isFolded ? '▸ ' : '▾ '),
          h('bdi', {}, line.title),
          h('span', { class: 'note' }, ` ${whole(line.rows.length)}`),
        )
      : sayGroup(line.rows, column),
  );
}

function runCells(
  { theme }: Context,
  { row }: Extract<Line, { kind: 'run' }>,
  columns: readonly Column[],
  place: number | undefined,
): (Node | string)[] {
  return columns.map((column, i) => {
    if (i === 0) {
      const box = h('input', {
        type: 'checkbox',
        tabindex: -1,
        'aria-label': t('Show {0} in the charts', row.head.name),
        checked: place !== undefined,
      });
      return h(
        'span',
        { class: 'run-name' },
        box,
        h('span', { class: 'slot' }, place !== undefined && letterChip(place, hueOf(theme, place))),
        row.head.pinned && h('span', { class: 'pin', title: t('pinned') }, '★'),
        h('bdi', { title: `${row.head.name}\n${row.head.id}` }, row.head.name),
        ...row.head.tags.map((tag) => h('span', { class: 'tag' }, tag)),
      );
    }
    const value = column.value(row);
    if (value === undefined) return '';
    const best = column.best?.(row);
    const isOther = best !== undefined && best.value !== value;
    return numberCell(
      column.say(value),
      isOther ? t('{0} at {1}', column.say(best.value), whole(best.step)) : undefined,
      toneOf(column, value),
    );
  });
}

/** Gains and losses have a side; what is so small that nobody would write it has none. */
function toneOf(column: Column, value: unknown): string {
  if (typeof value !== 'number' || Math.abs(value) < 0.005) return '';
  if (!/^(gain|forgetting)/.test(column.id)) return '';
  return value > 0 === higherIsBetter(column) ? 'good' : 'bad';
}

/** A cell that says one thing is its text alone: very many of them come and go while somebody scrolls. */
const numberCell = (text: string, best?: string, tone = ''): Node | string =>
  best === undefined && tone === ''
    ? text
    : h(
        'span',
        best === undefined ? { class: tone } : { title: t('Last: {0}. Best: {1}.', text, best) },
        best === undefined ? text : h('span', { class: tone }, text),
        best !== undefined && h('span', { class: 'note best' }, best),
      );
