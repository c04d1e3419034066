/**
 * @file Parallel coordinates on the page: ranges drawn along the axes by mouse, or by keyboard as text is selected, hold
 * some of the lines; the nearest line is named.
 */
import { button } from '../controls.ts';
import { h, setText, svg } from '../dom.ts';
import type { Theme } from '../theme.ts';
import { t } from '../words.ts';
import { type CursorChart, cursorChart } from './cursor-chart.ts';
import { svgOfParallel } from './export-svg-bars.ts';
import type { ParallelFigure } from './figure.ts';
import type { ChartHost } from './frame.ts';
import { carried, type Range, sayHeld, sayRange, stops } from './parallel-brush.ts';
import { layParallel, type ParallelLayout } from './parallel-layout.ts';
import { nowhere } from './parallel-scale.ts';

/** Pixels: of a pointer from a line, from an axis; of a press that is no drag. */
const nearLine = 8;
const nearAxis = 16;
const still = 4;

/** @param tools what stands above the picture */
export function parallelChart(name: string, host: ChartHost, ...tools: HTMLElement[]): CursorChart<ParallelFigure> {
  let ranges = new Map<string, Range>();
  /** Where the keyboard is, and where it began to select. */
  let axis: number | undefined;
  let place = 0;
  let anchor: number | undefined;
  let drag: { axis: number; from: number; y: number; isFar: boolean } | undefined;
  let isDue = false;

  const over = svg('path', { fill: 'none', 'stroke-width': 3 });
  const above = svg('svg', { class: 'over', 'aria-hidden': 'true' }, over);
  let pointed = { x: 0, y: 0 };

  const chart = cursorChart<ParallelFigure, ParallelLayout>(name, host, {
    role: t('parallel coordinates'),
    keys: t(
      'Left and right choose an axis, up and down a value on it; with Shift they choose a range. Page up and page down move over the lines that are highlighted, Delete removes the range, Escape all ranges.',
    ),
    lay(figure, width, theme: Theme, widthOf) {
      over.setAttribute('stroke', theme.text);
      return layParallel(figure, width, theme, widthOf, { ranges, ...(axis === undefined ? {} : { axis, place }) });
    },
    svg: (figure) => svgOfParallel(figure, ranges),
    entries: ({ lines }) => lines,
    hit(layout, x, y) {
      pointed = { x, y };
      return drag?.isFar ? undefined : lineAt(layout, x, y);
    },
    tipAt(_, __, tip, room) {
      const { x, y } = pointed;
      return {
        left: x + 16 + tip.width < room.width ? x + 16 : x - 16 - tip.width,
        top: Math.min(room.height - tip.height, y + 12),
      };
    },
    back: 'PageUp',
    on: 'PageDown',
    passes: (layout, index) => layout.isHeld[index],
    under: {
      element: above,
      place({ xs, ys }, index) {
        const line = index === undefined ? undefined : ys[index];
        over.setAttribute('d', line ? xs.map((x, i) => `${i ? 'L' : 'M'}${x} ${line[i]}`).join('') : '');
        if (line && axis !== undefined && chart.area.matches(':focus-visible'))
          pointed = { x: xs[axis], y: line[axis] };
      },
    },
  });
  // Below, where a longer sentence moves nothing under the pointer.
  const told = h('p', { class: 'note', data: { held: '' } });
  const clear = button(t('Remove all ranges'), () => choose(new Map()));
  chart.area.classList.add('parallel');
  chart.body.prepend(h('div', { class: 'toolbar' }, ...tools, clear));
  chart.body.append(told);

  /** Says it where a person has finished. */
  function choose(next: Map<string, Range>, isDone = true): void {
    ranges = next;
    const figure = chart.now()?.figure;
    if (!figure) return;
    tell(figure);
    if (isDone) host.say(sayHeld(figure, ranges) || figure.count(figure.lines.length));
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      chart.draw();
    });
  }

  function tell(figure: ParallelFigure): void {
    setText(told, sayHeld(figure, ranges) || t('Draw along an axis to highlight what is in a range.'));
    // Its room stays.
    clear.style.visibility = ranges.size === 0 ? 'hidden' : '';
  }

  const set = (id: string, range: Range | undefined) => {
    const next = new Map(ranges);
    if (range) next.set(id, range);
    else next.delete(id);
    return next;
  };

  chart.area.addEventListener('pointerdown', (event) => {
    const now = chart.now();
    if (!now?.layout || event.button !== 0) return;
    const { x, y } = at(event);
    const nearest = nearestAxis(now.layout, x);
    if (nearest === undefined) return;
    drag = { axis: nearest, from: toPlace(now.layout, y), y, isFar: false };
    chart.area.setPointerCapture(event.pointerId);
  });
  chart.area.addEventListener('pointermove', (event) => {
    const now = chart.now();
    if (!drag || !now?.layout) return;
    const { y } = at(event);
    drag.isFar ||= Math.abs(y - drag.y) > still;
    if (!drag.isFar) return;
    const to = toPlace(now.layout, y);
    choose(set(now.figure.axes[drag.axis].id, { low: Math.min(drag.from, to), high: Math.max(drag.from, to) }), false);
  });
  chart.area.addEventListener('pointerup', () => {
    const now = chart.now();
    const ended = drag;
    drag = undefined;
    if (!ended || !now) return;
    const { id } = now.figure.axes[ended.axis];
    if (ended.isFar) choose(ranges);
    else if (ranges.has(id)) choose(set(id, undefined));
  });
  chart.area.addEventListener('pointercancel', () => {
    drag = undefined;
  });

  chart.area.addEventListener('blur', () => {
    axis = anchor = undefined;
    chart.draw();
  });
  chart.area.addEventListener('keydown', (event) => {
    const figure = chart.now()?.figure;
    if (!figure) return;
    const { key, shiftKey } = event;
    if (key === 'Escape' && ranges.size > 0) choose(new Map());
    else if (key === 'Delete' && axis !== undefined) choose(set(figure.axes[axis].id, undefined));
    else if (key === 'ArrowLeft' || key === 'ArrowRight') {
      const last = figure.axes.length - 1;
      axis = axis === undefined ? 0 : Math.min(last, Math.max(0, axis + (key === 'ArrowRight' ? 1 : -1)));
      place = ranges.get(figure.axes[axis].id)?.low ?? stops(figure, axis)[0];
      anchor = undefined;
      host.say(sayAxis(figure, axis));
      chart.draw();
    } else if (key === 'ArrowUp' || key === 'ArrowDown') {
      axis ??= 0;
      if (shiftKey) anchor ??= place;
      else anchor = undefined;
      const all = stops(figure, axis);
      const [above, below] = [all.find((one) => one > place), all.findLast((one) => one < place)];
      place = (key === 'ArrowUp' ? above : below) ?? place;
      if (anchor === undefined) {
        host.say(sayRange(figure, axis, { low: place, high: place }));
        chart.draw();
      } else choose(set(figure.axes[axis].id, { low: Math.min(anchor, place), high: Math.max(anchor, place) }));
    } else return;
    event.preventDefault();
  });

  function sayAxis(figure: ParallelFigure, index: number): string {
    const range = ranges.get(figure.axes[index].id);
    if (range) return t('{0}, highlighted', sayRange(figure, index, range));
    return sayRange(figure, index, { low: nowhere, high: 1 });
  }

  const at = (event: PointerEvent) => {
    const bounds = chart.area.getBoundingClientRect();
    return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
  };

  return {
    element: chart.element,
    update(figure, theme) {
      const before = chart.now()?.figure;
      if (before && before !== figure) ranges = carried(ranges, before.axes, figure.axes);
      if (axis !== undefined && axis >= figure.axes.length) axis = anchor = undefined;
      tell(figure);
      chart.update(figure, theme);
    },
  };
}

/** Below the axis lies what has no value; a drag goes as far. */
const toPlace = ({ top, bottom }: ParallelLayout, y: number): number =>
  Math.min(1.01, Math.max(nowhere - 0.01, (bottom - y) / (bottom - top)));

function nearestAxis({ xs }: ParallelLayout, x: number): number | undefined {
  const found = xs.findIndex((one) => Math.abs(one - x) <= nearAxis);
  return found < 0 ? undefined : found;
}

/** Of those that are highlighted. */
function lineAt({ xs, ys, isHeld }: ParallelLayout, x: number, y: number): number | undefined {
  const right = xs.findIndex((one) => one >= x);
  if (right < 0 || (right === 0 && x < xs[0] - still)) return undefined;
  const left = Math.max(0, right - 1);
  const share = right === left ? 0 : (x - xs[left]) / (xs[right] - xs[left]);
  let [found, least]: [number | undefined, number] = [undefined, nearLine];
  for (const [i, line] of ys.entries()) {
    if (!isHeld[i]) continue;
    const far = Math.abs(line[left] + share * (line[right] - line[left]) - y);
    if (far < least) [found, least] = [i, far];
  }
  return found;
}
