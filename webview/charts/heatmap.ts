/** @file A heat map on a canvas: cells with their numbers, a readout under the pointer, a cursor for the arrow keys. */
import { h } from '../dom.ts';
import { groundOf, type Theme } from '../theme.ts';
import { t } from '../words.ts';
import { colourOf, inkOn, valueAt } from './colour-map.ts';
import { drawnArea } from './drawn-area.ts';
import { csvOfHeat } from './export-csv.ts';
import { pngOf } from './export-png.ts';
import { svgOfHeat } from './export-svg-heat.ts';
import type { HeatCell, HeatFigure } from './figure.ts';
import { type ChartHost, frame } from './frame.ts';
import { type Columns, layColumns } from './heat-columns.ts';

export interface HeatChart {
  element: HTMLElement;
  /** What stands under the picture is added here. */
  body: HTMLElement;
  update(figure: HeatFigure, theme: Theme): void;
}

interface Layout {
  left: number;
  top: number;
  cellHeight: number;
  across: Columns;
}

export function heatMap(name: string, host: ChartHost): HeatChart {
  let figure: HeatFigure | undefined;
  let theme: Theme;
  let layout: Layout | undefined;
  let cursor: { row: number; column: number } | undefined;

  const box = frame(
    name,
    { svg: () => svgOfHeat(figure!), csv: () => csvOfHeat(figure!), png: () => pngOf(svgOfHeat(figure!)) },
    () => ({
      head: [figure!.rowTitle, ...figure!.columns],
      rows:
        figure!.table ??
        figure!.rows.map(({ label }, r) => [label, ...figure!.columns.map((_, c) => figure!.format(at(r, c)))]),
      all: figure!.rows.length,
    }),
    host,
  );
  const canvas = h('canvas');
  const tip = h('div', { class: 'tip', hidden: true, 'aria-hidden': 'true' });
  const keys = t('The arrow keys move over the cells.');
  const { parts, area, name: call, draw } = drawnArea({ class: 'heat', role: t('heat map'), keys }, paint);
  area.append(canvas, tip);
  const ramp = h('div', { class: 'ramp' });
  const low = h('span');
  const middle = h('span');
  const high = h('span');
  const scale = h(
    'div',
    { class: 'scale', 'aria-hidden': 'true' },
    ramp,
    h('div', { class: 'scale-words' }, low, middle, high),
  );
  box.body.append(...parts, scale);

  const at = (row: number, column: number) => figure!.values[row * figure!.columns.length + column];
  /** What stands in a cell, and what is said of it. */
  const cellAt = (row: number, column: number): HeatCell => {
    const { cells, columns, format, unit } = figure!;
    const own = cells?.[row * columns.length + column];
    if (own) return own;
    const text = format(at(row, column));
    return { text, detail: [`${text} ${unit}`] };
  };
  const columnName = (column: number) => {
    const { columns, columnTitle, apart = columns.length } = figure!;
    return column < apart ? `${columnTitle} ${columns[column]}` : columns[column];
  };
  const ground = () => groundOf(theme);

  function paint(width: number): void {
    if (!figure) return;
    const { rows, columns } = figure;
    if (cursor && (cursor.row >= rows.length || cursor.column >= columns.length)) cursor = undefined;
    const pencil = canvas.getContext('2d')!;
    const font = `11px ${theme.font}`;
    pencil.font = font;
    const longest = Math.max(20, ...rows.map((row) => pencil.measureText(named(row)).width));
    const left = Math.min(width * 0.35, Math.ceil(longest) + 14 + 16);
    const cellHeight = rows.length > 14 ? 18 : 26;
    const apart = figure.apart ?? columns.length;
    const across = layColumns(columns.length, apart, left, width - left - 2, 140);
    layout = { left, top: 34, cellHeight, across };
    const { top } = layout;
    const { edge, widthOf } = across;
    const height = top + rows.length * cellHeight + 4;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    pencil.scale(ratio, ratio);
    pencil.font = font;
    pencil.textBaseline = 'middle';
    pencil.fillStyle = theme.muted;
    pencil.textAlign = 'center';
    pencil.fillText(figure.columnTitle, left + (apart * across.width) / 2, 8);
    pencil.save();
    pencil.translate(7, top + (rows.length * cellHeight) / 2);
    pencil.rotate(-Math.PI / 2);
    pencil.fillText(figure.rowTitle, 0, 0);
    pencil.restore();
    const every = Math.ceil(24 / across.width);
    columns.forEach((label, c) => {
      const room = c < apart ? every * across.width : widthOf(c);
      if (c % every === 0 || c >= apart) pencil.fillText(fitted(pencil, label, room - 1), edge(c) + widthOf(c) / 2, 24);
    });
    rows.forEach((row, r) => {
      const y = top + r * cellHeight;
      pencil.font = font;
      pencil.textAlign = 'right';
      pencil.fillStyle = theme.text;
      pencil.fillText(named(row), left - 8, y + cellHeight / 2);
      pencil.textAlign = 'center';
      columns.forEach((_, c) => {
        const value = at(r, c);
        const cellWidth = widthOf(c);
        const bare = figure!.cells !== undefined && !Number.isFinite(value);
        const fill = colourOf(value, figure!.scale, ground());
        pencil.fillStyle = bare ? theme.grid : fill;
        pencil.strokeStyle = theme.grid;
        // In high contrast the grid's colour is too strong to be a ground.
        if (bare && theme.kind.startsWith('hc'))
          pencil.strokeRect(edge(c) + 0.5, y + 0.5, cellWidth - 3, cellHeight - 3);
        else pencil.fillRect(edge(c), y, Math.max(1, cellWidth - 2), cellHeight - 2);
        if (cellWidth < 34 || (!figure!.cells && !Number.isFinite(value))) return;
        const { text, mark = '', quiet } = cellAt(r, c);
        pencil.font = quiet ? `italic ${font}` : font;
        pencil.fillStyle = bare ? theme.text : inkOn(fill);
        const middle = edge(c) + cellWidth / 2 - 1;
        pencil.fillText(text, middle, y + cellHeight / 2 - 0.5);
        const behind = middle + pencil.measureText(text).width / 2 + 7;
        if (mark && behind + 5 < edge(c) + cellWidth) pencil.fillText(mark, behind, y + cellHeight / 2 - 0.5);
      });
    });
    if (cursor) {
      pencil.strokeStyle = theme.focus;
      pencil.lineWidth = 2;
      pencil.strokeRect(edge(cursor.column) - 1, top + cursor.row * cellHeight - 1, widthOf(cursor.column), cellHeight);
    }
    const stops = Array.from({ length: 13 }, (_, i) =>
      colourOf(valueAt(figure!.scale, i / 12), figure!.scale, ground()),
    );
    ramp.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
    const { most, kind, ends } = figure.scale;
    const usual: [string, string, string] =
      kind === 'diverging'
        ? [t('0 dead'), t('1 fair'), `≥\u202f${figure.format(most)}`]
        : ['0', figure.unit, figure.format(most)];
    [low.textContent, middle.textContent, high.textContent] = ends ?? usual;
    point();
  }

  function point(): void {
    tip.hidden = !cursor || !layout || !area.matches(':hover, :focus-visible');
    if (tip.hidden || !cursor || !layout || !figure) return;
    const row = figure.rows[cursor.row];
    tip.replaceChildren(
      h('strong', {}, row.detail ?? row.label),
      h('div', {}, columnName(cursor.column)),
      ...cellAt(cursor.row, cursor.column).detail.map((line) => h('div', {}, line)),
    );
    const { edge, widthOf } = layout.across;
    const right = edge(cursor.column) + widthOf(cursor.column) + 6;
    const left = right + tip.offsetWidth < area.clientWidth ? right : edge(cursor.column) - tip.offsetWidth - 6;
    tip.style.left = `${Math.max(0, left)}px`;
    tip.style.top = `${layout.top + cursor.row * layout.cellHeight}px`;
  }

  const move = (to: typeof cursor) => {
    if (to?.row === cursor?.row && to?.column === cursor?.column) return;
    cursor = to;
    draw();
  };

  area.addEventListener('pointermove', (event) => {
    if (!layout || !figure) return;
    const bounds = canvas.getBoundingClientRect();
    const across = event.clientX - bounds.left;
    const { edge, widthOf } = layout.across;
    const column = figure.columns.findIndex((_, c) => across >= edge(c) && across < edge(c) + widthOf(c));
    const row = Math.floor((event.clientY - bounds.top - layout.top) / layout.cellHeight);
    const inside = row >= 0 && row < figure.rows.length && column >= 0 && column < figure.columns.length;
    move(inside ? { row, column } : undefined);
  });
  area.addEventListener('pointerleave', () => move(undefined));
  area.addEventListener('blur', () => move(undefined));
  area.addEventListener('keydown', (event) => {
    if (!figure || figure.rows.length === 0 || figure.columns.length === 0) return;
    const lastRow = figure.rows.length - 1;
    const lastColumn = figure.columns.length - 1;
    const from = cursor ?? { row: 0, column: -1 };
    const step: Record<string, [number, number]> = {
      ArrowRight: [from.row, from.column + 1],
      ArrowLeft: [from.row, from.column - 1],
      ArrowDown: [from.row + (cursor ? 1 : 0), Math.max(0, from.column)],
      ArrowUp: [from.row - 1, Math.max(0, from.column)],
      Home: [from.row, 0],
      End: [from.row, lastColumn],
    };
    const to = step[event.key];
    if (!to) return;
    event.preventDefault();
    const row = Math.min(lastRow, Math.max(0, to[0]));
    const column = Math.min(lastColumn, Math.max(0, to[1]));
    move({ row, column });
    const label = figure.rows[row].detail ?? figure.rows[row].label;
    host.say(`${label}, ${columnName(column)}: ${cellAt(row, column).detail.join(', ')}`);
  });

  return {
    element: box.element,
    body: box.body,
    update(next, look) {
      figure = next;
      theme = look;
      // Also of a chart that is not in sight: a screen reader reads the whole page.
      box.title(figure.title, figure.note, figure.source);
      call(figure.title);
      box.refresh();
      draw();
    },
  };
}

/** As much of a text as there is room for. */
function fitted(pencil: CanvasRenderingContext2D, text: string, room: number): string {
  let kept = text.slice(0, 40);
  while (kept.length > 1 && pencil.measureText(kept === text ? kept : `${kept}…`).width > room)
    kept = kept.slice(0, -1);
  return kept === text ? text : `${kept}…`;
}

/** As the axis has it: cut where it is long, with its mark. */
const named = ({ label, mark = '' }: HeatFigure['rows'][number]): string =>
  `${label.length > 22 ? `${label.slice(0, 21)}…` : label} ${mark}`.trim();
