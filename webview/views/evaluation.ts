/** @file The page of findings: what was learned and forgotten, in words, as matrix and bars, and what lies behind it. */
import type { Findings, FindingTable } from '../../sidecar/protocol/findings.ts';
import { sayFault } from '../../sidecar/protocol/findings-fault.ts';
import { measureTitle } from '../../sidecar/protocol/findings-words.ts';
import { barRange } from '../charts/bar-layout.ts';
import { type BarChart, barChart } from '../charts/bars.ts';
import type { BarFigure } from '../charts/figure.ts';
import { type HeatChart, heatMap } from '../charts/heatmap.ts';
import { lineChart } from '../charts/line.ts';
import { type Context, detailed, findingsOf, type Shown } from '../context.ts';
import { dropdown } from '../controls.ts';
import { h, keyed } from '../dom.ts';
import { barsFigure } from '../figures/findings-bars.ts';
import { confusionFigure, confusionOf, driftFigure } from '../figures/findings-layers.ts';
import { matrixFigure, mostChange, rowName } from '../figures/findings-matrix.ts';
import { sourced } from '../figures/source.ts';
import { t } from '../words.ts';
import { answerList } from './answers.ts';
import { detailPicker } from './detail-picker.ts';
import { examplesView } from './examples.ts';
import { aboutMeasuring, underMatrix } from './findings-notes.ts';
import { legend } from './legend.ts';
import type { Page, Part } from './page.ts';

/** As many languages have their numbers in the cells of half a page. */
const mostBeside = 9;

interface Pair {
  matrix: HeatChart;
  under: (table: FindingTable | undefined) => void;
  bars: BarChart;
}

export function evaluationView(page: Page): Part {
  const answers = answerList();
  const measure = dropdown(t('Measure'), (value) => page.act({ type: 'finding', change: { measure: value } }));
  const row = dropdown(t('After stage'), (value) => page.act({ type: 'finding', change: { row: Number(value) } }));
  const run = detailPicker(page);
  const names = legend(page);
  const pairs: Pair[] = [];
  const charts = h('div', { class: 'charts findings' });
  const states = heatMap('confusion-states', page);
  const mel = heatMap('confusion-log-mel', page);
  const drift = lineChart('drift', { ...page, zoom: () => {} });
  const behind = h('div', { class: 'charts findings' }, states.element, mel.element, drift.element);
  const examples = examplesView(page);
  const about = aboutMeasuring();
  const content = h(
    'div',
    { class: 'view' },
    answers.element,
    h('div', { class: 'toolbar' }, measure.element, row.element),
    names.element,
    charts,
    h('div', { class: 'toolbar' }, run.element),
    behind,
    examples.element,
    about.element,
  );
  const without = h('ul', { class: 'without' });
  const reasons = keyed(without);
  const element = h(
    'section',
    { class: 'view', 'aria-label': t('Evaluation') },
    h('h2', { class: 'hidden' }, t('Evaluation')),
    without,
    content,
  );

  /** The charts of the i-th run on the page, made when they are first needed. */
  function pairAt(i: number): Pair {
    if (!pairs[i]) {
      const matrix = heatMap(`findings-${i}`, page);
      const under = underMatrix();
      matrix.body.append(under.element);
      pairs[i] = { matrix, under: under.update, bars: barChart(`findings-bars-${i}`, page) };
      charts.append(matrix.element, pairs[i].bars.element);
    }
    return pairs[i];
  }

  let last: unknown[] = [];

  return {
    element,
    update(context) {
      const { state, theme, languages } = context;
      // Points come five times a second, findings once a stage.
      const now = [state.findings, state.view, state.runs, theme, JSON.stringify(languages)];
      if (now.every((one, i) => one === last[i])) return;
      last = now;
      const found = context.runs.flatMap((one) => {
        const findings = findingsOf(one.told);
        return findings ? [{ one, findings }] : [];
      });
      const missing = context.runs.filter(({ told }) => !findingsOf(told));
      without.hidden = missing.length === 0;
      reasons(
        JSON.stringify(
          missing.map(({ head, told, letter }) => [head.name, head.state, told, letter, context.runs.length]),
        ),
        () => missing.map((one) => h('li', { class: 'note' }, whyNone(one, context.runs.length > 1))),
      );
      content.hidden = found.length === 0;
      if (found.length === 0) return;
      answers.update(context);
      names.update(context);

      const measures = [...new Set(found.flatMap(({ findings }) => findings.tables.map((table) => table.measure)))];
      const { finding } = context.state.view;
      const chosen = measures.find((one) => one === finding.measure) ?? measures[0];
      measure.update(
        measures.map((one) => [one, measureTitle(one, t)]),
        chosen ?? '',
      );
      const longest = found.map(({ findings }) => findings.rows).sort((a, b) => b.length - a.length)[0];
      const at = Math.min(finding.row ?? Number.POSITIVE_INFINITY, longest.length - 1);
      row.update(
        longest.map((one) => [String(one.row), rowName(one)]),
        String(at),
      );
      const tableOf = (findings: Findings) => findings.tables.find((table) => table.measure === chosen);
      const most = mostChange(found.flatMap(({ findings }) => tableOf(findings) ?? []));
      const figures: { bars: BarChart; figure: BarFigure }[] = [];
      found.forEach(({ one, findings }, i) => {
        const { matrix, under, bars } = pairAt(i);
        const table = tableOf(findings);
        matrix.element.hidden = bars.element.hidden = !table;
        under(table);
        if (!table) return;
        const wide = findings.languages.length > mostBeside;
        for (const { element } of [matrix, bars]) element.classList.toggle('wide', wide);
        matrix.update(
          sourced(context, matrixFigure(context, one, findings, table, most), { only: one }),
          context.theme,
        );
        figures.push({ bars, figure: sourced(context, barsFigure(context, one, findings, table, at), { only: one }) });
      });
      // Side by side they are compared: one axis for all.
      const groups = figures.flatMap(({ figure }) => figure.groups);
      for (const { bars, figure } of figures) {
        const range = barRange({ axis: figure.axis, groups });
        bars.update({ ...figure, axis: { ...figure.axis, range } }, context.theme);
      }
      for (const { matrix, bars } of pairs.slice(found.length)) matrix.element.hidden = bars.element.hidden = true;

      run.update(context);
      showBehind(context, findingsOf(detailed(context)?.told), at);
      examples.update(context);
      about.update(context);
    },
  };

  function showBehind(context: Context, findings: Findings | undefined, at: number): void {
    behind.hidden = !findings;
    if (!findings) return;
    for (const [chart, features] of [
      [states, 'states'],
      [mel, 'log-mel'],
    ] as const) {
      const confusion = confusionOf(findings, features, at);
      chart.element.hidden = !confusion;
      if (confusion)
        chart.update(
          sourced(context, confusionFigure(findings, confusion), { only: detailed(context) }),
          context.theme,
        );
    }
    const figure = driftFigure(context, findings, at);
    drift.element.hidden = findings.drift.length === 0;
    drift.element.classList.toggle('wide', states.element.hidden === mel.element.hidden);
    drift.update(sourced(context, figure, { only: detailed(context) }), context.theme);
  }
}

/** Why a run has nothing to show here, and what makes it. */
function whyNone({ head, told, letter }: Shown, several: boolean): string {
  const of = several ? `${letter} ${head.name}: ` : '';
  if (told && 'fault' in told) return of + t('findings.json is not shown: {0}.', sayFault(told.fault, t));
  return (
    of +
    (head.state === 'running'
      ? t(
          'Nothing is measured yet. The base is measured before training begins, and the model again after every stage; each adds a row here.',
        )
      : t(
          'This run has no findings. They are measured once before training and again after every stage, so a run that ended before that has none, and neither has one of an older MiLorE.',
        ))
  );
}
