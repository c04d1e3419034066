import { describe, expect, it } from 'vitest';
import { RowResults } from '../../../sidecar/protocol/run-row.ts';
import type { Scalar } from '../../../sidecar/protocol/settings.ts';
import { initial, reduce } from '../../../webview/state.ts';
import { arrange, type Line, sayGroup, spreadOf } from '../../../webview/table/arrange.ts';
import { columnsOf } from '../../../webview/table/columns.ts';
import { parseFilter } from '../../../webview/table/filter.ts';
import type { Row } from '../../../webview/table/row.ts';
import { sheetOf } from '../../../webview/table/sheet.ts';
import { freshView } from '../../../webview/view.ts';

interface Made {
  id: string;
  lr: number;
  seed: number;
  losses?: number[];
  name?: string;
  state?: 'done' | 'failed' | 'running' | 'interrupted';
  tags?: string[];
  bytes?: number;
}

function row(made: Made): Row {
  const { id, lr, seed, losses = [4, 3.5], name = `three-new ${id}`, state = 'done', tags = [], bytes } = made;
  const results = new RowResults();
  losses.forEach((loss, i) => {
    results.add('fin', 'loss', i * 10, loss);
    results.add('fin', 'gain', i * 10, 4 - loss);
  });
  const settings: Record<string, Scalar> = {
    'training.learningRate': lr,
    seed,
    'adapter.rank': 8,
    'head.learningRate': 0.1,
    'replay.languages': '["eng"]',
  };
  const head = {
    clean: true as const,
    id,
    name,
    experiment: 'three-new',
    createdAt: `2026-11-26T10:00:0${id}Z`,
    state,
    step: 10,
    steps: 10,
    device: 'cpu',
    pinned: false,
    tags,
    languages: [{ code: 'fin', name: 'Finnish', role: 'new' as const }],
  };
  const all = results.all().map((one): [string, typeof one] => [`${one.measure} ${one.language}`, one]);
  return { head, facts: { settings, seconds: 5, results: new Map(all) }, bytes };
}

const rows = [
  row({ id: '1', lr: 0.003, seed: 1, losses: [4, 3.2, 3.5], bytes: 9_876_543 }),
  row({ id: '2', lr: 0.003, seed: 2, losses: [4, 3.7], state: 'failed', bytes: 1_234_000_000 }),
  row({ id: '3', lr: 0.01, seed: 1, losses: [4, 3.9], tags: ['good'], name: '=cmd|x & <b>_#1' }),
];
const { all: columns, usual } = columnsOf(rows);
const column = (id: string) => columns.find((one) => one.id === id)!;
const ids = (lines: readonly Line[]) => lines.map((line) => (line.kind === 'run' ? line.row.head.id : `[${line.key}]`));
const filtered = (text: string) => {
  const filter = parseFilter(text, columns);
  return 'fault' in filter
    ? filter.fault
    : rows
        .filter((one) => filter.matches(one))
        .map(({ head }) => head.id)
        .join();
};
const view = { ...freshView.table, sort: undefined };

describe('columns', () => {
  it('that differ come first, and what is the same everywhere is not among the usual ones', () => {
    const settings = columns.filter(({ kind }) => kind === 'setting').map(({ id }) => id);
    expect(settings.slice(0, 2)).toEqual(['training.learningRate', 'seed']);
    expect(usual).toEqual(['state', 'training.learningRate', 'seed', 'gain', 'loss.fin', 'gain.fin', 'created']);
  });

  it('have what a run takes on the disk in units that a person reads, not among the usual ones', () => {
    const size = column('bytes');
    expect([size.title, size.isNumber]).toEqual(['Size', true]);
    expect(rows.map((one) => size.value(one))).toEqual([9_876_543, 1_234_000_000, undefined]);
    expect(size.say(9_876_543)).toBe('10\u202fMB');
    expect(size.say(1_234_000_000)).toBe('1.23\u202fGB');
    expect(usual).not.toContain('bytes');
  });

  it('have the last value, and beside it the best and its step', () => {
    expect(column('loss.fin').value(rows[0])).toBe(3.5);
    expect(column('loss.fin').best!(rows[0])).toEqual({ value: 3.2, step: 10 });
    expect(column('gain').value(rows[0])).toBeCloseTo(0.5, 12);
  });
});

describe('a filter', () => {
  it.each([
    ['', '1,2,3'],
    ['lr > 1e-3', '1,2,3'],
    ['lr > 3e-3', '3'],
    ['lr>=3e-3 seed=1', '1,3'],
    ['training.learningRate = 0.003 and seed != 1', '2'],
    ['lr < 0.005 or tag = good', '1,2,3'],
    ['not (lr < 0.005 or seed = 2)', '3'],
    ['state = failed', '2'],
    ['! state = failed', '1,3'],
    ['GOOD', '3'],
    ['"three-new 1"', '1'],
    ['name ~ NEW', '1,2'],
    ['loss.fin < 3.6', '1'],
    ['best.loss.fin < 3.3', '1'],
    ['gain > 0.2', '1,2'],
    ['rank = 8 seed = 2', '2'],
    ['languages ~ eng', '1,2,3'],
    ['size > 1e9', '2'],
    ['bytes < 1e9', '1'],
    ['parent != x', '1,2,3'],
    ['parent = x', ''],
  ])('%s keeps %s', (text, kept) => {
    expect(filtered(text)).toBe(kept);
  });

  it.each([
    ['lr >', 'At character 5: a value is missing after “>”'],
    ['lr > abc', 'At character 6: “abc” is no number'],
    ['nothing = 1', 'At character 1: there is no column “nothing”'],
    ['learningRate = 1', 'At character 1: “learningRate” can be training.learningRate or head.learningRate'],
    ['(lr > 1', 'At character 8: a closing parenthesis is missing'],
    ['lr > 1)', 'At character 7: “)” is not expected here'],
    ['name = "x', 'At character 8: this quotation mark is never closed'],
    ['lr > 1 and', 'At character 11: something is missing here'],
    ['> 1', 'At character 1: “>” is not expected here'],
    [`${'('.repeat(60)}lr > 1`, 'At character 52: too many parentheses'],
    [`${'not '.repeat(60)}x`, 'At character 205: too many parentheses'],
  ])('%s says %s', (text, fault) => {
    expect(filtered(text)).toBe(fault);
  });
});

describe('lines', () => {
  const none = parseFilter('', columns);

  it('are sorted, and what has no value stands last either way', () => {
    const more = [...rows, row({ id: '4', lr: 1, seed: 1, losses: [] })];
    const by = (down: boolean) => ids(arrange(more, columns, none, { ...view, sort: { column: 'loss.fin', down } }));
    expect(by(false)).toEqual(['1', '2', '3', '4']);
    expect(by(true)).toEqual(['3', '2', '1', '4']);
  });

  it('are sorted by bytes, not by their words', () => {
    const by = (down: boolean) => ids(arrange(rows, columns, none, { ...view, sort: { column: 'bytes', down } }));
    expect([by(false), by(true)]).toEqual([
      ['1', '2', '3'],
      ['2', '1', '3'],
    ]);
  });

  it('are grouped by settings over seeds, by a setting, by the experiment, with mean ± deviation', () => {
    const lines = arrange(rows, columns, none, { ...view, group: 'settings' });
    expect(ids(lines)).toEqual(['[three-new · lr 3e-3]', '1', '2', '[three-new · lr 0.01]', '3']);
    const [first, , , second] = lines as Extract<Line, { kind: 'group' }>[];
    const { mean, deviation, count } = spreadOf(first.rows, column('loss.fin'));
    expect(mean).toBeCloseTo(3.6, 12);
    // n − 1: the two lie 0.1 from their mean.
    expect(deviation).toBeCloseTo(Math.sqrt(0.02), 12);
    expect(count).toBe(2);
    expect(sayGroup(first.rows, column('loss.fin'))).toBe('3.600 ± 0.141');
    expect(sayGroup(first.rows, column('gain.fin'))).toBe('+0.400 ± 0.141');
    expect(sayGroup(second.rows, column('loss.fin'))).toBe('3.900');
    expect(sayGroup(first.rows, column('training.learningRate'))).toBe('3e-3');
    expect(sayGroup(first.rows, column('seed'))).toBe('2 values');
    expect(ids(arrange(rows, columns, none, { ...view, group: 'seed' }))).toEqual([
      '[seed 1]',
      '1',
      '3',
      '[seed 2]',
      '2',
    ]);
    expect(ids(arrange(rows, columns, none, { ...view, group: 'experiment', folded: ['three-new'] }))).toEqual([
      '[three-new]',
    ]);
  });

  it('groups are sorted by their means', () => {
    const lines = arrange(rows, columns, none, {
      ...view,
      group: 'settings',
      sort: { column: 'loss.fin', down: true },
    });
    expect(ids(lines)).toEqual(['[three-new · lr 0.01]', '3', '[three-new · lr 3e-3]', '2', '1']);
  });
});

describe('as text', () => {
  const shown = [column('name'), column('training.learningRate'), column('loss.fin')];
  const none = parseFilter('', columns);
  const flat = arrange(rows, columns, none, view);
  const grouped = arrange(rows, columns, none, { ...view, group: 'seed', folded: ['seed 1'] });

  it('CSV has every number in full, no formula, and a group as a column', () => {
    expect(sheetOf('csv', flat, shown)).toBe(
      'name,training.learningRate,loss.fin,best.loss.fin,best.loss.fin.step\r\n' +
        'three-new 1,0.003,3.5,3.2,10\r\n' +
        'three-new 2,0.003,3.7,3.7,10\r\n' +
        "'=cmd|x & <b>_#1,0.01,3.9,3.9,10\r\n",
    );
    expect(sheetOf('csv', grouped, shown).split('\r\n')[1]).toBe('seed 1,three-new 1,0.003,3.5,3.2,10');
    expect(sheetOf('csv', grouped, shown).split('\r\n').length).toBe(5);
  });

  it('Markdown escapes what would be markup', () => {
    expect(sheetOf('md', flat.slice(2), shown)).toBe(
      '| Name | lr | Loss fin |\n| --- | --: | --: |\n| =cmd\\|x \\& \\<b\\>\\_\\#1 | 0.01 | 3.900 |\n',
    );
  });

  it('has sizes as numbers, with their unit in the head', () => {
    const sized = [column('name'), column('bytes')];
    expect(sheetOf('csv', flat.slice(0, 2), sized)).toBe(
      'name,bytes\r\nthree-new 1,9876543\r\nthree-new 2,1234000000\r\n',
    );
    expect(sheetOf('md', flat.slice(0, 2), sized)).toBe(
      '| Name | Size \\(MB\\) |\n| --- | --: |\n| three-new 1 | 9.9 |\n| three-new 2 | 1234.0 |\n',
    );
    const one = arrange(rows.slice(0, 1), columns, none, { ...view, group: 'seed' });
    const text = sheetOf('tex', one, sized);
    expect(text).toContain('Name & Size (MB) \\\\');
    expect(text).toContain('seed 1 (1) & 9.9 \\\\\nthree-new 1 & 9.9 \\\\');
  });

  it('LaTeX has a line a row', () => {
    const text = sheetOf('tex', grouped, shown);
    expect(text).toContain('\\begin{tabular}{lrr}\n\\toprule\nName & lr & Loss fin \\\\\n\\midrule\n');
    expect(text).toContain('seed 1 (2) & 2 values & 3.700 \\ensuremath{\\pm} 0.283 \\\\\n');
  });
});

describe('the state', () => {
  it('takes sizes as they come, over those before, and no others', () => {
    let state = initial();
    const tell = (sizes: unknown, left: unknown) => {
      state = reduce(state, { type: 'host', message: { type: 'sizes', sizes, left } as never });
    };
    expect(state.sizesLeft).toBeUndefined();
    tell([['a', 5], ['b', -1], ['c', Number.NaN], ['d', '7'], null, ['e', 0]], 3);
    expect([[...state.sizes], state.sizesLeft]).toEqual([
      [
        ['a', 5],
        ['e', 0],
      ],
      3,
    ]);
    tell([['a', 6]], -1);
    expect([state.sizes.get('a'), state.sizes.get('e'), state.sizesLeft]).toEqual([6, 0, 0]);
  });

  it('takes rows as they come, and of hostile ones only what they may be', () => {
    let state = initial();
    const tell = (message: object) => {
      state = reduce(state, { type: 'host', message: message as never });
    };
    tell({ type: 'runs', runs: [{ id: 'a', name: 'x', state: 'done' }] });
    tell({
      type: 'rows',
      keys: ['seed', '__proto__', 'x'],
      left: 7,
      rows: [
        {
          id: 'a',
          values: [3, 'no', { deep: 1 }],
          results: [
            { language: 'fin', measure: 'loss', last: 3, lastStep: 1, best: 2, bestStep: 0 },
            { language: 'fin', measure: 'evil', last: 3 },
            null,
          ],
        },
        'nonsense',
      ],
    });
    expect(state.rowsLeft).toBe(7);
    const facts = state.rows.get('a')!;
    expect({ ...facts.settings }).toEqual({ seed: 3, ['__proto__']: 'no' });
    expect([...facts.results.keys()]).toEqual(['loss fin']);
    tell({ type: 'heads', runs: [{ id: 'a', name: 'renamed', state: 'done', parent: { run: 'b', step: 5 } }] });
    expect(state.runs![0]).toMatchObject({ name: 'renamed', parent: { run: 'b', step: 5 } });
  });
});
