/** @file The languages by name, colour and role; a press hides one or shows it again. */
import { swatch } from '../charts/swatch.ts';
import { h, keyed } from '../dom.ts';
import { marked, pen } from '../figures/pens.ts';
import { t } from '../words.ts';
import type { Page, Part } from './page.ts';

export function legend(page: Page): Part {
  const element = h('div', { class: 'legend', role: 'group', 'aria-label': t('Languages shown') });
  const content = keyed(element);
  const ticks = h('span', { class: 'note' }, t('Short ticks on the axis are checkpoints.'));
  const all = h(
    'button',
    { type: 'button', class: 'mini', onclick: () => page.act({ type: 'showAllLanguages' }) },
    t('Show all'),
  );
  return {
    element,
    update({ languages, theme, runs, state }) {
      const key = JSON.stringify([
        languages.map((l) => [l.code, l.name, l.role, l.hue]),
        theme.hues,
        theme.background,
        runs.map((r) => r.letter),
      ]);
      content(key, () => [
        ...(['new', 'existing'] as const).flatMap((role) => {
          const members = languages.filter((language) => language.role === role);
          if (members.length === 0) return [];
          return [
            h(
              'div',
              { class: 'legend-group' },
              h('span', { class: 'legend-role' }, role === 'new' ? t('New') : t('Existing')),
              ...members.map((language) =>
                h(
                  'button',
                  {
                    type: 'button',
                    class: 'chip',
                    data: { code: language.code },
                    title: language.name,
                    onclick: () => page.act({ type: 'toggleLanguage', code: language.code }),
                  },
                  swatch(marked(pen(language, 0), language), theme),
                  h('span', {}, language.code),
                  language.name !== language.code && h('span', { class: 'chip-name' }, language.name),
                ),
              ),
            ),
          ];
        }),
        ticks,
        all,
      ]);
      for (const chip of element.querySelectorAll<HTMLElement>('.chip'))
        chip.setAttribute('aria-pressed', String(!state.view.hidden.includes(chip.dataset.code ?? '')));
      ticks.hidden =
        state.view.tab !== 'languages' ||
        !runs.some(({ history }) => history.marks.some(({ kind }) => kind === 'checkpoint'));
      all.hidden = !languages.some(({ hidden }) => hidden);
    },
  };
}
