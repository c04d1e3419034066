/** @file The part of a chart that is drawn: told to a screen reader with its keys, drawn only while it is in sight. */
import { freshId, h, setAttribute } from '../dom.ts';

export interface DrawnArea {
  /** With the sentence on its keys, for the frame's body. */
  parts: [HTMLElement, HTMLElement];
  area: HTMLElement;
  name(title: string): void;
  /** Now where it can be seen, else as soon as it can. */
  draw(): void;
}

/** @param paint Is told the width; also called when the size has changed. */
export function drawnArea(
  look: { class: string; role: string; keys: string },
  paint: (width: number) => void,
): DrawnArea {
  const hint = h('p', { id: freshId('hint'), class: 'hidden' }, look.keys);
  const area = h('div', {
    class: look.class,
    tabindex: 0,
    role: 'application',
    'aria-roledescription': look.role,
    'aria-describedby': hint.id,
  });
  let visible = false;
  let stale = false;
  const draw = () => {
    const width = visible ? Math.floor(area.clientWidth) : 0;
    stale = width < 40;
    if (!stale) paint(width);
  };
  new IntersectionObserver(([entry]) => {
    visible = entry.isIntersecting;
    if (visible && stale) draw();
  }).observe(area);
  new ResizeObserver(draw).observe(area);
  return { parts: [hint, area], area, name: (title) => setAttribute(area, 'aria-label', title), draw };
}
