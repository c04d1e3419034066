/** @file The latest values of every language, with what changed since the start: what a reader takes home. */
import { swatch } from '../charts/swatch.ts';
import type { Language, Shown } from '../context.ts';
import { h, keyed } from '../dom.ts';
import { marked, pen } from '../figures/pens.ts';
import { fixed, signed } from '../format.ts';
import type { LanguageHistory } from '../history.ts';
import { t } from '../words.ts';
import type { Part } from './page.ts';

export interface Result {
  run: Shown;
  language: Language;
  step: number;
  start: number;
  now: number;
  change: number;
  control: number;
  /** Adapted minus control. */
  difference: number;
  accuracy: number;
  ownBase: number;
  ownNow: number;
  forgetting: number;
}

export function result(run: Shown, language: Language, history: LanguageHistory): Result {
  const { heldOut, control, own, ownBase } = history;
  const now = heldOut.loss.last();
  return {
    run,
    language,
    step: heldOut.loss.steps.at(heldOut.loss.length - 1),
    start: heldOut.loss.first(),
    now,
    change: now - heldOut.loss.first(),
    control: control.loss.last(),
    difference: now - control.loss.last(),
    accuracy: heldOut.accuracy.last(),
    ownBase: ownBase.loss.last(),
    ownNow: own.loss.last(),
    forgetting: own.loss.last() - ownBase.loss.last(),
  };
}

export function resultTable(): Part {
  const holder = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': t('Latest held-out values') });
  const content = keyed(holder);
  const element = h(
    'section',
    { class: 'results' },
    h('h3', {}, t('Latest held-out values')),
    h(
      'p',
      { class: 'note' },
      t('Loss in nats, lower is better. Control: the same head, trained as long on the frozen base.'),
    ),
    holder,
  );
  return {
    element,
    update({ runs, languages, theme }) {
      const results = runs
        .flatMap((run) =>
          languages.flatMap((language) => {
            const history = run.history.languages.get(language.code);
            return history && history.heldOut.loss.length > 0 ? [result(run, language, history)] : [];
          }),
        )
        .sort(order(runs.length > 1));
      element.hidden = results.length === 0;
      if (results.length === 0) return;
      const own = results.some(({ ownNow }) => Number.isFinite(ownNow));
      const control = results.some((one) => Number.isFinite(one.control));
      const several = runs.length > 1;
      const key = JSON.stringify([
        theme.hues,
        theme.background,
        results.map((one) => [one.run.head.id, one.language, one.now, one.step, one.ownNow]),
      ]);
      content(key, () => [
        h(
          'table',
          { class: 'numbers' },
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              h('th', { scope: 'col' }, t('Language')),
              h('th', { scope: 'col' }, t('Role')),
              several && h('th', { scope: 'col' }, t('Run')),
              ...[
                t('Step'),
                t('Start'),
                t('Now'),
                t('Change'),
                ...(control ? [t('Control'), t('Difference')] : []),
                t('Accuracy'),
                ...(own ? [t('Own head: base'), t('Own head: now'), t('Forgetting')] : []),
              ].map((title) => h('th', { scope: 'col', class: 'n' }, title)),
            ),
          ),
          h(
            'tbody',
            {},
            ...results.map((one) =>
              h(
                'tr',
                {},
                h(
                  'th',
                  { scope: 'row' },
                  swatch(marked(pen(one.language, one.run.index), one.language), theme),
                  h(
                    'span',
                    {},
                    one.language.name === one.language.code
                      ? one.language.code
                      : `${one.language.name} (${one.language.code})`,
                  ),
                ),
                h('td', {}, one.language.role === 'new' ? t('new') : t('existing')),
                several && h('td', {}, one.run.letter),
                cell(fixed(one.step, 0)),
                cell(fixed(one.start, 3)),
                cell(fixed(one.now, 3)),
                cell(signed(one.change, 3), tone(one.change)),
                ...(control
                  ? [cell(fixed(one.control, 3)), cell(signed(one.difference, 3), tone(one.difference))]
                  : []),
                cell(`${fixed(one.accuracy, 1)}\u202f%`),
                ...(own
                  ? [
                      cell(fixed(one.ownBase, 3)),
                      cell(fixed(one.ownNow, 3)),
                      cell(signed(one.forgetting, 3), tone(one.forgetting)),
                    ]
                  : []),
              ),
            ),
          ),
        ),
      ]);
    },
  };
}

/** New languages first; one run's by what it made of them, several runs' side by side. */
const order = (several: boolean) => (a: Result, b: Result) => {
  if (a.language.role !== b.language.role) return a.language.role === 'new' ? -1 : 1;
  return several ? a.language.code.localeCompare(b.language.code) || a.run.index - b.run.index : a.change - b.change;
};

/** An arrow goes with the colour, which alone would not reach everyone. */
const tone = (change: number) =>
  !Number.isFinite(change) || Math.abs(change) < 0.005 ? 'toned' : change < 0 ? 'toned good' : 'toned bad';
const cell = (text: string, kind = '') => h('td', { class: `n ${kind}` }, text);
