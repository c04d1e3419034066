/** @file The experts' page: where each language goes, at any layer, projection and step. */
import { heatMap } from '../charts/heatmap.ts';
import { lineChart } from '../charts/line.ts';
import { type Context, detailed } from '../context.ts';
import { dropdown, slider } from '../controls.ts';
import { h, setText } from '../dom.ts';
import { divergenceFigure, effectiveFigure, type Look, languageFigure, layerFigure } from '../figures/experts.ts';
import { sourced } from '../figures/source.ts';
import { fixed } from '../format.ts';
import { upperBound } from '../series.ts';
import { layerNumber } from '../utilisation.ts';
import { t } from '../words.ts';
import { detailPicker } from './detail-picker.ts';
import type { Page, Part } from './page.ts';

export function expertsView(page: Page): Part {
  const languageExpert = heatMap('language-expert', page);
  const layerExpert = heatMap('layer-expert', page);
  const still = { ...page, zoom: () => {} };
  const effective = lineChart('effective-experts', still);
  const divergence = lineChart('divergence', still);

  let last: Look | undefined;
  const run = detailPicker(page);
  const layer = dropdown(t('Layer'), (value) => choose({ layer: Number(value) }));
  const target = dropdown(t('Projection'), (value) => choose({ target: value }));
  const measure = dropdown(t('Value'), (value) =>
    page.act({ type: 'measure', measure: value === 'gates' ? 'gates' : 'load' }),
  );
  const choose = (change: { layer?: number; target?: string }) => {
    if (last) page.act({ type: 'site', ...last.site, ...change });
  };
  const time = slider(t('Step'), (index) => {
    const steps = last?.utilisation.steps ?? [];
    page.act({ type: 'expertStep', step: index >= steps.length - 1 ? undefined : steps[index] });
  });
  time.classList.add('wide');
  const at = h('output', { class: 'number' });
  const newest = h(
    'button',
    { class: 'mini', type: 'button', onclick: () => page.act({ type: 'expertStep', step: undefined }) },
    t('Newest'),
  );
  const content = h(
    'div',
    { class: 'view' },
    h(
      'div',
      { class: 'toolbar' },
      run.element,
      layer.element,
      target.element,
      measure.element,
      h('div', { class: 'field time' }, h('span', { 'aria-hidden': 'true' }, t('Step')), time, at, newest),
    ),
    h('div', { class: 'charts' }, languageExpert.element, layerExpert.element, effective.element, divergence.element),
  );
  const nothing = h('p', { class: 'note' }, t('The experts’ use is logged with the first training steps.'));
  const element = h(
    'section',
    { class: 'view', 'aria-label': t('Experts') },
    h('h2', { class: 'hidden' }, t('Experts')),
    nothing,
    content,
  );

  return {
    element,
    update(context) {
      const look = lookOf(context);
      last = look;
      nothing.hidden = look !== undefined;
      content.hidden = look === undefined;
      if (!look) return;
      const { utilisation, site, step } = look;
      run.update(context);
      const sites = utilisation.sorted();
      layer.update(
        [...new Set(sites.map(({ layer }) => layer))].map((layer) => [String(layer), String(layerNumber({ layer }))]),
        String(site.layer),
      );
      target.update(
        [...new Set(sites.map((one) => one.target))].map((value) => [value, value]),
        site.target,
      );
      measure.update(
        [
          ['load', t('load ÷ ideal')],
          ['gates', t('mean gate')],
        ],
        look.measure,
      );
      time.max = String(utilisation.steps.length - 1);
      const index = upperBound(utilisation.steps, step) - 1;
      if (time.valueAsNumber !== index) time.value = String(index);
      time.setAttribute('aria-valuetext', t('step {0}', fixed(step, 0)));
      setText(at, fixed(step, 0));
      newest.hidden = context.state.view.expertStep === undefined;
      const only = detailed(context);
      const moment = t('step {0}', fixed(step, 0));
      const place = t('layer {0} {1}', layerNumber(site), site.target);
      const here = { only, at: [place, moment].join(' · ') };
      languageExpert.update(sourced(context, languageFigure(context, look), here), context.theme);
      layerExpert.update(
        sourced(context, layerFigure(look), { only, at: [site.target, moment].join(' · ') }),
        context.theme,
      );
      for (const [chart, figure] of [
        [effective, effectiveFigure(look)],
        [divergence, divergenceFigure(look)],
      ] as const)
        chart.update(sourced(context, figure, { only, at: moment }), context.theme);
    },
  };
}

/** What the person chose where the run has it, else the nearest that it has. */
function lookOf(context: Context): Look | undefined {
  const utilisation = detailed(context)?.history.utilisation;
  if (!utilisation || utilisation.steps.length === 0 || utilisation.sites.size === 0) return undefined;
  const { layer, target, expertStep, measure } = context.state.view;
  const sites = utilisation.sorted();
  const site =
    sites.find((one) => one.layer === layer && one.target === target) ??
    sites.find((one) => one.layer === layer) ??
    sites.find((one) => one.target === target) ??
    sites[0];
  const { steps } = utilisation;
  const wanted = expertStep ?? Number.POSITIVE_INFINITY;
  return { utilisation, site, step: steps[Math.max(0, upperBound(steps, wanted) - 1)], measure };
}
