/** @file Reading a line chart: the tip under the pointer, and the arrow keys as a cursor that says where it stands. */
import type uPlot from 'uplot';
import { h } from '../dom.ts';
import { lowerBound, upperBound } from '../series.ts';
import { t } from '../words.ts';
import type { Line, LineFigure } from './figure.ts';
import type { Drawn, Range } from './line-plot.ts';
import { nearest } from './lines-table.ts';
import { swatch } from './swatch.ts';
import { stepText } from './ticks.ts';

export interface Listener {
  say(text: string): void;
  zoom(to: Range | undefined): void;
}

const mostRows = 14;

const readable = ({ lines }: LineFigure) => lines.filter((line) => !line.quiet && line.xs.length > 0);

/** Listens to the area's keys. `tell` is to be called whenever the plot's cursor has moved. */
export function reading(
  area: HTMLElement,
  now: () => (Drawn & { plot: uPlot }) | undefined,
  host: Listener,
): { tip: HTMLElement; tell(plot: uPlot): void } {
  const tip = h('div', { class: 'tip', hidden: true, 'aria-hidden': 'true' });
  let active = 0;

  /** Only the chart under the pointer, or with the focus, tells; the others show the line alone. */
  function tell(u: uPlot): void {
    const { left = -1, top = -1 } = u.cursor;
    const here = area.matches(':hover, :focus-visible') && left >= 0;
    const drawn = now();
    tip.hidden = !here || !drawn;
    if (!here || !drawn) return;
    const { figure, theme } = drawn;
    const x = u.posToVal(left, 'x');
    const found = readable(figure)
      .map((line) => ({ line, i: nearest(line, x) }))
      .map(({ line, i }) => ({ line, x: line.xs[i], y: line.ys[i], raw: line.raw?.[i] ?? line.ys[i] }))
      .filter((point) => Number.isFinite(point.y) && Math.abs(u.valToPos(point.x, 'x') - left) < 26);
    if (found.length === 0) {
      tip.hidden = true;
      return;
    }
    const close = (y: number) => Math.abs(u.valToPos(y, 'y') - top);
    const kept = [...found].sort((a, b) => close(a.y) - close(b.y)).slice(0, mostRows);
    const first = kept[0];
    kept.sort((a, b) => b.y - a.y);
    tip.replaceChildren(
      h('strong', {}, `${figure.x.label} ${stepText(first.x)}`),
      ...kept.map((point) =>
        h(
          'div',
          { class: point === first ? 'tip-row near' : 'tip-row' },
          swatch(point.line.pen, theme, 22),
          h('span', {}, point.line.label),
          h('b', {}, figure.y.format(point.raw)),
          // The line stands elsewhere than what was logged: both are told, and which is which.
          point.raw !== point.y && h('span', { class: 'note' }, t('smoothed {0}', figure.y.format(point.y))),
        ),
      ),
      ...(found.length > kept.length
        ? [h('div', { class: 'note' }, t('and {0} more', found.length - kept.length))]
        : []),
    );
    const across = u.over.offsetLeft + left;
    const beside = across > area.clientWidth / 2 ? across - tip.offsetWidth - 14 : across + 14;
    tip.style.left = `${Math.max(0, beside)}px`;
    tip.style.top = '4px';
  }

  function read(u: uPlot, { y, x }: LineFigure, line: Line, i: number): void {
    u.setCursor({ left: u.valToPos(line.xs[i], 'x'), top: u.valToPos(line.ys[i], 'y') });
    const told = (line.raw ?? line.ys)[i];
    const value = Number.isFinite(told) ? y.format(told) : t('not finite');
    const drawn = told === line.ys[i] ? '' : `, ${t('smoothed {0}', y.format(line.ys[i]))}`;
    host.say(`${line.label}, ${x.label} ${stepText(line.xs[i])}: ${value} ${y.unit}${drawn}`);
  }

  area.addEventListener('keydown', (event) => {
    const drawn = now();
    if (!drawn) return;
    const { figure, range, plot: u } = drawn;
    const lines = readable(figure);
    if (lines.length === 0) return;
    const current = u.cursor.left !== undefined && u.cursor.left >= 0 ? u.posToVal(u.cursor.left, 'x') : range.max;
    active = Math.min(active, lines.length - 1);
    let line = lines[active];
    const within = (i: number) => {
      const low = lowerBound(line.xs, range.min);
      const high = upperBound(line.xs, range.max) - 1;
      return Math.max(low, Math.min(high, i));
    };
    const stride = event.shiftKey ? 10 : 1;
    let i = nearest(line, current);
    switch (event.key) {
      case 'ArrowRight':
        i += stride;
        break;
      case 'ArrowLeft':
        i -= stride;
        break;
      case 'Home':
        i = 0;
        break;
      case 'End':
        i = line.xs.length - 1;
        break;
      case 'ArrowUp':
      case 'ArrowDown':
        active = (active + (event.key === 'ArrowDown' ? 1 : lines.length - 1)) % lines.length;
        line = lines[active];
        i = nearest(line, current);
        break;
      case '+':
      case '=':
      case '-': {
        const span = ((range.max - range.min) * (event.key === '-' ? 2 : 0.5)) / 2;
        const [min, max] = [Math.max(0, current - span), current + span];
        host.zoom({ min, max });
        host.say(t('{0} {1} to {2}', figure.x.label, stepText(Math.ceil(min)), stepText(Math.floor(max))));
        event.preventDefault();
        return;
      }
      case '0':
      case 'Escape':
        host.zoom(undefined);
        host.say(t('The whole chart'));
        return;
      default:
        return;
    }
    event.preventDefault();
    read(u, figure, line, within(i));
  });
  area.addEventListener('blur', () => {
    now()?.plot.setCursor({ left: -10, top: -10 });
  });

  return { tip, tell };
}
