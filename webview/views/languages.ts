/** @file The languages' page: curves, legend, and what each language has gained or lost. */
import { lineChart } from '../charts/line.ts';
import type { Context } from '../context.ts';
import { checkbox, dropdown, slider } from '../controls.ts';
import { h, setText } from '../dom.ts';
import { accuracyFigure, changeFigure, forgettingFigure, lossFigure } from '../figures/languages.ts';
import { sourced } from '../figures/source.ts';
import { fixed } from '../format.ts';
import { t } from '../words.ts';
import { legend } from './legend.ts';
import type { Page, Part } from './page.ts';
import { resultTable } from './result-table.ts';

export function languagesView(page: Page): Part {
  const sync = 'steps';
  const loss = lineChart('masked-loss', page, { sync });
  const accuracy = lineChart('accuracy', page, { sync });
  const change = lineChart('held-out-change', page, { sync });
  const own = lineChart('own-head', page, { sync });
  const names = legend(page);
  const table = resultTable();

  const smoothing = slider(t('Smoothing'), (value) => page.act({ type: 'smoothing', weight: value }));
  Object.assign(smoothing, { min: '0', max: '0.98', step: '0.01' });
  const weight = h('output', { class: 'number' });
  const log = checkbox(t('Log scale'), (on) => page.act({ type: 'logScale', on }));
  const layers = (['training', 'heldOut', 'control'] as const).map((layer) => {
    const label = { training: t('Training'), heldOut: t('Held out'), control: t('Control') }[layer];
    return { layer, box: checkbox(label, (on) => page.act({ type: 'layer', layer, on })) };
  });
  const colours = dropdown(t('Colour by'), (what) =>
    page.act({ type: 'colourBy', what: what === 'run' ? 'run' : 'language' }),
  );
  const noHead = h('p', { class: 'note no-head', hidden: true });
  const all = h('button', { class: 'mini', type: 'button', onclick: () => page.zoom(undefined) }, t('Reset zoom'));

  const charts = h('div', { class: 'charts' }, loss.element, accuracy.element, change.element, own.element);
  const element = h(
    'section',
    { class: 'view', 'aria-label': t('Languages') },
    h('h2', { class: 'hidden' }, t('Languages')),
    h(
      'div',
      { class: 'toolbar' },
      ...layers.map(({ box }) => box),
      h('span', { class: 'rule' }),
      h('label', { class: 'field' }, h('span', { 'aria-hidden': 'true' }, t('Smoothing')), smoothing, weight),
      log,
      colours.element,
      all,
    ),
    names.element,
    charts,
    noHead,
    table.element,
  );
  return {
    element,
    update(context) {
      const { view } = context.state;
      if (document.activeElement !== smoothing) smoothing.value = String(view.smoothing);
      setText(weight, fixed(view.smoothing, 2));
      log.checked = view.logScale;
      colours.element.hidden = context.runs.length < 2;
      colours.update(
        [
          ['language', t('language')],
          ['run', t('run')],
        ],
        view.colourBy,
      );
      for (const { layer, box } of layers) box.checked = view.layers[layer];
      all.hidden = view.zoom === undefined;
      names.update(context);
      loss.update(sourced(context, lossFigure(context), { smoothed: true }), context.theme);
      accuracy.update(sourced(context, accuracyFigure(context), { smoothed: true }), context.theme);
      const changes = changeFigure(context);
      change.element.hidden = changes.lines.length === 0;
      change.update(sourced(context, changes), context.theme);
      const forgetting = forgettingFigure(context);
      own.element.hidden = forgetting.lines.length === 0;
      change.element.classList.toggle('wide', own.element.hidden);
      own.update(sourced(context, forgetting), context.theme);
      const why = own.element.hidden ? whyNoForgetting(context) : '';
      noHead.hidden = why === '';
      setText(noHead, why);
      table.update(context);
    },
  };
}

/** The chart of forgetting needs the base's own head: where there is none, that is said, and what would bring it. */
function whyNoForgetting({ runs }: Context): string {
  const measured = runs.filter(({ history }) =>
    [...history.languages.values()].some(({ heldOut }) => heldOut.loss.length > 0),
  );
  if (measured.length === 0) return '';
  return t(
    'Forgetting is not shown: the base was read without the head that it was trained with. Where a file of it lies (head.safetensors, often beside the base), name it as {0}.',
    'base.head',
  );
}
