/** @file What bars, scatters and parallel coordinates share: frame, exports, a picture, a tip at what the cursor is on. */
import { h, svg } from '../dom.ts';
import type { Theme } from '../theme.ts';
import { drawnArea } from './drawn-area.ts';
import { csvOfSheet } from './export-csv.ts';
import { pngOf } from './export-png.ts';
import type { Sheet } from './figure.ts';
import { type ChartHost, frame } from './frame.ts';
import type { Part } from './part.ts';

interface Pictured {
  title: string;
  note?: string;
  source?: string;
  sheet: Sheet;
  table: { head: string[]; rows: string[][] };
}

interface Laid {
  parts: Part[];
  height: number;
}

/** In words, for the tip and to be said. */
export interface Entry {
  label: string;
  detail: readonly string[];
}

/** Pixels. */
interface Size {
  width: number;
  height: number;
}

export interface Look<F extends Pictured, L extends Laid> {
  /** For a screen reader: what the picture is, and its keys. */
  role: string;
  keys: string;
  lay(figure: F, width: number, theme: Theme, widthOf: (text: string) => number): L;
  svg(figure: F): string;
  entries(figure: F): readonly Entry[];
  /** Which of them is at a place of the picture, in pixels. */
  hit(layout: L, x: number, y: number): number | undefined;
  /** The tip's corner. */
  tipAt(layout: L, index: number, tip: Size, room: Size): { left: number; top: number };
  /** The keys that step over the entries. */
  back: string;
  on: string;
  /** Which entries they stop at; all, unless told. */
  passes?(layout: L, index: number): boolean;
  /** What is drawn at the cursor, behind the picture's marks; told of undefined where nothing is. */
  under?: { element: Element; place(layout: L, index: number | undefined): void };
}

export interface CursorChart<F> {
  element: HTMLElement;
  update(figure: F, theme: Theme): void;
}

/** The same to whoever adds to it. */
export interface OpenChart<F, L> extends CursorChart<F> {
  body: HTMLElement;
  area: HTMLElement;
  /** Anew, with the figure that it has. */
  draw(): void;
  now(): { figure: F; layout: L | undefined } | undefined;
}

export function cursorChart<F extends Pictured, L extends Laid>(
  name: string,
  host: ChartHost,
  look: Look<F, L>,
): OpenChart<F, L> {
  let figure: F | undefined;
  let theme: Theme;
  let layout: L | undefined;
  let cursor: number | undefined;

  const box = frame(
    name,
    {
      svg: () => look.svg(figure!),
      csv: () => csvOfSheet(figure!.sheet, figure!.source),
      png: () => pngOf(look.svg(figure!)),
    },
    () => ({ ...figure!.table, all: figure!.table.rows.length }),
    host,
  );
  const tip = h('div', { class: 'tip', hidden: true, 'aria-hidden': 'true' });
  const picture = h('div', { 'aria-hidden': 'true' });
  const { parts, area, name: call, draw } = drawnArea({ class: 'bars', role: look.role, keys: look.keys }, paint);
  area.append(...(look.under ? [look.under.element] : []), picture, tip);
  box.body.append(...parts);

  const entries = () => (figure ? look.entries(figure) : []);

  function paint(width: number): void {
    if (!figure) return;
    const font = `11px ${theme.font}`;
    layout = look.lay(figure, width, theme, (text) => measure(text, font));
    if (cursor !== undefined && cursor >= entries().length) cursor = undefined;
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
    const index = cursor !== undefined && area.matches(':hover, :focus-visible') ? cursor : undefined;
    tip.hidden = index === undefined;
    if (!layout) return;
    look.under?.place(layout, index);
    if (index === undefined) return;
    const { label, detail } = entries()[index];
    tip.replaceChildren(h('strong', {}, label), ...detail.map((line) => h('div', {}, line)));
    const size = { width: tip.offsetWidth, height: tip.offsetHeight };
    const { left, top } = look.tipAt(layout, index, size, { width: area.clientWidth, height: area.clientHeight });
    tip.style.left = `${Math.max(0, left)}px`;
    tip.style.top = `${Math.max(0, top)}px`;
  }

  const move = (to: number | undefined) => {
    if (to === cursor) return;
    cursor = to;
    point();
  };
  area.addEventListener('pointermove', (event) => {
    const bounds = area.getBoundingClientRect();
    if (layout) move(look.hit(layout, event.clientX - bounds.left, event.clientY - bounds.top));
  });
  area.addEventListener('pointerleave', () => move(undefined));
  area.addEventListener('blur', () => move(undefined));
  area.addEventListener('keydown', (event) => {
    const all = entries();
    const some = [...all.keys()].filter((i) => !layout || !look.passes || look.passes(layout, i));
    const step: Record<string, number | undefined> = {
      [look.on]: some.find((i) => i > (cursor ?? -1)) ?? some.at(-1),
      [look.back]: some.findLast((i) => i < (cursor ?? 1)) ?? some[0],
      Home: some[0],
      End: some.at(-1),
    };
    const to = step[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
    const { label, detail } = all[to];
    host.say(`${label}: ${detail.join(', ')}`);
  });

  return {
    element: box.element,
    body: box.body,
    area,
    draw,
    now: () => figure && { figure, layout },
    update(next, colours) {
      if (next === figure && colours === theme) return;
      figure = next;
      theme = colours;
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
function measure(text: string, font: string): number {
  pencil ??= document.createElement('canvas').getContext('2d');
  if (!pencil) return text.length * 6.4;
  pencil.font = font;
  return pencil.measureText(text).width;
}
