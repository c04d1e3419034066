/** @file Which runs are shown: a button, and under it every run with its box. */
import { button } from '../controls.ts';
import { h, keyed, setAttribute, setText } from '../dom.ts';
import { whole } from '../format.ts';
import { hueOf } from '../theme.ts';
import { t } from '../words.ts';
import { letterChip } from './letter-chip.ts';
import type { Page, Part } from './page.ts';

const mostShown = 6;

export function runPicker(page: Page): Part {
  const list = h('div', { class: 'picker-list', hidden: true, role: 'group', 'aria-label': t('Runs') });
  const open = (on: boolean) => {
    list.hidden = !on;
    setAttribute(toggle, 'aria-expanded', String(on));
  };
  const toggle = button(t('Runs'), () => open(list.hidden !== false), 'secondary');
  const element = h('div', { class: 'picker' }, toggle, list);
  const content = keyed(list);
  let shown: string[] = [];
  open(false);
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || list.hidden) return;
    open(false);
    toggle.focus();
  });
  document.addEventListener('pointerdown', (event) => {
    if (!event.composedPath().includes(element)) open(false);
  });
  element.addEventListener('focusout', (event) => {
    if (event.relatedTarget instanceof Node && !element.contains(event.relatedTarget)) open(false);
  });
  return {
    element,
    update({ state, theme, runs }) {
      const all = state.runs ?? [];
      shown = state.view.runs;
      element.hidden = all.length === 0;
      setText(toggle, t('Runs: {0} of {1}', runs.length, all.length));
      const states = { running: t('running'), done: t('done'), failed: t('failed'), interrupted: t('interrupted') };
      content(
        JSON.stringify([
          all.map(({ id, name, state: s, step, pinned, tags }) => [id, name, s, step, pinned, tags]),
          theme.hues,
        ]),
        () =>
          all.map((head) => {
            const box = h('input', { type: 'checkbox', data: { run: head.id } });
            box.addEventListener('change', () => {
              const next = box.checked ? [...shown, head.id].slice(-mostShown) : shown.filter((id) => id !== head.id);
              if (next.length > 0) page.act({ type: 'select', runs: next });
              else box.checked = true;
            });
            return h(
              'label',
              { class: 'picker-row' },
              box,
              h('span', { class: 'slot' }),
              h('span', { class: 'picker-name' }, (head.pinned ? '★ ' : '') + head.name),
              ...head.tags.map((tag) => h('span', { class: 'tag' }, tag)),
              h(
                'span',
                { class: 'note' },
                `${states[head.state]} · ${whole(head.step)} / ${whole(head.steps)} · ${when(head.createdAt)}`,
              ),
            );
          }),
      );
      for (const row of list.querySelectorAll<HTMLElement>('.picker-row')) {
        const box = row.querySelector('input')!;
        const index = shown.indexOf(box.dataset.run ?? '');
        box.checked = index >= 0;
        row.querySelector('.slot')!.replaceChildren(...(index >= 0 ? [letterChip(index, hueOf(theme, index))] : []));
      }
    },
  };
}

function when(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '';
  return date.toLocaleString(document.documentElement.lang || undefined, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}
