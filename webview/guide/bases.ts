/** @file Base models: those that are here and those that people use, with size, licence, what each knows, and its head. */
import type { GuideBase, GuideHead } from '../../sidecar/config/guide/view.ts';
import { button, dropdown } from '../controls.ts';
import { h, keyed, setText } from '../dom.ts';
import { t } from '../words.ts';
import { numbers } from './format.ts';
import type { Guide, GuidePart } from './page.ts';

/** An option's value is never empty. */
const noHead = '/';

export function baseTable({ language, choose, act }: Guide): GuidePart {
  const { million, bytes, whole } = numbers(language);
  const body = h('tbody');
  const rebuild = keyed(body);
  const radios = new Map<string, HTMLInputElement>();
  const head = [t('Model'), t('Parameters'), t('Knows'), t('Licence'), t('Own head'), t('Download')];
  const table = h(
    'table',
    { class: 'bases' },
    h('thead', {}, h('tr', {}, ...head.map((words) => h('th', { scope: 'col' }, words)))),
    body,
  );
  const told = h('p', { class: 'note', role: 'status' });
  const heads = dropdown(t('Own head'), (value) => choose({ head: value === noHead ? '' : value }));
  const download = button('', () => act('download'), 'primary');
  const element = h(
    'div',
    {},
    h('div', { class: 'scroll' }, table),
    h('div', { class: 'choices' }, heads.element, download),
    told,
  );

  const knows = ({ languages }: GuideBase) =>
    languages === undefined
      ? '–'
      : typeof languages === 'number'
        ? t('{0} languages', whole(languages))
        : languages.name;

  function row(one: GuideBase): HTMLElement {
    const radio = h('input', {
      type: 'radio',
      name: 'base',
      value: one.key,
      onchange: () => choose({ base: one.key, head: undefined }),
    });
    radios.set(one.key, radio);
    const warn = one.commercial === false ? h('span', { class: 'warn' }, t('not for commercial use')) : undefined;
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, h('label', {}, radio, one.name)),
      h('td', {}, one.parameters === undefined ? '–' : million(one.parameters)),
      h('td', {}, knows(one)),
      h('td', {}, one.licence ?? (one.here ? t('unknown') : t('its own: see its page')), ' ', warn),
      h('td', {}, headWord(one.head)),
      h('td', {}, one.here ? t('here') : bytes(one.bytes ?? 0)),
    );
  }

  const headMeans = (head: GuideHead): string => {
    switch (head.kind) {
      case 'found':
        return t('Its head lies with its weights: forgetting is measured by its own predictions.');
      case 'files':
        return head.chosen === ''
          ? t(
              'Without a head the forgetting chart stays empty; the held-out loss of existing languages tells of it alone.',
            )
          : t(
              'Heads that fit it lie in its folder; with the one that it was pre-trained with, forgetting is measured by its own predictions.',
            );
      case 'checkpoint':
        return t(
          'Its head is in another file of its page, {0} ({1}): given as the base in place of the folder, that file brings it. Without it the forgetting chart stays empty.',
          head.file,
          bytes(head.bytes),
        );
      case 'nowhere':
        return t(
          'Its head is not published with it: the forgetting chart stays empty; the held-out loss of existing languages tells of it alone.',
        );
      case 'none':
        return t(
          'It was pre-trained without a head of units: the forgetting chart stays empty; the held-out loss of existing languages tells of it alone.',
        );
      case 'unread':
        return t('It is being read.');
    }
  };

  return {
    element,
    update({ bases, base }) {
      rebuild(JSON.stringify(bases), () => {
        radios.clear();
        return bases.map(row);
      });
      const radio = base === undefined ? undefined : radios.get(base);
      if (radio) radio.checked = true;
      const chosen = bases.find(({ key }) => key === base);
      heads.element.hidden = chosen?.head.kind !== 'files';
      if (chosen?.head.kind === 'files')
        heads.update(
          [...chosen.head.files.map((file): [string, string] => [file, file]), [noHead, t('none')]],
          chosen.head.chosen || noHead,
        );
      download.hidden = chosen === undefined || chosen.here;
      setText(download, chosen ? t('Download {0}, {1}', chosen.name, bytes(chosen.bytes ?? 0)) : '');
      const fault =
        chosen?.fault === 'no-config'
          ? t('Its folder has no readable config.json of a model that is supported.')
          : chosen?.fault === 'tensors'
            ? t('Its weights are not those that its config.json describes.')
            : undefined;
      setText(told, chosen ? (fault ?? headMeans(chosen.head)) : '');
    },
  };
}

function headWord({ kind }: GuideHead): string {
  switch (kind) {
    case 'found':
      return t('found');
    case 'files':
      return t('in its folder');
    case 'checkpoint':
      return t('in its checkpoint');
    case 'nowhere':
      return t('not published');
    case 'none':
      return t('has none');
    case 'unread':
      return '…';
  }
}
