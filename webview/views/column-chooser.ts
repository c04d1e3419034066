/** @file Which columns the table of runs has: a button, and under it every column with its box and a search. */
import { button } from '../controls.ts';
import { h, keyed, setAttribute, setText } from '../dom.ts';
import type { Columns } from '../table/columns.ts';
import { t } from '../words.ts';
import type { Page } from './page.ts';
import { popover } from './popover.ts';

/** Of more the search finds the rest. */
const mostListed = 150;

export function columnChooser(page: Page): {
  element: HTMLElement;
  update(columns: Columns, shown: readonly string[], isChosen: boolean): void;
} {
  const search = h('input', { type: 'search', class: 'filter', 'aria-label': t('Search columns') });
  const usual = button(t('The usual ones'), () => page.act({ type: 'table', change: { columns: undefined } }));
  const items = h('div', { class: 'column-list' });
  const list = h(
    'div',
    { class: 'popover column-chooser', role: 'group', 'aria-label': t('Columns') },
    search,
    usual,
    items,
  );
  const toggle = button(t('Columns'), () => float.toggle());
  const float = popover(toggle, list, () => search);
  const content = keyed(items);
  let last: { columns: Columns; shown: readonly string[]; isChosen: boolean } | undefined;
  search.addEventListener('input', () => last && update(last.columns, last.shown, last.isChosen));

  function update(columns: Columns, shown: readonly string[], isChosen: boolean): void {
    last = { columns, shown, isChosen };
    setText(toggle, t('Columns: {0}', shown.length));
    setAttribute(usual, 'disabled', isChosen ? undefined : '');
    if (!float.isOpen()) return;
    const wanted = search.value.toLowerCase();
    const found = columns.all.filter(
      ({ id, title }) => id !== 'name' && `${id} ${title}`.toLowerCase().includes(wanted),
    );
    content(JSON.stringify([found.map(({ id }) => id), shown]), () =>
      found.slice(0, mostListed).map(({ id, title }) => {
        const box = h('input', { type: 'checkbox' });
        box.checked = shown.includes(id);
        box.addEventListener('change', () =>
          page.act({
            type: 'table',
            change: { columns: box.checked ? [...shown, id] : shown.filter((one) => one !== id) },
          }),
        );
        return h('label', {}, box, h('span', {}, title), title !== id && h('span', { class: 'note' }, id));
      }),
    );
  }
  float.opened = () => last && update(last.columns, last.shown, last.isChosen);
  return { element: float.element, update };
}
