/** @file A scatter on the page: a readout at the nearest point under the pointer, arrow keys as a cursor. */
import { h, svg } from '../dom.ts';
import type { Theme } from '../theme.ts';
import { t } from '../words.ts';
import { measure } from './bars.ts';
import { drawnArea } from './drawn-area.ts';
import { csvOfSheet } from './export-csv.ts';
import { pngOf } from './export-png.ts';
import { svgOfScatter } from './export-svg-bars.ts';
import type { ScatterFigure } from './figure.ts';
import { type ChartHost, frame } from './frame.ts';
import { layScatter, type ScatterLayout } from './scatter-layout.ts';

export interface ScatterChart {
  element: HTMLElement;
  update(figure: ScatterFigure, theme: Theme): void;
}

/** As near must a pointer be, in pixels. */
const near = 24;

export function scatterChart(name: string, host: ChartHost): ScatterChart {
  let figure: ScatterFigure | undefined;
  let theme: Theme;
  let centres: ScatterLayout['centres'] = [];
  let cursor: number | undefined;

  const box = frame(
    name,
    {
      svg: () => svgOfScatter(figure!),
      csv: () => csvOfSheet(figure!.sheet, figure!.source),
      png: () => pngOf(svgOfScatter(figure!)),
    },
    () => ({ ...figure!.table, all: figure!.table.rows.length }),
    host,
  );
  const tip = h('div', { class: 'tip', hidden: true, 'aria-hidden': 'true' });
  const picture = h('div', { 'aria-hidden': 'true' });
  const keys = t('Left and right move over the points.');
  const { parts, area, name: call, draw } = drawnArea({ class: 'bars', role: t('scatter plot'), keys }, paint);
  area.append(picture, tip);
  box.body.append(...parts);

  function paint(width: number): void {
    if (!figure) return;
    const font = `11px ${theme.font}`;
    const layout = layScatter(figure, width, theme, (text) => measure(text, font));
    centres = layout.centres;
    if (cursor !== undefined && cursor >= centres.length) cursor = undefined;
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
    const one = cursor === undefined ? undefined : figure?.points[cursor];
    tip.hidden = one === undefined || !area.matches(':hover, :focus-visible');
    if (tip.hidden || !one || cursor === undefined) return;
    const { x, y } = centres[cursor];
    tip.replaceChildren(h('strong', {}, one.label), ...one.detail.map((line) => h('div', {}, line)));
    const beside = x + 12 + tip.offsetWidth < area.clientWidth ? x + 12 : x - 12 - tip.offsetWidth;
    tip.style.left = `${Math.max(0, beside)}px`;
    tip.style.top = `${Math.max(0, Math.min(area.clientHeight - tip.offsetHeight, y - tip.offsetHeight / 2))}px`;
  }

  const move = (to: number | undefined) => {
    if (to === cursor) return;
    cursor = to;
    point();
  };
  area.addEventListener('pointermove', (event) => {
    const bounds = area.getBoundingClientRect();
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
    let [found, least]: [number | undefined, number] = [undefined, near];
    for (const [i, centre] of centres.entries()) {
      const far = Math.hypot(centre.x - x, centre.y - y);
      if (far < least) [found, least] = [i, far];
    }
    move(found);
  });
  area.addEventListener('pointerleave', () => move(undefined));
  area.addEventListener('blur', () => move(undefined));
  area.addEventListener('keydown', (event) => {
    if (!figure || figure.points.length === 0) return;
    const last = figure.points.length - 1;
    const step: Record<string, number> = {
      ArrowRight: Math.min(last, (cursor ?? -1) + 1),
      ArrowLeft: Math.max(0, (cursor ?? 1) - 1),
      Home: 0,
      End: last,
    };
    const to = step[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
    const { label, detail } = figure.points[to];
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
