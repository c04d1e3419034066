/** @file Bars of before and after on the page: a strip a language, a readout under the pointer, up and down as a cursor. */
import { h, svg } from '../dom.ts';
import type { Theme } from '../theme.ts';
import { t } from '../words.ts';
import { layBars } from './bar-layout.ts';
import { drawnArea } from './drawn-area.ts';
import { csvOfSheet } from './export-csv.ts';
import { pngOf } from './export-png.ts';
import { svgOfBars } from './export-svg-bars.ts';
import type { BarFigure } from './figure.ts';
import { type ChartHost, frame } from './frame.ts';

export interface BarChart {
  element: HTMLElement;
  update(figure: BarFigure, theme: Theme): void;
}

export function barChart(name: string, host: ChartHost): BarChart {
  let figure: BarFigure | undefined;
  let theme: Theme;
  let strips: { top: number; height: number }[] = [];
  let cursor: number | undefined;

  const box = frame(
    name,
    {
      svg: () => svgOfBars(figure!),
      csv: () => csvOfSheet(figure!.sheet, figure!.source),
      png: () => pngOf(svgOfBars(figure!)),
    },
    () => ({ ...figure!.table, all: figure!.table.rows.length }),
    host,
  );
  const tip = h('div', { class: 'tip', hidden: true, 'aria-hidden': 'true' });
  const strip = h('div', { class: 'strip', hidden: true, 'aria-hidden': 'true' });
  const picture = h('div', { 'aria-hidden': 'true' });
  const keys = t('The up and down arrows move over the languages.');
  const { parts, area, name: call, draw } = drawnArea({ class: 'bars', role: t('bar chart'), keys }, paint);
  area.append(strip, picture, tip);
  box.body.append(...parts);

  function paint(width: number): void {
    if (!figure) return;
    const font = `11px ${theme.font}`;
    const layout = layBars(figure, width, theme, (text) => measure(text, font));
    strips = layout.strips;
    if (cursor !== undefined && cursor >= strips.length) cursor = undefined;
    picture.replaceChildren(
      svg(
        'svg',
        { width, height: layout.height, viewBox: `0 0 ${width} ${layout.height}` },
        ...layout.parts.map(({ tag, attributes, text }) => svg(tag, attributes, text)),
      ),
    );
    point();
  }

  function point(): void {
    const group = cursor === undefined ? undefined : figure?.groups[cursor];
    const shown = group !== undefined && area.matches(':hover, :focus-visible');
    tip.hidden = strip.hidden = !shown;
    if (!shown || cursor === undefined) return;
    const { top, height } = strips[cursor];
    strip.style.top = `${top}px`;
    strip.style.height = `${height}px`;
    tip.replaceChildren(h('strong', {}, group.label), ...group.detail.map((line) => h('div', {}, line)));
    const room = area.clientHeight - tip.offsetHeight;
    tip.style.left = `${Math.max(0, (area.clientWidth - tip.offsetWidth) / 2)}px`;
    tip.style.top = `${top + height < room ? top + height + 2 : Math.max(0, top - tip.offsetHeight - 2)}px`;
  }

  const move = (to: number | undefined) => {
    if (to === cursor) return;
    cursor = to;
    point();
  };
  area.addEventListener('pointermove', (event) => {
    const y = event.clientY - area.getBoundingClientRect().top;
    const found = strips.findIndex(({ top, height }) => y >= top && y < top + height);
    move(found < 0 ? undefined : found);
  });
  area.addEventListener('pointerleave', () => move(undefined));
  area.addEventListener('blur', () => move(undefined));
  area.addEventListener('keydown', (event) => {
    if (!figure || figure.groups.length === 0) return;
    const last = figure.groups.length - 1;
    const step: Record<string, number> = {
      ArrowDown: Math.min(last, (cursor ?? -1) + 1),
      ArrowUp: Math.max(0, (cursor ?? 1) - 1),
      Home: 0,
      End: last,
    };
    const to = step[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
    const { label, detail } = figure.groups[to];
    host.say(`${label}: ${detail.join(', ')}`);
  });

  return {
    element: box.element,
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

let pencil: CanvasRenderingContext2D | null | undefined;
/** Pixels. */
export function measure(text: string, font: string): number {
  pencil ??= document.createElement('canvas').getContext('2d');
  if (!pencil) return text.length * 6.4;
  pencil.font = font;
  return pencil.measureText(text).width;
}
