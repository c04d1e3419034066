import { describe, expect, it } from 'vitest';
import { RowResults } from '../../../sidecar/protocol/run-row.ts';
import { svgOfScatter } from '../../../webview/charts/export-svg-bars.ts';
import { layScatter } from '../../../webview/charts/scatter-layout.ts';
import { frontierFigure } from '../../../webview/figures/frontier.ts';
import { arrange, noGroup } from '../../../webview/table/arrange.ts';
import { columnsOf } from '../../../webview/table/columns.ts';
import { parseFilter } from '../../../webview/table/filter.ts';
import type { Row } from '../../../webview/table/row.ts';
import { paper } from '../../../webview/theme.ts';

const languages = [
  { code: 'fin', name: 'Finnish', role: 'new' as const },
  { code: 'eng', name: 'English', role: 'existing' as const },
];

function run(name: string, gain: number, forgetting: number | undefined, { lr = 1, seed = 1 } = {}): Row {
  const results = new RowResults();
  results.add('fin', 'gain', 10, gain);
  if (forgetting !== undefined) results.add('eng', 'forgetting', 10, forgetting);
  const all = results.all().map((one): [string, typeof one] => [`${one.measure} ${one.language}`, one]);
  const head = { clean: true as const, id: name, name, experiment: 'e', createdAt: '', state: 'done' as const };
  const rest = { step: 10, steps: 10, device: 'cpu', pinned: false, tags: [], languages };
  const settings = { 'training.learningRate': lr, seed };
  return { head: { ...head, ...rest }, facts: { settings, seconds: 1, results: new Map(all) } };
}

function figureOf(rows: Row[], group = noGroup) {
  const { all } = columnsOf(rows);
  return frontierFigure(arrange(rows, all, parseFilter('', all), { sort: undefined, group, folded: [] }), all);
}

const width = (text: string) => text.length * 6;

describe('gain against forgetting', () => {
  it('has on its frontier what no other beats in both: by hand', () => {
    const figure = figureOf([
      run('little', 0.1, 0.01),
      run('much', 0.3, 0.2),
      run('worse than much', 0.25, 0.2),
      run('worse than both', 0.05, 0.3),
      run('between', 0.2, 0.05),
      run('as between', 0.2, 0.05),
    ])!;
    expect(figure.points.map(({ label, isBest }) => [label, isBest])).toEqual([
      ['worse than both', false],
      ['little', true],
      ['between', true],
      ['as between', true],
      ['worse than much', false],
      ['much', true],
    ]);
    expect(figure.sheet.rows[1]).toEqual(['little', 0.1, '', 0.01, '', 'yes']);
    expect(figure.table.rows[0]).toEqual(['worse than both', '+0.050', '+0.300', 'no']);
  });

  it('has a point a group with the deviation over its runs', () => {
    const rows = [1, 2, 3].flatMap((seed) => [
      run(`a${seed}`, 0.1 * seed, 0.1, { lr: 1, seed }),
      run(`b${seed}`, 0.5, 0.1 * seed, { lr: 2, seed }),
    ]);
    const figure = figureOf(rows, 'training.learningRate')!;
    expect(figure.points).toHaveLength(2);
    const [a, b] = figure.points;
    expect([a.x, a.xSpread, a.y, b.y, b.ySpread]).toEqual(
      [0.2, 0.1, 0.1, 0.2, 0.1].map((value) => expect.closeTo(value, 9)),
    );
    expect(a.detail[0]).toMatch(/\+0\.200 ± 0\.100 nats/);
  });

  it('is none of one run, nor where nobody measured forgetting', () => {
    expect(figureOf([run('a', 0.1, 0.1)])).toBeUndefined();
    expect(figureOf([run('a', 0.1, undefined), run('b', 0.2, undefined)])).toBeUndefined();
  });

  it('is drawn within its bounds, no label on another or on a point, a hostile name as text', () => {
    const rows = Array.from({ length: 12 }, (_, i) => run(`<b>${i}</b> a method`, 0.1 + (i % 4) / 50, (i % 3) / 50));
    const figure = figureOf(rows)!;
    const { parts, centres, height } = layScatter(figure, 600, paper, width);
    for (const { x, y } of centres) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(600);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(height);
    }
    const boxes = parts
      .filter(({ tag, text }) => tag === 'text' && text!.startsWith('<b>'))
      .map(({ attributes, text }) => ({
        x: Number(attributes.x),
        y: Number(attributes.y) - 10,
        w: width(text!),
        h: 11,
      }));
    expect(boxes.length).toBeGreaterThan(2);
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(i + 1))
        expect(a.x + a.w < b.x || b.x + b.w < a.x || a.y + a.h < b.y || b.y + b.h < a.y).toBe(true);
    expect(svgOfScatter(figure)).toContain('&#60;b&#62;');
    expect(svgOfScatter(figure)).not.toContain('<b>');
  });

  it('sits where its numbers say: further right is more gain, further up more forgetting', () => {
    const { centres } = layScatter(figureOf([run('a', 0.1, 0.3), run('b', 0.2, 0.1)])!, 600, paper, width);
    expect(centres[1].x).toBeGreaterThan(centres[0].x);
    expect(centres[1].y).toBeGreaterThan(centres[0].y);
  });
});
