/**
 * @file A grid of very many rows: a table of our own, since neither the toolkit's grid nor any other keeps rows out of
 * the page that are not in sight. Only those that are stand there; a screen reader is told how many there are and which
 * it reads. The arrow keys move, the table itself keeps the focus. It knows no runs.
 */
import { freshId, h } from '../dom.ts';

export interface GridRow {
  key: string;
  /** Changes with anything that is to be seen of it. */
  look: string;
  isGroup: boolean;
  /** What the editor's menu on it is told, as VS Code reads it. */
  context?: string;
  cells(): (Node | string)[];
}

export interface GridHead {
  id: string;
  title: string;
  isNumber: boolean;
  /** In pixels. */
  width: number;
}

export interface GridListener {
  sort(column: string): void;
  /** A person pressed a row: with Shift from the last one, with Ctrl or Cmd beside the others. */
  press(index: number, keys: { shift: boolean; more: boolean }): void;
  /** Space, or its box. */
  tick(index: number): void;
  /** Enter, or a double press. */
  open(index: number): void;
  /** Ctrl+A. */
  all(): void;
  key(event: KeyboardEvent, index: number): void;
}

export interface Grid {
  element: HTMLElement;
  update(heads: readonly GridHead[], rows: readonly GridRow[], state: GridState): void;
  active(): number;
  moveTo(index: number): void;
}

export interface GridState {
  sort: { column: string; down: boolean } | undefined;
  isSelected(index: number): boolean;
  label: string;
}

export const rowHeight = 26;
/** Beyond the edges, so that a quick scroll finds something there. */
const spare = 12;

export function grid(listener: GridListener): Grid {
  const prefix = freshId('row');
  const head = h('thead');
  const body = h('tbody');
  const table = h('table', { role: 'grid', tabindex: 0, class: 'grid', 'aria-multiselectable': 'true' }, head, body);
  const scroll = h('div', { class: 'grid-scroll' }, table);
  const above = h('tr', { class: 'room', role: 'presentation' });
  const below = h('tr', { class: 'room', role: 'presentation' });
  let rows: readonly GridRow[] = [];
  let state: GridState = { sort: undefined, isSelected: () => false, label: '' };
  let heads = '';
  let numeric: readonly boolean[] = [];
  let at = 0;
  let frame = 0;
  const drawn = new Map<string, { look: string; element: HTMLTableRowElement; stands?: string }>();

  function draw(): void {
    frame = 0;
    // It grows to what is in it, up to the most that the style sheet allows.
    const height = Math.max(scroll.clientHeight, window.innerHeight - 300, 260);
    const first = Math.max(0, Math.floor(scroll.scrollTop / rowHeight) - spare);
    const last = Math.min(rows.length, first + Math.ceil(height / rowHeight) + 2 * spare);
    const seen = new Set<string>();
    const elements: HTMLTableRowElement[] = [];
    for (let index = first; index < last; index++) {
      const row = rows[index];
      seen.add(row.key);
      elements.push(elementOf(row, index));
    }
    for (const key of drawn.keys()) if (!seen.has(key)) drawn.delete(key);
    above.style.height = `${first * rowHeight}px`;
    below.style.height = `${(rows.length - last) * rowHeight}px`;
    place(elements);
    const active = rows[at];
    if (active && seen.has(active.key)) table.setAttribute('aria-activedescendant', `${prefix}-${at}`);
    else table.removeAttribute('aria-activedescendant');
  }

  /** Rows that stay in sight stay where they are: only what came and went is moved. */
  function place(elements: readonly HTMLTableRowElement[]): void {
    if (above.parentNode !== body) body.replaceChildren(above, below);
    const wanted = new Set<Element>(elements);
    // What went goes first: all that stays would be moved past it, and laid out anew.
    for (const row of [...body.children]) if (row !== above && row !== below && !wanted.has(row)) row.remove();
    let next: Element = above.nextElementSibling!;
    for (const element of elements) {
      if (next === element) next = element.nextElementSibling!;
      else body.insertBefore(element, next);
    }
  }

  function elementOf(row: GridRow, index: number): HTMLTableRowElement {
    let found = drawn.get(row.key);
    if (found?.look !== row.look) {
      const cells = row.cells().map((cell, i) => cellOf(cell, i === 0, numeric[i]));
      found = { look: row.look, element: h('tr', { role: 'row', class: row.isGroup ? 'group' : '' }, ...cells) };
      if (row.context !== undefined) found.element.setAttribute('data-vscode-context', row.context);
      drawn.set(row.key, found);
    }
    const { element } = found;
    const isSelected = state.isSelected(index);
    // Of most rows nothing of this has changed since the last frame.
    const stands = `${index} ${isSelected} ${index === at}`;
    if (found.stands === stands) return element;
    found.stands = stands;
    element.id = `${prefix}-${index}`;
    element.setAttribute('aria-rowindex', String(index + 2));
    element.setAttribute('aria-selected', String(isSelected));
    element.classList.toggle('selected', isSelected);
    element.classList.toggle('active', index === at);
    return element;
  }

  const soon = () => (frame ||= requestAnimationFrame(draw));
  scroll.addEventListener('scroll', soon, { passive: true });
  new ResizeObserver(soon).observe(scroll);

  const indexOf = (target: EventTarget | null): number => {
    const row = target instanceof Element ? target.closest('tr[aria-rowindex]') : null;
    return row && body.contains(row) ? Number(row.getAttribute('aria-rowindex')) - 2 : -1;
  };
  body.addEventListener('click', (event) => {
    const index = indexOf(event.target);
    if (index < 0) return;
    at = index;
    if (event.target instanceof HTMLInputElement) {
      // What the box says follows what is shown, which may have no room for it.
      event.preventDefault();
      listener.tick(index);
    } else listener.press(index, { shift: event.shiftKey, more: event.ctrlKey || event.metaKey });
    soon();
  });
  body.addEventListener('dblclick', (event) => {
    const index = indexOf(event.target);
    if (index >= 0 && !(event.target instanceof HTMLInputElement)) listener.open(index);
  });
  head.addEventListener('click', (event) => {
    const column = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-sort]') : null;
    if (column) listener.sort(column.dataset.sort!);
  });

  function moveTo(index: number): void {
    at = Math.max(0, Math.min(rows.length - 1, index));
    const top = at * rowHeight;
    const room = scroll.clientHeight - head.offsetHeight;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    else if (top + rowHeight > scroll.scrollTop + room) scroll.scrollTop = top + rowHeight - room;
    draw();
  }

  const page = () => Math.max(1, Math.floor((scroll.clientHeight - head.offsetHeight) / rowHeight) - 1);
  table.addEventListener('keydown', (event) => {
    if (event.target !== table || rows.length === 0) return;
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page(),
      PageUp: at - page(),
      Home: 0,
      End: rows.length - 1,
    };
    if (event.key in moves) {
      moveTo(moves[event.key]);
      listener.press(at, { shift: event.shiftKey, more: event.ctrlKey || event.metaKey });
    } else if (event.key === ' ') listener.tick(at);
    else if (event.key === 'Enter') listener.open(at);
    else if ((event.ctrlKey || event.metaKey) && event.key === 'a') listener.all();
    else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft')
      scroll.scrollLeft += event.key === 'ArrowRight' ? 60 : -60;
    else return listener.key(event, at);
    event.preventDefault();
  });

  return {
    element: scroll,
    active: () => at,
    moveTo,
    update(nextHeads, nextRows, nextState) {
      const active = rows[at]?.key;
      rows = nextRows;
      state = nextState;
      // The same row stays the active one where it still stands.
      if (rows[at]?.key !== active)
        at = Math.max(
          0,
          rows.findIndex(({ key }) => key === active),
        );
      const key = JSON.stringify([nextHeads, state.sort]);
      if (key !== heads) {
        heads = key;
        numeric = nextHeads.map(({ isNumber }) => isNumber);
        table.style.setProperty('--tracks', nextHeads.map(({ width }) => `minmax(${width}px, ${width}fr)`).join(' '));
        head.replaceChildren(headOf(nextHeads, state.sort));
        table.style.width = `${nextHeads.reduce((sum, { width }) => sum + width, 0)}px`;
        table.setAttribute('aria-colcount', String(nextHeads.length));
        drawn.clear();
      }
      table.setAttribute('aria-rowcount', String(rows.length + 1));
      table.setAttribute('aria-label', state.label);
      draw();
    },
  };
}

/** Made without the detour over properties: a thousand of them are made for one frame of a quick scroll. */
function cellOf(content: Node | string, isFirst: boolean, isNumber: boolean): HTMLTableCellElement {
  const cell = document.createElement('td');
  cell.setAttribute('role', 'gridcell');
  if (isFirst) cell.className = 'first';
  else if (isNumber) cell.className = 'n';
  if (typeof content === 'string') cell.textContent = content;
  else cell.append(content);
  return cell;
}

function headOf(heads: readonly GridHead[], sort: GridState['sort']): HTMLElement {
  return h(
    'tr',
    { role: 'row', 'aria-rowindex': 1 },
    ...heads.map(({ id, title, isNumber }, i) => {
      const isSorted = sort?.column === id;
      return h(
        'th',
        {
          role: 'columnheader',
          scope: 'col',
          class: `${isNumber ? 'n' : ''} ${i === 0 ? 'first' : ''}`,
          'aria-sort': isSorted ? (sort.down ? 'descending' : 'ascending') : 'none',
        },
        h(
          'button',
          { type: 'button', class: 'sort', title, data: { sort: id } },
          h('span', {}, title),
          isSorted && h('span', { 'aria-hidden': 'true' }, sort.down ? ' ↓' : ' ↑'),
        ),
      );
    }),
  );
}
