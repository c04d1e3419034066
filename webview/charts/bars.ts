/** @file Bars of before and after on the page: a strip a language, a readout under the pointer, up and down as a cursor. */
import { h } from '../dom.ts';
import { t } from '../words.ts';
import { type BarLayout, layBars } from './bar-layout.ts';
import { type CursorChart, cursorChart } from './cursor-chart.ts';
import { svgOfBars } from './export-svg-bars.ts';
import type { BarFigure } from './figure.ts';
import type { ChartHost } from './frame.ts';

export type BarChart = CursorChart<BarFigure>;

export function barChart(name: string, host: ChartHost): BarChart {
  const strip = h('div', { class: 'strip', hidden: true, 'aria-hidden': 'true' });
  return cursorChart<BarFigure, BarLayout>(name, host, {
    role: t('bar chart'),
    keys: t('The up and down arrows move over the languages.'),
    lay: layBars,
    svg: svgOfBars,
    entries: ({ groups }) => groups,
    hit({ strips }, _, y) {
      const found = strips.findIndex(({ top, height }) => y >= top && y < top + height);
      return found < 0 ? undefined : found;
    },
    tipAt({ strips }, index, tip, room) {
      const { top, height } = strips[index];
      return {
        left: (room.width - tip.width) / 2,
        top: top + height < room.height - tip.height ? top + height + 2 : top - tip.height - 2,
      };
    },
    back: 'ArrowUp',
    on: 'ArrowDown',
    under: {
      element: strip,
      place({ strips }, index) {
        strip.hidden = index === undefined;
        if (index === undefined) return;
        strip.style.top = `${strips[index].top}px`;
        strip.style.height = `${strips[index].height}px`;
      },
    },
  });
}
