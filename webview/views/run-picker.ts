/** @file Which runs are shown: a button, and under it the runs with their boxes, and a search. */
import { MOST_SHOWN } from '../../sidecar/protocol/dashboard.ts';
import { stateWord } from '../../sidecar/protocol/state-words.ts';
import { button } from '../controls.ts';
import { h, keyed, setText } from '../dom.ts';
import { whole } from '../format.ts';
import type { Head } from '../state.ts';
import { when } from '../table/columns.ts';
import { hueOf } from '../theme.ts';
import { t } from '../words.ts';
import { letterChip } from './letter-chip.ts';
import type { Page, Part } from './page.ts';
import { popover } from './popover.ts';

/** Of more the search, or the table, finds the rest. */
const mostListed = 100;

export function runPicker(page: Page): Part {
  const search = h('input', {
    type: 'search',
    class: 'filter',
    'aria-label': t('Search runs'),
    placeholder: t('Search runs'),
  });
  const full = h('p', { class: 'filter-fault', role: 'status', hidden: true });
  const rows = h('div', { class: 'picker-rows' });
  const more = h('p', { class: 'note' });
  const table = button(t('All runs, as a table'), () => {
    float.toggle();
    page.act({ type: 'tab', tab: 'runs' });
  });
  const list = h(
    'div',
    { class: 'popover picker-list', role: 'group', 'aria-label': t('Runs') },
    search,
    full,
    rows,
    more,
    table,
  );
  const toggle = button(t('Runs'), () => float.toggle());
  const float = popover(toggle, list, () => search);
  float.element.classList.add('picker');
  const content = keyed(rows);
  let last: Parameters<Part['update']>[0] | undefined;
  search.addEventListener('input', () => last && update(last));
  float.opened = () => last && update(last);

  function tick(box: HTMLInputElement, id: string): void {
    const shown = last?.state.view.runs ?? [];
    const isFull = box.checked && shown.length >= MOST_SHOWN;
    full.hidden = !isFull;
    if (isFull) setText(full, t('{0} runs are drawn already, and that is the most. Untick one first.', MOST_SHOWN));
    const next = box.checked ? [...shown, id] : shown.filter((one) => one !== id);
    if (!isFull && next.length > 0) page.act({ type: 'select', runs: next });
    else box.checked = !box.checked;
  }

  function update(context: Parameters<Part['update']>[0]): void {
    last = context;
    const { state, theme, runs } = context;
    const all = state.runs ?? [];
    float.element.hidden = all.length === 0;
    setText(toggle, t('Runs: {0} of {1}', runs.length, all.length));
    if (!float.isOpen()) return;
    const shown = state.view.runs;
    const wanted = search.value.trim().toLowerCase();
    const found = all.filter((one) => wanted === '' || textOf(one).includes(wanted));
    // What is shown can always be unticked.
    const listed = [
      ...found.filter(({ id }) => shown.includes(id)),
      ...found.filter(({ id }) => !shown.includes(id)),
    ].slice(0, mostListed);
    more.hidden = found.length <= listed.length;
    setText(more, t('{0} more: search, or look into the table.', whole(found.length - listed.length)));
    content(
      JSON.stringify([
        listed.map(({ id, name, state: s, reason, step, pinned, tags }) => [id, name, s, reason, step, pinned, tags]),
        theme.hues,
      ]),
      () => listed.map((head) => rowOf(head, tick)),
    );
    for (const row of rows.querySelectorAll<HTMLElement>('.picker-row')) {
      const box = row.querySelector('input')!;
      const index = shown.indexOf(box.dataset.run ?? '');
      box.checked = index >= 0;
      row.querySelector('.slot')!.replaceChildren(...(index >= 0 ? [letterChip(index, hueOf(theme, index))] : []));
    }
  }
  return { element: float.element, update };
}

const textOf = ({ name, id, tags, experiment }: Head) => [name, id, experiment, ...tags].join('\n').toLowerCase();

function rowOf(head: Head, tick: (box: HTMLInputElement, id: string) => void): HTMLElement {
  const box = h('input', { type: 'checkbox', data: { run: head.id } });
  box.addEventListener('change', () => tick(box, head.id));
  return h(
    'label',
    { class: 'picker-row' },
    box,
    h('span', { class: 'slot' }),
    h('span', { class: 'picker-name', title: head.name }, (head.pinned ? '★ ' : '') + head.name),
    h(
      'span',
      { class: 'note' },
      `${stateWord(head, t)} · ${whole(head.step)} / ${whole(head.steps)} · ${when(head.createdAt)}`,
    ),
    head.tags.length > 0 &&
      h('span', { class: 'picker-tags' }, ...head.tags.map((tag) => h('span', { class: 'tag' }, tag))),
  );
}
