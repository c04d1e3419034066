/** @file What surrounds every chart: title, exports, and the table behind it. It knows no data of its own. */

import type { ExportFormat } from '../../sidecar/protocol/dashboard.ts';
import { freshId, h, setText } from '../dom.ts';
import { t } from '../words.ts';

/** What a chart can be saved as. */
export type ChartFormat = 'svg' | 'csv' | 'png';

/** What a chart says to the rest of the page. */
export interface ChartHost {
  say(text: string): void;
  save(name: string, format: ExportFormat, make: () => string | Promise<string>): void;
}

export interface Table {
  head: string[];
  rows: string[][];
  /** How many rows there would be; the CSV has them all. */
  all: number;
}

export interface Frame {
  element: HTMLElement;
  body: HTMLElement;
  title(text: string, note?: string, source?: string): void;
  /** Refreshes the table if it is open. */
  refresh(): void;
}

export function frame(
  name: string,
  make: Record<ChartFormat, () => string | Promise<string>>,
  table: () => Table,
  host: ChartHost,
): Frame {
  const headingId = freshId('chart');
  const heading = h('h3', { id: headingId });
  const note = h('span', { class: 'note' });
  const body = h('div', { class: 'chart-body' });
  const of = h('p', { class: 'note chart-source', hidden: true });
  const holder = h('div', { class: 'chart-table', hidden: true, tabindex: 0, role: 'region' });
  const toggle = h('button', { class: 'mini', type: 'button', 'aria-expanded': 'false' }, t('Table'));
  const shown = () => !holder.hidden;
  toggle.addEventListener('click', () => {
    holder.hidden = shown();
    toggle.setAttribute('aria-expanded', String(shown()));
    refresh();
  });
  const exports = (['svg', 'png', 'csv'] as const).map((format) =>
    h(
      'button',
      { class: 'mini', type: 'button', onclick: () => host.save(name, format, make[format]), data: { format } },
      format.toUpperCase(),
    ),
  );
  const element = h(
    'figure',
    { class: 'chart', 'aria-labelledby': headingId, data: { chart: name } },
    h(
      'figcaption',
      {},
      h('div', { class: 'chart-title' }, heading, note),
      h('div', { class: 'chart-tools' }, toggle, ...exports),
    ),
    h('div', {}, body, of),
    holder,
  );
  const refresh = () => {
    if (shown()) holder.replaceChildren(...tableOf(table()));
  };
  return {
    element,
    body,
    title(text, small = '', source = '') {
      setText(of, source);
      of.hidden = source === '';
      setText(heading, text);
      setText(note, small);
      toggle.setAttribute('aria-label', t('Show {0} as a table', text));
      holder.setAttribute('aria-label', t('{0} as a table', text));
      for (const item of exports) item.setAttribute('aria-label', t('Export {0} as {1}', text, item.textContent ?? ''));
    },
    refresh,
  };
}

function tableOf(table: Table): Node[] {
  const more = table.all - table.rows.length;
  return [
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...table.head.map((cell) => h('th', { scope: 'col' }, cell)))),
      h(
        'tbody',
        {},
        ...table.rows.map(([first, ...rest]) =>
          h('tr', {}, h('th', { scope: 'row' }, first), ...rest.map((cell) => h('td', {}, cell))),
        ),
      ),
    ),
    ...(more > 0 ? [h('p', { class: 'note' }, t('{0} more rows are in the CSV.', more))] : []),
  ];
}
