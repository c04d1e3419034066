/** @file What opens under a button: it stays within the window, closes with Escape, and when the focus or a press goes elsewhere. */
import { h, setAttribute } from '../dom.ts';

export interface Popover {
  element: HTMLElement;
  toggle(): void;
  isOpen(): boolean;
  opened: () => void;
}

const margin = 8;

/** @param first what gets the focus */
export function popover(button: HTMLElement, list: HTMLElement, first: () => HTMLElement | null): Popover {
  const element = h('div', { class: 'popover-holder' }, button, list);
  const self: Popover = {
    element,
    toggle: () => open(list.hidden !== false),
    isOpen: () => list.hidden === false,
    opened: () => {},
  };

  function open(on: boolean): void {
    list.hidden = !on;
    setAttribute(button, 'aria-expanded', String(on));
    if (!on) return;
    self.opened();
    place();
    first()?.focus();
  }

  /** Below the button, its right edge under the button's where that fits, else as far left as the window allows. */
  function place(): void {
    const from = button.getBoundingClientRect();
    const wide = Math.min(list.offsetWidth, innerWidth - 2 * margin);
    const left = Math.max(margin, Math.min(from.right - wide, innerWidth - margin - wide));
    list.style.left = `${left - element.getBoundingClientRect().left}px`;
    list.style.maxHeight = `${Math.max(160, innerHeight - from.bottom - 2 * margin)}px`;
  }

  open(false);
  addEventListener('resize', () => !list.hidden && place());
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || list.hidden) return;
    open(false);
    button.focus();
  });
  document.addEventListener('pointerdown', (event) => {
    if (!event.composedPath().includes(element)) open(false);
  });
  element.addEventListener('focusout', (event) => {
    if (event.relatedTarget instanceof Node && !element.contains(event.relatedTarget)) open(false);
  });
  return self;
}
