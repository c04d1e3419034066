/** @file The page: header, alarms, five tabs, or the empty state. */
import { h, setText } from '../dom.ts';
import { type Tab, tabs } from '../view.ts';
import { t } from '../words.ts';
import { alarmList } from './alarm-list.ts';
import { emptyView } from './empty.ts';
import { evaluationView } from './evaluation.ts';
import { expertsView } from './experts.ts';
import { header } from './header.ts';
import { languagesView } from './languages.ts';
import type { Page, Part } from './page.ts';
import { runView } from './run.ts';
import { runsTable } from './runs-table.ts';

export function dashboard(page: Page): Part {
  const top = header(page);
  const empty = emptyView(page);
  const views: Record<Tab, Part> = {
    languages: languagesView(page),
    experts: expertsView(page),
    evaluation: evaluationView(page),
    run: runView(page),
    runs: runsTable(page),
  };
  const names: Record<Tab, string> = {
    languages: t('Languages'),
    experts: t('Experts'),
    evaluation: t('Evaluation'),
    run: t('Run'),
    runs: t('Table'),
  };
  const heads = Object.fromEntries(tabs.map((tab) => [tab, h('vscode-panel-tab', { id: `tab-${tab}` }, names[tab])]));
  const panels: HTMLElement & { activeid?: string } = h(
    'vscode-panels',
    { 'aria-label': t('Dashboard') },
    ...tabs.map((tab) => heads[tab]),
    ...tabs.map((tab) => h('vscode-panel-view', { id: `view-${tab}` }, views[tab].element)),
  );
  panels.addEventListener('change', () => {
    const chosen = tabs.find((tab) => panels.activeid === `tab-${tab}`);
    if (chosen) page.act({ type: 'tab', tab: chosen });
  });
  const warnings = alarmList();
  const gaps = h('p', { class: 'gap', role: 'alert', hidden: true });
  const full = h('div', { class: 'full' }, top.element, gaps, warnings.element, panels);
  const element = h('main', {}, full, empty.element);
  return {
    element,
    update(context) {
      const { state, runs } = context;
      const none = runs.length === 0;
      full.hidden = none;
      empty.element.hidden = !none;
      if (none) {
        empty.update(context);
        return;
      }
      const holes = [...state.tracks].reduce((sum, [, track]) => sum + track.gaps, 0);
      gaps.hidden = holes === 0;
      if (holes > 0)
        setText(
          gaps,
          t('Some events of a log did not arrive; the curves have a hole. Reload the window to read them again.'),
        );
      if (panels.activeid !== `tab-${state.view.tab}`) panels.activeid = `tab-${state.view.tab}`;
      // The toolkit repeats a tab's text as its label, and Orca takes a labelled element of unknown kind for an image.
      for (const head of Object.values(heads)) head.removeAttribute('aria-label');
      top.update(context);
      warnings.update(context);
      views[state.view.tab].update(context);
    },
  };
}
