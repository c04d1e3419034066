import { describe, expect, it } from 'vitest';
import { csvOfHeat, csvOfLines } from '../../../webview/charts/export-csv.ts';
import { svgOfLines } from '../../../webview/charts/export-svg.ts';
import { linesTable } from '../../../webview/charts/lines-table.ts';
import { context, offsetOf } from '../../../webview/context.ts';
import { changeFigure, lossFigure, marksOf } from '../../../webview/figures/languages.ts';
import { sourced, sourceOf } from '../../../webview/figures/source.ts';
import { RunHistory } from '../../../webview/history.ts';
import { initial, reduce } from '../../../webview/state.ts';
import { paper } from '../../../webview/theme.ts';
import { madeRun } from '../../support/run-events.ts';

const head = (id: string, parent?: { run: string; step: number }) => ({
  id,
  name: `three-new ${id}`,
  experiment: 'three-new',
  createdAt: '',
  state: 'done',
  step: 200,
  steps: 200,
  device: 'cpu',
  pinned: false,
  tags: [],
  languages: [{ code: 'fin', name: 'Finnish', role: 'new' }],
  ...(parent ? { parent } : {}),
});

function overlaid(...heads: ReturnType<typeof head>[]) {
  let state = initial();
  state = reduce(state, { type: 'host', message: { type: 'runs', runs: heads } as never });
  state = reduce(state, { type: 'select', runs: heads.map(({ id }) => id) });
  state = reduce(state, { type: 'languages', codes: ['fin'] });
  const histories = new Map(
    heads.map(({ id }) => {
      const history = new RunHistory();
      for (const event of madeRun({ languages: [{ code: 'fin', role: 'new' }] }).log) history.add('log', event);
      return [id, history];
    }),
  );
  return {
    state,
    look: () => context(state, histories, paper),
    with: (next: typeof state) => context(next, histories, paper),
  };
}

describe('a fork', () => {
  const all = [head('a'), head('b', { run: 'a', step: 100 }), head('c', { run: 'b', step: 50 })];

  it('goes on from its parent’s step, and a fork of a fork from both', () => {
    const look = overlaid(...all).look();
    expect(look.runs.map(({ offset }) => offset)).toEqual([0, 100, 150]);
    const { lines, x } = lossFigure(look);
    const from = (id: string) => Array.from(lines.find(({ key }) => key === `${id}/fin/heldOut`)!.xs);
    expect(from('a').slice(0, 2)).toEqual([0, 50]);
    expect(from('c').slice(0, 2)).toEqual([150, 200]);
    expect(x.range).toEqual({ min: 0, max: 350 });
    expect(changeFigure(look).lines.map(({ xs }) => xs[0])).toEqual([0, 100, 150]);
    expect(
      marksOf(look.runs)
        .filter(({ strong }) => !strong)
        .map(({ x }) => x),
    ).toContain(150 + 50);
    expect(sourceOf(look, { smoothed: true })).toBe(
      'A three-new a; B three-new b; C three-new c · training smoothed by 0.80 · a fork goes on from its parent’s step',
    );
  });

  it('alone begins where its parent left off; a circle ends; a parent that is gone counts once', () => {
    const { state, look } = overlaid(all[1]);
    expect(lossFigure(look()).x.range).toEqual({ min: 100, max: 300 });
    expect(offsetOf(state, state.runs![0])).toBe(100);
    const circle = overlaid(head('a', { run: 'b', step: 1 }), head('b', { run: 'a', step: 2 })).state;
    expect(offsetOf(circle, circle.runs![0])).toBe(3);
  });
});

describe('several runs', () => {
  it('have their controls where they are ticked', () => {
    const { state, look, with: show } = overlaid(head('a'), head('b'));
    const controls = (from: ReturnType<typeof look>) =>
      lossFigure(from)
        .lines.filter(({ key }) => key.endsWith('/control'))
        .map(({ label }) => label);
    expect(controls(look())).toEqual(['fin A control', 'fin B control']);
    expect(controls(show(reduce(state, { type: 'layer', layer: 'control', on: false })))).toEqual([]);
  });

  it('are told apart by hue where a person wants it, languages then by rhythm and shape', () => {
    const { state, look, with: show } = overlaid(head('a'), head('b'));
    const hues = (from: ReturnType<typeof look>) =>
      lossFigure(from)
        .lines.filter(({ key }) => key.endsWith('/heldOut'))
        .map(({ pen }) => pen.hue);
    expect(hues(look())).toEqual([0, 0]);
    expect(hues(show(reduce(state, { type: 'colourBy', what: 'run' })))).toEqual([0, 1]);
  });
});

describe('what is smoothed for the eye', () => {
  it('is told as it was logged in the table, and the figure says so in every export', () => {
    const look = overlaid(head('a')).look();
    const figure = sourced(look, lossFigure(look), { smoothed: true });
    const training = figure.lines.find(({ key }) => key === 'a/fin/train')!;
    const last = training.xs.length - 1;
    expect(training.ys[last]).not.toBe(training.raw![last]);
    const { head: titles, rows } = linesTable(figure);
    expect(rows[0][titles.indexOf('fin training')]).toBe(figure.y.format(training.raw![last]));
    const source = 'three-new a · training smoothed by 0.80';
    const [first, second] = csvOfLines(figure).split('\r\n');
    expect(first).toMatch(/,source$/);
    expect(second.endsWith(`,${source}`)).toBe(true);
    expect(svgOfLines(figure, { min: 0, max: 200 })).toContain(`>${source}<`);
    const heat = {
      id: 'x',
      title: 'x',
      rowTitle: 'row',
      columnTitle: 'column',
      rows: [{ label: 'fin' }],
      columns: ['1'],
      values: Float64Array.of(0.5),
      unit: 'u',
      scale: { kind: 'sequential', most: 1 },
      format: String,
      source: 'a · layer 3 fc1 · step 40',
    } as const;
    expect(csvOfHeat(heat as never)).toBe('row,column,u,source\r\nfin,1,0.5,a · layer 3 fc1 · step 40\r\n');
  });
});
