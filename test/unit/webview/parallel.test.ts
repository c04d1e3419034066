import { describe, expect, it } from 'vitest';
import { RowResults } from '../../../sidecar/protocol/run-row.ts';
import type { Scalar } from '../../../sidecar/protocol/settings.ts';
import { inkOf } from '../../../webview/charts/colour-map.ts';
import { svgOfParallel } from '../../../webview/charts/export-svg-bars.ts';
import { carried, held, type Range, sayHeld, stops } from '../../../webview/charts/parallel-brush.ts';
import { layParallel } from '../../../webview/charts/parallel-layout.ts';
import { nowhere, numberAt, placeOf, scaleOf, ticksOf } from '../../../webview/charts/parallel-scale.ts';
import { parallelFigure } from '../../../webview/figures/parallel.ts';
import { arrange, noGroup } from '../../../webview/table/arrange.ts';
import { columnsOf } from '../../../webview/table/columns.ts';
import { parseFilter } from '../../../webview/table/filter.ts';
import type { Row } from '../../../webview/table/row.ts';
import { paper } from '../../../webview/theme.ts';

const languages = [
  { code: 'fin', name: 'Finnish', role: 'new' as const },
  { code: 'eng', name: 'English', role: 'existing' as const },
];

type Settings = Record<string, Scalar>;

function run(name: string, settings: Settings, gain?: number, forgetting?: number): Row {
  const results = new RowResults();
  if (gain !== undefined) results.add('fin', 'gain', 10, gain);
  if (forgetting !== undefined) results.add('eng', 'forgetting', 10, forgetting);
  const all = results.all().map((one): [string, typeof one] => [`${one.measure} ${one.language}`, one]);
  const head = { clean: true as const, id: name, name, experiment: 'e', createdAt: '', state: 'done' as const };
  const rest = { step: 10, steps: 10, device: 'cpu', pinned: false, tags: [], languages };
  return { head: { ...head, ...rest }, facts: { settings, seconds: 1, results: new Map(all) } };
}

function figureOf(rows: Row[], { group = noGroup, by = '', filter = '' } = {}) {
  const { all } = columnsOf(rows);
  const lines = arrange(rows, all, parseFilter(filter, all), { sort: undefined, group, folded: [] });
  return parallelFigure(lines, all, by);
}

const lr = 'training.learningRate';
const kind = 'adapter.kind';
/** Three decades of rates, two kinds, one seed more than the others. */
const study = [
  run('a', { [lr]: 1e-4, [kind]: 'lora', seed: 1 }, 0.1, 0.3),
  run('b', { [lr]: 1e-3, [kind]: 'full', seed: 1 }, 0.3, 0.2),
  run('c', { [lr]: 1e-2, [kind]: 'lora', seed: 1 }, 0.2, 0.1),
  run('d', { [lr]: 1e-2, [kind]: 'lora', seed: 2 }, 0.4, undefined),
];
const range = (low: number, high: number): Range => ({ low, high });

describe('an axis', () => {
  it('is logarithmic from a factor of ten above zero on; results and what touches zero are linear', () => {
    expect(scaleOf([1, 10], false)).toEqual({ kind: 'log', min: 1, max: 10 });
    expect(scaleOf([1, 9.9], false)?.kind).toBe('linear');
    expect(scaleOf([0, 100], false)?.kind).toBe('linear');
    expect(scaleOf([-1, 100], false)?.kind).toBe('linear');
    expect(scaleOf([0.01, 1], true)?.kind).toBe('linear');
    expect(scaleOf([1, undefined, 'auto'], false)).toEqual({ kind: 'words', words: [1, 'auto'] });
    expect(scaleOf([undefined], false)).toBeUndefined();
  });

  it('has its values where they stand by hand, and finds them again', () => {
    const log = { kind: 'log', min: 1e-4, max: 1e-2 } as const;
    expect([1e-4, 1e-3, 1e-2].map((value) => placeOf(log, value))).toEqual(
      [0, 0.5, 1].map((p) => expect.closeTo(p, 9)),
    );
    expect(numberAt(log, 0.5)).toBeCloseTo(1e-3, 12);
    const linear = { kind: 'linear', min: -1, max: 3 } as const;
    expect([-1, 0, 3].map((value) => placeOf(linear, value))).toEqual([0, 0.25, 1]);
    expect(numberAt(linear, 0.25)).toBe(0);
    const words = { kind: 'words', words: ['a', 'b', 'c'] } as const;
    expect(['a', 'b', 'c', 'd', undefined].map((word) => placeOf(words, word))).toEqual([0, 0.5, 1, nowhere, nowhere]);
    expect(placeOf(log, undefined)).toBe(nowhere);
    expect(placeOf(log, Number.NaN)).toBe(nowhere);
    expect(placeOf({ kind: 'linear', min: 2, max: 2 }, 2)).toBe(0.5);
  });

  it('has its few numbers as ticks, round ones where they are many', () => {
    const few = [8, 4, 16, 4];
    expect(ticksOf(scaleOf(few, false)!, few, 5)).toEqual([4, 8, 16]);
    const many = Array.from({ length: 50 }, (_, i) => i / 10 + 0.03);
    expect(ticksOf(scaleOf(many, true)!, many, 5)).toEqual([1, 2, 3, 4]);
  });
});

describe('settings and results', () => {
  it('have an axis for each setting that differs among what is shown, then gain and forgetting', () => {
    const figure = figureOf(study)!;
    expect(figure.axes.map(({ title }) => title)).toEqual([
      'lr (log)',
      'adapter',
      'seed',
      'Gain, new',
      'Forgetting, known',
    ]);
    expect(figure.lines.map(({ label }) => label)).toEqual(['a', 'b', 'c', 'd']);
    // From the least gain to the most.
    expect(figure.lines.map(({ shade }) => shade)).toEqual([0, 2 / 3, 1 / 3, 1].map((x) => expect.closeTo(x, 9)));
    expect(figure.sheet.head).toEqual([
      ...['name', lr, kind, 'seed'],
      ...['gain', 'gain deviation', 'forgetting', 'forgetting deviation'],
    ]);
    expect(figure.sheet.rows[3]).toEqual(['d', 1e-2, 'lora', 2, 0.4, '', '', '']);
    expect(figure.table.rows[3]).toEqual(['d', '0.01', 'lora', '2', '+0.400', '–']);
    // Of the others all are lora with one seed: neither is an axis.
    expect(figureOf(study, { filter: 'adapter = lora seed = 1' })!.axes.map(({ id }) => id)).toEqual([
      lr,
      'gain',
      'forgetting',
    ]);
  });

  it('are coloured by what is chosen, the better the stronger, also where less is better', () => {
    const figure = figureOf(study, { by: 'forgetting' })!;
    expect(figure.lines.map(({ shade }) => shade)).toEqual([
      expect.closeTo(0, 9),
      expect.closeTo(0.5, 9),
      1,
      undefined,
    ]);
    expect(figure.colour).toMatchObject({ title: 'Forgetting, known', worst: '+0.300', best: '+0.100' });
    expect(figureOf(study, { by: 'no such' })!.colour.title).toBe('Gain, new');
  });

  it('have a line a group at its mean, and no axis for what differs within each', () => {
    const figure = figureOf(study, { group: kind })!;
    expect(figure.lines.map(({ label }) => label)).toEqual(['adapter lora', 'adapter full']);
    const gain = figure.axes.findIndex(({ id }) => id === 'gain');
    expect(figure.lines[0].values[gain]).toBeCloseTo(0.7 / 3, 12);
    expect(figure.lines[0].detail).toContainEqual(expect.stringMatching(/^Gain, new: \+0\.233 ± 0\.153$/));
    // Rates differ among those with lora.
    expect(figure.lines[0].values[0]).toBeUndefined();
    expect(figure.count(1)).toBe('1 of 2 groups highlighted');
  });

  it('are none where nothing differs or nothing was measured, and tell what is left out', () => {
    expect(figureOf([run('a', { seed: 1 }, 0.1), run('b', { seed: 1 }, 0.2)])).toBeUndefined();
    expect(figureOf([run('a', { seed: 1 }), run('b', { seed: 2 })])).toBeUndefined();
    const wide = [0, 1].map((i) =>
      run(`${i}`, Object.fromEntries(Array.from({ length: 9 }, (_, k) => [`x.k${k}`, i])), i),
    );
    expect(figureOf(wide)!.axes).toHaveLength(7);
    expect(figureOf(wide)!.note).toBe('a line a run; results in nats; 3 more settings differ');
    const long = Array.from({ length: 2100 }, (_, i) => run(`${i}`, { seed: i }, i));
    expect(figureOf(long)!.lines).toHaveLength(2000);
    expect(figureOf(long)!.note).toBe('a line a run; results in nats; the first 2000 of 2100');
  });
});

describe('ranges', () => {
  const figure = figureOf(study)!;
  const ranges = (...some: [string, Range][]) => new Map(some);

  it('hold what lies in every one of them: by hand', () => {
    expect(held(figure, ranges())).toEqual([true, true, true, true]);
    expect(held(figure, ranges([lr, range(0.5, 1)]))).toEqual([false, true, true, true]);
    // 1e-3 stands at 0.5, and its end counts.
    expect(held(figure, ranges([lr, range(0.51, 1)]))).toEqual([false, false, true, true]);
    expect(held(figure, ranges([lr, range(0.5, 1)], [kind, range(1, 1)]))).toEqual([false, false, true, true]);
    expect(held(figure, ranges(['forgetting', range(0, 1)]))).toEqual([true, true, true, false]);
    expect(held(figure, ranges(['forgetting', range(nowhere, nowhere)]))).toEqual([false, false, false, true]);
    expect(held(figure, ranges(['gone', range(0, 0)]))).toEqual([true, true, true, true]);
  });

  it('are said by the values that they hold, with how many', () => {
    expect(sayHeld(figure, ranges())).toBe('');
    expect(sayHeld(figure, ranges([lr, range(0.3, 1)], [kind, range(0.8, 1)]))).toBe(
      '2 of 4 runs highlighted; lr (log): 1e-3 – 0.01; adapter: lora',
    );
    expect(sayHeld(figure, ranges([lr, range(0.1, 0.2)]))).toBe('0 of 4 runs highlighted; lr (log): nothing');
    expect(sayHeld(figure, ranges(['forgetting', range(-0.2, 0)]))).toBe(
      '2 of 4 runs highlighted; Forgetting, known: – – +0.100',
    );
  });

  it('go from value to value by keyboard, each once, what has none first', () => {
    expect(stops(figure, 0)).toEqual([0, 0.5, 1].map((place) => expect.closeTo(place, 9)));
    expect(stops(figure, 1)).toEqual([0, 1]);
    expect(stops(figure, 4)).toEqual([nowhere, 0, 0.5, 1].map((place) => expect.closeTo(place, 9)));
  });

  it('hold the same values when an axis has become longer, and go with it', () => {
    const more = figureOf([...study, run('e', { [lr]: 1, [kind]: 'joint', seed: 1 }, 0.9, 0.9)])!;
    const kept = carried(ranges([lr, range(0.5, 1)], [kind, range(1, 1)]), figure.axes, more.axes);
    expect(held(more, kept)).toEqual([false, false, true, true, false]);
    expect(kept.get(lr)!.high).toBeCloseTo(0.5, 9);
    expect(carried(ranges([lr, range(0, 1)]), figure.axes, more.axes.slice(1)).size).toBe(0);
    // What lay below the new scale is not what has no value.
    const less = figureOf(study.slice(1))!;
    expect(carried(ranges([lr, range(0, 0.2)]), figure.axes, less.axes).size).toBe(0);
    const withNone = carried(ranges(['forgetting', range(-0.13, 0)]), figure.axes, more.axes);
    expect(held(more, withNone)).toEqual([false, false, true, true, false]);
  });
});

describe('the picture', () => {
  const wide = (text: string) => text.length * 6;

  it('has a line on every axis, in height by its value, and what is not held behind the others', () => {
    const figure = figureOf(study)!;
    const layout = layParallel(figure, 700, paper, wide, { ranges: new Map([[kind, range(0, 0)]]) });
    const { xs, ys, parts, top, bottom, isHeld } = layout;
    expect(xs).toHaveLength(5);
    expect([...xs].sort((a, b) => a - b)).toEqual(xs);
    expect([ys[0][0], ys[1][0], ys[2][0]]).toEqual([bottom, (top + bottom) / 2, top]);
    expect(ys[3][4]).toBeGreaterThan(bottom);
    expect(ys[3][4]).toBeLessThan(layout.height);
    expect(isHeld).toEqual([false, true, false, false]);
    const paths = parts.filter(({ tag }) => tag === 'path').map(({ attributes }) => attributes['data-held']);
    expect(paths).toEqual([undefined, 1]);
  });

  it('writes beside the outer axes, where no line passes, between them on the ground, and no zeros that all end in', () => {
    const { xs, parts } = layParallel(figureOf(study)!, 700, paper, wide);
    const texts = parts.flatMap((part) => (part.tag === 'text' ? [part] : []));
    const find = (words: string) => texts.findLast(({ text }) => text === words)!;
    // 0.1, 0.2 and 0.3 of forgetting, the last axis.
    expect(find('+0.3').attributes).toMatchObject({ x: xs[4] + 7 });
    expect(find('+0.3').attributes['text-anchor']).toBeUndefined();
    expect(xs[4] + 7 + wide('+0.3')).toBeLessThan(700);
    expect(find('1e-4').attributes).toMatchObject({ x: xs[0] - 7, 'text-anchor': 'end' });
    expect(xs[0] - 7 - wide('1e-4')).toBeGreaterThan(0);
    // Behind a word between axes its box, drawn after the lines and before the word.
    const at = parts.indexOf(find('full'));
    const { x, y, width, height, fill } = parts[at - 1].attributes;
    expect(parts[at - 1].tag).toBe('rect');
    expect(fill).toBe(paper.background);
    expect(Number(x)).toBeLessThanOrEqual(xs[1] - 7 - wide('full'));
    expect(Number(x) + Number(width)).toBeLessThan(xs[1]);
    expect(Number(y)).toBeLessThan(Number(find('full').attributes.y) - 9);
    expect(Number(y) + Number(height)).toBeGreaterThan(Number(find('full').attributes.y));
    expect(parts.findLastIndex(({ tag }) => tag === 'path')).toBeLessThan(at - 1);
    // Of numbers as a person wrote them nothing is taken, nor of what does not end so in all.
    const words = layParallel(figureOf([run('a', { v: '1.0' }, 0.15), run('b', { v: '2.0' }, 0.2)])!, 700, paper, wide);
    expect(words.parts.flatMap(({ text }) => text ?? [])).toEqual(
      expect.arrayContaining(['1.0', '2.0', '+0.15', '+0.20']),
    );
  });

  it('draws a piece that lines share once, and 2,000 lines as no more than a path a colour', () => {
    const many = Array.from({ length: 2000 }, (_, i) => run(`${i}`, { [lr]: i % 2 ? 1 : 2, seed: i % 4 }, i % 50));
    const { parts } = layParallel(figureOf(many)!, 700, paper, wide);
    const paths = parts.filter(({ tag }) => tag === 'path');
    expect(paths.length).toBeLessThanOrEqual(16);
    expect(paths.reduce((sum, { attributes }) => sum + Number(attributes['data-held']), 0)).toBe(2000);
    expect(paths.every(({ attributes }) => String(attributes.d).length < 2000)).toBe(true);
  });

  it('is a file with what is highlighted in words, and a hostile name as text', () => {
    const rows = [run('a', { [kind]: '<b>' }, 0.1), run('b', { [kind]: 'x' }, 0.2)];
    const file = svgOfParallel(figureOf(rows)!, new Map([[kind, range(0, 0)]]));
    expect(file).toContain('1 of 2 runs highlighted; adapter: &#60;b&#62;');
    expect(file).not.toContain('<b>');
  });

  it('is drawn in colours that stand out 3 : 1 from their ground', () => {
    const light = (colour: string) => {
      const [r, g, b] = colour.match(/\d+/g)!.map((one) => {
        const c = Number(one) / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const dark = light('rgb(31,31,31)');
    for (let share = 0; share <= 1; share += 0.05) {
      expect((light(inkOf(share, 'dark')) + 0.05) / (dark + 0.05)).toBeGreaterThan(3);
      expect(1.05 / (light(inkOf(share, 'light')) + 0.05)).toBeGreaterThan(3);
    }
  });
});
