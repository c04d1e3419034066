/** @file The utterances that went worst, or lost most: who, where, what was said and what was heard; each can be played. */
import type { Example, Examples, Findings } from '../../sidecar/protocol/findings.ts';
import { measureTitle, saySigned, sayValue } from '../../sidecar/protocol/findings-words.ts';
import { csvOfSheet } from '../charts/export-csv.ts';
import { detailed, findingsOf } from '../context.ts';
import { dropdown } from '../controls.ts';
import { h, keyed, setText } from '../dom.ts';
import { fixed } from '../format.ts';
import { t } from '../words.ts';
import type { Page, Part } from './page.ts';

const mostShown = 10;

export function examplesView(page: Page): Part {
  let shown: Examples | undefined;
  const choose = (change: { measure?: string; language?: string }) => {
    if (shown) page.act({ type: 'finding', change: { example: { ...pick(shown), ...change } } });
  };
  const language = dropdown(t('Language'), (value) => choose({ language: value }));
  const measure = dropdown(t('Measure'), (value) => choose({ measure: value }));
  const save = h(
    'button',
    {
      type: 'button',
      class: 'mini',
      'aria-label': t('Export {0} as {1}', t('Utterances'), 'CSV'),
      onclick: () => shown && page.save('examples', 'csv', () => csvOfExamples(shown!)),
    },
    'CSV',
  );
  const note = h('span', { class: 'note' });
  const holder = h('div', { class: 'examples' });
  const content = keyed(holder);
  const element = h(
    'section',
    { class: 'results', 'aria-label': t('Utterances') },
    h('div', { class: 'toolbar' }, h('h3', {}, t('Utterances')), language.element, measure.element, save, note),
    holder,
  );
  return {
    element,
    update(context) {
      const findings = findingsOf(detailed(context)?.told);
      const { example } = context.state.view.finding;
      shown = findings && chosen(findings, example, context.state.view.finding.measure);
      element.hidden = !findings || !shown;
      if (!findings || !shown) return;
      const { examples, tables } = findings;
      const names = (all: string[]) => [...new Set(all)];
      const nameOf = (code: string) => context.languages.find((one) => one.code === code)?.name ?? code;
      language.update(
        names(examples.map((one) => one.language)).map((code) => [
          code,
          nameOf(code) === code ? code : `${code} ${nameOf(code)}`,
        ]),
        shown.language,
      );
      measure.update(
        names(examples.filter((one) => one.language === shown!.language).map((one) => one.measure)).map((value) => [
          value,
          measureTitle(value, t),
        ]),
        shown.measure,
      );
      const table = tables.find((one) => one.measure === shown!.measure);
      const unit = table?.unit ?? '';
      const against = table?.against === 'control' ? t('Control') : t('Base');
      setText(note, table?.better === 'higher' ? t('higher is better') : t('lower is better'));
      content(JSON.stringify([shown, unit, against]), () => [
        ...block(page, t('Went worst'), shown!, shown!.worst, unit, against),
        ...block(page, t('Lost most'), shown!, shown!.lostMost, unit, against),
      ]);
    },
  };
}

const pick = ({ measure, language }: Examples) => ({ measure, language });

/** What the person chose where there is such, else the nearest. */
function chosen(
  { examples }: Findings,
  wanted: { measure: string | undefined; language: string | undefined },
  looked: string | undefined,
): Examples | undefined {
  const ofLanguage = examples.filter(({ language }) => language === wanted.language);
  const among = ofLanguage.length > 0 ? ofLanguage : examples;
  return (
    among.find(({ measure }) => measure === wanted.measure) ??
    among.find(({ measure }) => measure === looked) ??
    among[0]
  );
}

function block(
  page: Page,
  title: string,
  { measure }: Examples,
  all: readonly Example[],
  unit: string,
  against: string,
): HTMLElement[] {
  if (all.length === 0) return [];
  const number = (title: string) => h('th', { scope: 'col', class: 'n' }, title);
  const cell = (text: string) => h('td', { class: 'n' }, text);
  return [
    h('h4', {}, title),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title },
      h(
        'table',
        { class: 'numbers' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', { scope: 'col' }, t('Utterance')),
            h('th', { scope: 'col' }, t('Speaker')),
            number(t('Seconds')),
            number(t('Begins at')),
            number(measureTitle(measure, t)),
            number(against),
            number(t('Difference')),
            h('td', {}),
          ),
        ),
        ...all
          .slice(0, mostShown)
          .map((one) =>
            h(
              'tbody',
              {},
              h(
                'tr',
                {},
                h('th', { scope: 'row', class: 'id', title: one.id }, h('bdi', {}, one.id)),
                h('td', {}, h('bdi', {}, one.speaker ?? '–')),
                cell(fixed(one.seconds, 1)),
                cell(one.startSeconds === undefined ? '–' : clock(one.startSeconds)),
                cell(sayValue(one.value, unit)),
                cell(sayValue(one.before, unit)),
                cell(one.before === undefined ? '–' : saySigned(one.value - one.before, unit)),
                h('td', { class: 'play' }, playButton(page, one)),
              ),
              ...words(one),
            ),
          ),
      ),
    ),
  ];
}

function playButton(page: Page, { id, path, startSeconds }: Example): HTMLElement {
  if (path === undefined) return h('span', { class: 'note' }, t('joined of several recordings'));
  return h(
    'button',
    {
      type: 'button',
      class: 'mini',
      title: path,
      'aria-label': t('Play {0}', id),
      onclick: () => page.play(path, startSeconds),
    },
    `▶ ${t('Play')}`,
  );
}

function words({ reference, heard, heardBefore }: Example): HTMLElement[] {
  const all = [
    [t('said'), reference],
    [t('heard'), heard],
    [t('heard before'), heardBefore],
  ].filter((pair): pair is [string, string] => pair[1] !== undefined);
  if (all.length === 0) return [];
  const pairs = all.flatMap(([name, text]) => [h('dt', {}, name), h('dd', {}, h('bdi', {}, text || '–'))]);
  return [h('tr', { class: 'words' }, h('td', { colspan: 8 }, h('dl', {}, ...pairs)))];
}

/** `0:04.2`: where in its recording. */
function clock(seconds: number): string {
  const tenths = Math.round(seconds * 10) / 10;
  const minutes = Math.floor(tenths / 60);
  return `${minutes}:${(tenths - 60 * minutes).toFixed(1).padStart(4, '0')}`;
}

function csvOfExamples({ measure, language, worst, lostMost }: Examples): string {
  const row = (list: string, one: Example) => [
    list,
    language,
    one.id,
    one.speaker ?? '',
    one.seconds,
    one.path ?? '',
    one.startSeconds ?? '',
    one.value,
    one.before ?? '',
    one.reference ?? '',
    one.heard ?? '',
    one.heardBefore ?? '',
  ];
  return csvOfSheet({
    head: [
      'list',
      'language',
      'id',
      'speaker',
      'seconds',
      'path',
      'startSeconds',
      measure,
      'before',
      'reference',
      'heard',
      'heardBefore',
    ],
    rows: [...worst.map((one) => row('worst', one)), ...lostMost.map((one) => row('lostMost', one))],
  });
}
