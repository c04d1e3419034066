/** @file The page of all runs: filter, group, sort; tick what is overlaid; choose several and do one thing to all. */
import { MOST_SHOWN, type SeveralCommand } from '../../sidecar/protocol/dashboard.ts';
import { shortKey } from '../../sidecar/protocol/settings.ts';
import type { Context } from '../context.ts';
import { button, dropdown } from '../controls.ts';
import { h, setText } from '../dom.ts';
import { whole } from '../format.ts';
import { shownRuns } from '../state.ts';
import { arrange, byExperiment, bySettings, type Line, noGroup } from '../table/arrange.ts';
import { type Column, type Columns, columnsOf, sizeColumn } from '../table/columns.ts';
import { type Filter, parseFilter } from '../table/filter.ts';
import { type Grid, grid } from '../table/grid.ts';
import { memo } from '../table/memo.ts';
import type { Row } from '../table/row.ts';
import { type SheetFormat, sheetOf } from '../table/sheet.ts';
import { t } from '../words.ts';
import { columnChooser } from './column-chooser.ts';
import type { Page, Part } from './page.ts';
import { runsCharts } from './runs-charts.ts';
import { headsOf, rowsOf } from './runs-table-cells.ts';

export function runsTable(page: Page): Part {
  let lines: readonly Line[] = [];
  let columns: Columns = { all: [], usual: [] };
  let shown: readonly Column[] = [];
  let chosen = new Set<string>();
  let anchor = 0;
  let last: Context | undefined;
  let asked: 'nothing' | 'rows' | 'sizes' = 'nothing';

  const search = h('input', {
    type: 'search',
    class: 'filter',
    'aria-label': t('Filter runs'),
    placeholder: t('Words, or lr > 1e-3 and not state = failed'),
    spellcheck: 'false',
  });
  search.addEventListener('input', () => page.act({ type: 'table', change: { filter: search.value } }));
  const fault = h('p', { class: 'filter-fault', role: 'status', hidden: true });
  const count = h('span', { class: 'note', role: 'status' });
  const group = dropdown(t('Group by'), (value) => page.act({ type: 'table', change: { group: value, folded: [] } }));
  const chooser = columnChooser(page);
  const formats: [SheetFormat, string][] = [
    ['csv', 'CSV'],
    ['md', 'Markdown'],
    ['tex', 'LaTeX'],
  ];
  const out = (verb: string, act: (format: SheetFormat) => void, words: (name: string) => string) =>
    h(
      'span',
      { class: 'out' },
      h('span', { class: 'note', 'aria-hidden': 'true' }, verb),
      ...formats.map(([format, name]) =>
        h('button', { type: 'button', class: 'mini', 'aria-label': words(name), onclick: () => act(format) }, name),
      ),
    );
  const sheet = (format: SheetFormat) => sheetOf(format, lines, shown);
  const copy = out(
    t('Copy'),
    (format) => {
      page.copy(sheet(format));
      page.say(t('Copied'));
    },
    (name) => t('Copy the table as {0}', name),
  );
  const save = out(
    t('Save'),
    (format) => page.save(t('All runs'), format, () => sheet(format)),
    (name) => t('Save the table as {0}', name),
  );
  const told = h('span', { class: 'chosen' });
  const act = (label: string, command: SeveralCommand) => button(label, () => page.several(command, acted()));
  const actions = h(
    'div',
    { class: 'toolbar actions-of-several', role: 'group', 'aria-label': t('What to do with the chosen runs') },
    told,
    button(t('Show in the charts'), () => show(acted())),
    act(t('Tag…'), 'tag'),
    act(t('Pin'), 'pin'),
    act(t('Unpin'), 'unpin'),
    act(t('Compare settings'), 'compareConfigs'),
    act(t('Export…'), 'exportAdapter'),
    act(t('Delete…'), 'delete'),
  );

  /** Those that are chosen; where none is, those that are ticked. */
  const acted = (): string[] => {
    const ids = runLines().flatMap(({ row }) => (chosen.has(row.head.id) ? [row.head.id] : []));
    return ids.length > 0 ? ids : [...(last?.state.view.runs ?? [])];
  };
  const runLines = () => lines.filter((line): line is Extract<Line, { kind: 'run' }> => line.kind === 'run');

  /** What does not fit is said, and nothing is unticked in silence. */
  function show(runs: readonly string[]): void {
    if (runs.length > MOST_SHOWN) page.say(t('{0} runs at most are drawn together; the first {0} are.', MOST_SHOWN));
    const some = runs.slice(0, MOST_SHOWN);
    if (some.length > 0) page.act({ type: 'select', runs: some });
    notice.hidden = runs.length <= MOST_SHOWN;
    setText(notice, t('{0} runs at most are drawn together; the first {0} are.', MOST_SHOWN));
  }
  const notice = h('p', { class: 'filter-fault', hidden: true });

  const cells: Grid = grid({
    sort(column) {
      const { sort } = last!.state.view.table;
      const down = sort?.column === column ? !sort.down : shown.find(({ id }) => id === column)?.id === 'created';
      page.act({ type: 'table', change: { sort: { column, down } } });
    },
    press(index, { shift, more }) {
      const line = lines[index];
      if (!line) return;
      if (!shift) anchor = index;
      const [from, to] = [Math.min(anchor, index), Math.max(anchor, index)];
      const ids = lines.slice(from, to + 1).flatMap(idsOf);
      if (shift) chosen = new Set(ids);
      else if (more) {
        const on = !ids.every((id) => chosen.has(id));
        for (const id of ids)
          if (on) chosen.add(id);
          else chosen.delete(id);
      } else chosen = new Set(ids);
      redraw();
    },
    tick(index) {
      const line = lines[index];
      if (line?.kind === 'group') return fold(line);
      if (!line) return;
      const { runs } = last!.state.view;
      const { id } = line.row.head;
      if (!runs.includes(id)) {
        if (runs.length < MOST_SHOWN) show([...runs, id]);
        else full();
      } else if (runs.length > 1) page.act({ type: 'select', runs: runs.filter((one) => one !== id) });
      else page.say(t('One run at least is shown.'));
      redraw();
    },
    open(index) {
      const line = lines[index];
      if (line?.kind === 'group') return fold(line);
      if (!line) return;
      page.act({ type: 'select', runs: [line.row.head.id] });
      page.act({ type: 'tab', tab: 'languages' });
    },
    all() {
      chosen = new Set(lines.flatMap(idsOf));
      redraw();
    },
    key(event, index) {
      const line = lines[index];
      if (event.key === 'Delete' && acted().length > 0) page.several('delete', acted());
      else if (event.key === 'Escape' && chosen.size > 0) {
        chosen = new Set();
        redraw();
      } else if (line?.kind === 'group' && (event.key === '+' || event.key === '-')) fold(line);
      else return;
      event.preventDefault();
    },
  });
  function full(): void {
    notice.hidden = false;
    setText(notice, t('{0} runs are drawn already, and that is the most. Untick one first.', MOST_SHOWN));
    page.say(notice.textContent ?? '');
  }

  function fold({ key }: { key: string }): void {
    const { folded } = last!.state.view.table;
    page.act({
      type: 'table',
      change: { folded: folded.includes(key) ? folded.filter((one) => one !== key) : [...folded, key] },
    });
  }

  const charts = runsCharts(page);
  const heading = h('h2', { class: 'hidden' }, t('All runs'));
  const element = h(
    'section',
    { class: 'view runs-table', 'aria-label': t('All runs') },
    heading,
    h('div', { class: 'toolbar' }, search, count, group.element, chooser.element),
    fault,
    notice,
    actions,
    cells.element,
    h('div', { class: 'toolbar' }, copy, save),
    h(
      'p',
      { class: 'note' },
      t(
        'Tick what the other pages draw. Choose with Shift and Ctrl what the buttons act on. Last values, held out; behind them the best and its step where that is another. Losses in nats; gain: control minus adapted.',
      ),
    ),
    charts.element,
  );

  const gather = memo(
    ({ runs, rows, sizes }: Context['state']) =>
      (runs ?? []).map((head): Row => ({ head, facts: rows.get(head.id), bytes: sizes.get(head.id) })),
    ({ runs, rows, sizes }) => [runs, rows, sizes],
  );
  const columnsFor = memo(
    (_: Context['state'], rows: readonly Row[]) => columnsOf(rows),
    ({ runs, rows }) => [runs, rows],
  );
  function redraw(): void {
    if (last) update(last);
  }

  /** Rows at once; what runs take on the disk where it is shown or filtered by, and after the rows: it takes long. */
  function ask({ rowsLeft, view }: Context['state']): void {
    const isSized = shown.some(({ id }) => id === sizeColumn) || /\b(size|bytes)\b/i.test(view.table.filter);
    if (asked === 'nothing') page.openTable(false);
    else if (asked === 'rows' && isSized && rowsLeft === 0) page.openTable(true);
    else return;
    asked = asked === 'nothing' ? 'rows' : 'sizes';
  }

  function update(context: Context): void {
    last = context;
    const { state } = context;
    const { table } = state.view;
    const rows = gather(state);
    columns = columnsFor(state, rows);
    const wanted = table.columns ?? columns.usual;
    shown = [
      columns.all[0],
      ...wanted.flatMap((id) => columns.all.find((one) => one.id === id && id !== 'name') ?? []),
    ];
    ask(state);
    const filter = filterOf(table.filter, columns.all);
    const isFault = 'fault' in filter;
    fault.hidden = !isFault;
    setText(fault, isFault ? filter.fault : '');
    search.setAttribute('aria-invalid', String(isFault));
    if (document.activeElement !== search && search.value !== table.filter) search.value = table.filter;
    lines = linesOf(rows, columns.all, filter, table);
    const matching = lines.reduce(
      (sum, line) => sum + (line.kind === 'group' ? (line.isFolded ? line.rows.length : 0) : 1),
      0,
    );
    const left = state.rowsLeft ?? rows.length;
    setText(
      count,
      [
        t('{0} of {1} runs', whole(matching), whole(rows.length)),
        left > 0 ? t('reading {0} more', whole(left)) : '',
        state.sizesLeft ? t('measuring {0} more', whole(state.sizesLeft)) : '',
      ]
        .filter(Boolean)
        .join('  ·  '),
    );
    const known = new Set(rows.map(({ head }) => head.id));
    for (const id of chosen) if (!known.has(id)) chosen.delete(id);
    const many = chosen.size;
    setText(told, many > 0 ? t('{0} chosen', whole(many)) : t('{0} ticked', whole(shownRuns(state).length)));
    group.update(
      [
        [noGroup, t('nothing')],
        [byExperiment, t('experiment')],
        [bySettings, t('settings, over seeds')],
        ...columns.all
          .filter(({ kind, differs, id }) => kind === 'setting' && (differs || id === table.group))
          .slice(0, 40)
          .map(({ id }): [string, string] => [id, shortKey(id)]),
      ],
      table.group,
    );
    chooser.update(columns, wanted, table.columns !== undefined);
    charts.update(lines, columns.all, table.colour, context.theme);
    cells.update(headsOf(shown), rowsOf(context, lines, shown), {
      sort: table.sort,
      isSelected: (index) => {
        const line = lines[index];
        return line?.kind === 'run' && chosen.has(line.row.head.id);
      },
      label: t('All runs'),
    });
  }

  const filterOf = memo(
    (text: string, all: readonly Column[]): Filter => parseFilter(text, all),
    (text, all) => [text, all],
  );
  const linesOf = memo(arrange, (rows, all, filter, { sort, group, folded }) => [
    rows,
    all,
    filter,
    sort,
    group,
    folded,
  ]);
  return { element, update };
}

const idsOf = (line: Line): string[] =>
  line.kind === 'run' ? [line.row.head.id] : line.rows.map(({ head }) => head.id);
