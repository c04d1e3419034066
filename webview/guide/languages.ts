/** @file The languages of the workspace's datasets, how much there is of each, and their roles. */
import type { GuideLanguage } from '../../sidecar/config/guide/view.ts';
import { dropdown } from '../controls.ts';
import { h, setText } from '../dom.ts';
import { t } from '../words.ts';
import { numbers } from './format.ts';
import type { Guide, GuidePart } from './page.ts';

export function languageTable({ language, role }: Guide): GuidePart {
  const { whole, time, share } = numbers(language);
  const body = h('tbody');
  const rows = new Map<string, ReturnType<typeof row>>();
  const head = [t('Language'), t('Datasets'), t('Speech'), t('Clips'), t('Speakers'), t('Role')];
  const element = h(
    'table',
    { class: 'languages' },
    h('thead', {}, h('tr', {}, ...head.map((words) => h('th', { scope: 'col' }, words)))),
    body,
  );

  function row({ code, name }: GuideLanguage) {
    const cells = { datasets: h('td'), speech: h('td'), clips: h('td'), speakers: h('td') };
    const choice = dropdown(t('Role of {0}', name), (value) => role(code, value as GuideLanguage['role']));
    choice.element.firstElementChild?.classList.add('hidden');
    const line = h(
      'tr',
      {},
      h('th', { scope: 'row' }, `${name} (${code})`),
      cells.datasets,
      cells.speech,
      cells.clips,
      cells.speakers,
      h('td', {}, choice.element),
    );
    return {
      element: line,
      update(one: GuideLanguage) {
        const read = one.seconds !== undefined;
        setText(cells.datasets, one.datasets.join(', '));
        setText(
          cells.speech,
          read
            ? time(one.seconds ?? 0)
            : one.busy === undefined
              ? t('not read yet')
              : t('reading, {0}', share(one.busy)),
        );
        setText(cells.clips, read ? whole(one.clips ?? 0) : '–');
        setText(cells.speakers, read ? (one.speakers ? whole(one.speakers) : t('unknown')) : '–');
        line.classList.toggle('off', one.role === 'off');
        choice.update(
          [
            ['new', t('new')],
            ['existing', t('existing')],
            ['off', t('not in it')],
          ],
          one.role,
        );
      },
    };
  }

  return {
    element,
    update({ languages }) {
      const codes = languages.map(({ code }) => code).join();
      for (const one of languages) {
        const known = rows.get(one.code) ?? row(one);
        rows.set(one.code, known);
        known.update(one);
      }
      if (body.dataset.codes !== codes) {
        body.dataset.codes = codes;
        body.replaceChildren(...languages.map(({ code }) => rows.get(code)!.element));
      }
    },
  };
}
