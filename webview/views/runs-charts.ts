/** @file What stands under the table of runs: methods as a frontier, and which settings led to what. */
import { parallelChart } from '../charts/parallel.ts';
import { scatterChart } from '../charts/scatter.ts';
import { dropdown } from '../controls.ts';
import { h } from '../dom.ts';
import { frontierFigure } from '../figures/frontier.ts';
import { parallelFigure } from '../figures/parallel.ts';
import type { Line } from '../table/arrange.ts';
import type { Column } from '../table/columns.ts';
import { memo } from '../table/memo.ts';
import type { Theme } from '../theme.ts';
import { t } from '../words.ts';
import type { Page } from './page.ts';

export interface RunsCharts {
  element: HTMLElement;
  /** @param by the result that colours the lines */
  update(lines: readonly Line[], columns: readonly Column[], by: string, theme: Theme): void;
}

export function runsCharts(page: Page): RunsCharts {
  const frontier = scatterChart('frontier', page);
  const colour = dropdown(t('Colour by'), (value) => page.act({ type: 'table', change: { colour: value } }));
  const parallel = parallelChart('parallel', page, colour.element);
  const element = h('div', { class: 'charts study' }, frontier.element, parallel.element);
  const frontierOf = memo(frontierFigure, (...of) => of);
  const parallelOf = memo(parallelFigure, (...of) => of);
  return {
    element,
    update(lines, columns, by, theme) {
      const methods = frontierOf(lines, columns);
      frontier.element.hidden = methods === undefined;
      if (methods) frontier.update(methods, theme);
      const settings = parallelOf(lines, columns, by);
      parallel.element.hidden = settings === undefined;
      element.classList.toggle('both', methods !== undefined && settings !== undefined);
      if (!settings) return;
      colour.element.hidden = settings.colour.choices.length < 2;
      colour.update(settings.colour.choices, settings.colour.by);
      parallel.update(settings, theme);
    },
  };
}
