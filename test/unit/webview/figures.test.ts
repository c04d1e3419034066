import { describe, expect, it } from 'vitest';
import { alarms } from '../../../webview/alarms.ts';
import { barRange, layBars } from '../../../webview/charts/bar-layout.ts';
import { colourOf, inkOn, valueAt } from '../../../webview/charts/colour-map.ts';
import { csvOfHeat, csvOfLines } from '../../../webview/charts/export-csv.ts';
import { svgOfLines } from '../../../webview/charts/export-svg.ts';
import { svgOfBars } from '../../../webview/charts/export-svg-bars.ts';
import { svgOfHeat } from '../../../webview/charts/export-svg-heat.ts';
import type { BarFigure, HeatFigure, LineFigure } from '../../../webview/charts/figure.ts';
import { layColumns } from '../../../webview/charts/heat-columns.ts';
import { linesTable } from '../../../webview/charts/lines-table.ts';
import { placeLabels } from '../../../webview/charts/mark-labels.ts';
import { fitting, spread } from '../../../webview/charts/overlay.ts';
import { bounds, linearTicks, logTicks } from '../../../webview/charts/ticks.ts';
import { divergenceBits } from '../../../webview/experts.ts';
import { pen } from '../../../webview/figures/pens.ts';
import { bytes, compact, duration, fixed, signed } from '../../../webview/format.ts';
import { RunHistory } from '../../../webview/history.ts';
import { paper } from '../../../webview/theme.ts';
import { madeRun } from '../../support/run-events.ts';

const hostile = `<img src=x onerror="alert(1)">&'\u0000\ud800`;

function figure(points = 5, label = 'fin training'): LineFigure {
  const xs = Float64Array.from({ length: points }, (_, i) => i * 10);
  const ys = xs.map((x) => 4 - x / 1000);
  const pen = { hue: 0, width: 2, dash: [5, 4], marker: { shape: 'diamond', hollow: true } } as const;
  return {
    id: 'f',
    title: label === 'fin training' ? 'Masked loss' : label,
    x: { label: 'Step', whole: true },
    y: { label: 'Masked loss (nats)', unit: 'nats', format: (value) => fixed(value, 2) },
    lines: [{ key: 'a', label, pen, xs, ys: ys.map((y) => y - 0.5), raw: ys }],
    marks: [{ x: 20, label: 'resumed', strong: true }],
  };
}

const heat: HeatFigure = {
  id: 'h',
  title: 'Languages and experts',
  rowTitle: 'Language',
  columnTitle: 'Expert',
  rows: [{ label: 'fin' }, { label: hostile }],
  columns: ['1', '2'],
  values: Float64Array.of(1, 0.5, Number.NaN, 2),
  unit: 'load ÷ ideal',
  scale: { kind: 'diverging', most: 2 },
  format: (value) => fixed(value, 2),
};

/** Throws where tags do not nest: enough to know that our own writer writes XML. */
function nested(xml: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  for (const [, close, name, self] of xml.matchAll(/<(\/?)([a-zA-Z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    seen.push(name);
    if (close) expect(open.pop()).toBe(name);
    else if (!self) open.push(name);
  }
  expect(open).toEqual([]);
  expect(xml.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]/);
  return seen;
}

const barFigure = (kind: 'bars' | 'points', values: number[]): BarFigure => ({
  id: 'b',
  title: 'Loss: before and after',
  axis: { label: 'Loss (nats)', unit: 'nats', kind, format: (value) => fixed(value, 2) },
  names: ['Control', 'Adapted'],
  groups: values.map((value, i) => ({
    label: i === 0 ? hostile : 'fin',
    hue: i,
    pair: [
      { value: Number.NaN, low: Number.NaN, high: Number.NaN, text: '–' },
      { value, low: value - 0.1, high: value + 0.1, text: fixed(value, 2) },
    ],
    detail: [],
  })),
  sheet: { head: [], rows: [] },
  table: { head: [], rows: [] },
});

describe('bars of before and after', () => {
  const drawn = (figure: BarFigure) => layBars(figure, 400, paper, (text) => text.length * 6);
  const numbers = (figure: BarFigure, tag: string, name: string) =>
    drawn(figure)
      .parts.filter((part) => part.tag === tag)
      .map(({ attributes }) => attributes[name] as number);

  it('begin at zero, so that their lengths are true; points need not', () => {
    const bars = barFigure('bars', [0.8, 0.4]);
    // Behind the two of the legend; what was not measured has none.
    const [long, short] = numbers(bars, 'rect', 'width').slice(2);
    expect(long / short).toBeCloseTo(2, 6);
    expect(barRange(bars)[0]).toBe(0);
    expect(barRange(barFigure('points', [3.8, 3.9]))[0]).toBeGreaterThan(3.5);
  });

  it('stay within their width, numbers and whiskers too, whatever the values', () => {
    for (const values of [[], [Number.NaN], [0], [-3, 5], [1e9, 1e-9], [4, 4]])
      for (const kind of ['bars', 'points'] as const)
        for (const part of drawn(barFigure(kind, values)).parts)
          for (const name of ['x', 'x1', 'x2', 'cx', 'width']) {
            const at = part.attributes[name];
            if (at === undefined) continue;
            expect(at).toBeGreaterThanOrEqual(-1e-6);
            expect(at).toBeLessThanOrEqual(400);
          }
  });

  it('are written for a paper with their names as text', () => {
    const out = svgOfBars(barFigure('bars', [0.8, 0.4]));
    expect(nested(out)).not.toContain('img');
    for (const text of ['&#60;img', 'Control', 'Adapted', 'Loss (nats)']) expect(out).toContain(text);
    expect(out).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('a heat map of changes', () => {
  it('is coloured alike for as much better as for worse, and palest where nothing changed', () => {
    const scale = { kind: 'change', most: 0.2 } as const;
    expect(valueAt(scale, 0)).toBe(-0.2);
    expect(valueAt(scale, 1)).toBe(0.2);
    expect(colourOf(-0.2, scale, 'light')).toBe('rgb(5,70,130)');
    expect(colourOf(0, scale, 'light')).toBe('rgb(245,244,240)');
    expect(colourOf(9, scale, 'light')).toBe('rgb(146,62,4)');
  });

  it('writes what its cells say, and into the CSV what stands in its sheet', () => {
    const cells = ['3.84', '–', '3.9', '4.1'].map((text) => ({ text, mark: '↓', detail: [text] }));
    const figure: HeatFigure = {
      ...heat,
      scale: { kind: 'change', most: 1, ends: ['better', 'same', hostile] },
      cells,
      apart: 1,
      sheet: { head: ['row', 'value'], rows: [[hostile, 3.84]] },
    };
    const out = svgOfHeat(figure);
    nested(out);
    // The one that has no colour is black on pale grey.
    expect(out).toMatch(/fill="#000000" text-anchor="middle">3\.9 ↓</);
    for (const text of ['3.84 ↓', '– ↓', 'better', 'same']) expect(out).toContain(text);
    expect(out).not.toMatch(/NaN|Infinity/);
    expect(csvOfHeat(figure)).toMatch(/^row,value\r\n"<img src=x .*,3\.84\r\n$/s);
  });
});

describe('an exported SVG', () => {
  it('has title, axis names with units, legend and vector lines', () => {
    const out = svgOfLines(figure(), { min: 0, max: 40 });
    const tags = nested(out);
    for (const text of ['Masked loss', 'Step', 'Masked loss (nats)', 'fin training', 'resumed'])
      expect(out).toContain(text);
    expect(tags).toContain('path');
    expect(tags).toContain('polygon');
    expect(tags).not.toContain('image');
    expect(out).toContain('stroke-dasharray="5 4"');
  });

  it('holds hostile names as text', () => {
    for (const out of [svgOfLines(figure(5, hostile), { min: 0, max: 40 }), svgOfHeat(heat)]) {
      expect(nested(out)).not.toContain('img');
      expect(out).toContain('&#60;img');
      expect(out).not.toContain('\u0000');
      expect(() => encodeURIComponent(out)).not.toThrow();
    }
  });

  it('has no number that is not one', () => {
    const odd = figure();
    odd.lines[0].ys = [Number.NaN, Number.POSITIVE_INFINITY, 1, -1, 0];
    for (const log of [false, true]) {
      odd.y.log = log;
      expect(svgOfLines(odd, { min: 0, max: 40 })).not.toMatch(/NaN|Infinity/);
    }
    expect(svgOfLines({ ...odd, lines: [] }, { min: 0, max: 1 })).not.toMatch(/NaN|Infinity/);
  });

  it('draws each cell of a heat map with its number, and its scale', () => {
    const out = svgOfHeat(heat);
    nested(out);
    expect(out).toContain('>0.50<');
    expect(out).toContain('load ÷ ideal');
  });
});

describe('an exported CSV', () => {
  it('has every point, as it was logged and not as it was smoothed', () => {
    const rows = csvOfLines(figure(100_000)).trimEnd().split('\r\n');
    expect(rows[0]).toBe('series,Step,Masked loss (nats)');
    expect(rows.length).toBe(100_001);
    expect(rows[3]).toBe('fin training,20,3.98');
  });

  it('quotes what CSV must quote, and disarms formulas', () => {
    const { lines, ...rest } = figure(1, 'a "b", c');
    expect(csvOfLines({ ...rest, lines })).toContain('"a ""b"", c",0,4');
    expect(csvOfLines(figure(1, '=HYPERLINK(1)'))).toContain("'=HYPERLINK(1),0,4");
  });

  it('has every cell of a heat map', () => {
    expect(csvOfHeat(heat).split('\r\n')[2]).toBe('fin,2,0.5');
  });
});

it('the table behind a chart has the newest points first and says how many there are', () => {
  const table = linesTable(figure(1000));
  expect(table.head).toEqual(['Step', 'fin training']);
  expect(table.rows.length).toBe(50);
  expect(table.rows[0][0]).toBe('9990');
  expect(table.all).toBe(1000);
});

describe('the names of vertical marks', () => {
  const widthOf = (text: string) => 10 * text.length;
  const room = { from: 0, to: 400, gap: 8 };
  const placed = (...marks: [x: number, label: string][]) =>
    placeLabels(
      marks.map(([x, label]) => ({ x, label })),
      widthOf,
      room,
    );

  it('stand over their marks, and within the plot at its edges', () => {
    expect(placed([200, 'stopped'])).toEqual([{ text: 'stopped', x: 165 }]);
    expect(placed([400, 'stopped'], [0, 'failed'])).toEqual([
      { text: 'failed', x: 0 },
      { text: 'stopped', x: 330 },
    ]);
  });

  it('give way to each other as long as they touch their marks, and are left out where they cannot', () => {
    expect(placed([100, 'one'], [130, 'two'])).toEqual([
      { text: 'one', x: 85 },
      { text: 'two', x: 123 },
    ]);
    expect(placed([100, 'one'], [110, 'two']).map(({ text }) => text)).toEqual(['one']);
  });

  it('are one where the marks are at one place, each said once, cut to the room', () => {
    expect(placed([200, 'stopped'], [200, 'resumed'], [200, 'stopped']).map(({ text }) => text)).toEqual([
      'stopped · resumed',
    ]);
    const many = Array.from('ABCDEF', (letter): [number, string] => [200, `stopped ${letter}`]);
    expect(placed(...many).map(({ text }) => text)).toEqual(['stopped A · stopped B · stopped C …']);
    expect(placed([200, 'x'.repeat(60)])).toEqual([]);
  });

  it('lie above the plot in an SVG, where no line goes', () => {
    const stopped = { x: 21, label: 'stopped', strong: true };
    const svg = svgOfLines({ ...figure(), marks: [...figure().marks, stopped] }, { min: 0, max: 40 });
    const named = [...svg.matchAll(/<text x="[\d.]+" y="([\d.]+)" font-size="9"[^>]*>([^<]*)</g)];
    const upright = [...svg.matchAll(/<line x1="([\d.]+)" x2="\1" y1="([\d.]+)" y2="([\d.]+)"/g)];
    expect(named.map(([, , text]) => text)).toContain('resumed');
    expect(upright.length).toBeGreaterThanOrEqual(2);
    const highest = Math.min(...upright.flatMap(([, , from, to]) => [Number(from), Number(to)]));
    for (const [, y] of named) expect(Number(y)).toBeLessThan(highest);
  });
});

describe('axes', () => {
  it('have round ticks within their bounds', () => {
    expect(linearTicks(0, 200, 4)).toEqual([0, 50, 100, 150, 200]);
    expect(linearTicks(-0.25, 0.02, 4)).toEqual([-0.2, -0.1, 0]);
    expect(linearTicks(0, 1, 5, true)).toEqual([0, 1]);
    expect(logTicks(0.5, 600, 5)).toEqual([1, 10, 100]);
    expect(logTicks(3.4, 4.4, 5)).toEqual([3.4, 3.6, 3.8, 4, 4.2, 4.4]);
  });

  it('leave air around values but not beyond what values can be', () => {
    expect(bounds(0, 100, { least: 0, most: 100 })).toEqual([0, 100]);
    expect(bounds(2, 2)[0]).toBeLessThan(2);
    const [low, high] = bounds(1, 1000, { log: true });
    expect(low).toBeGreaterThan(0);
    expect(high).toBeGreaterThan(1000);
  });
});

it('names at line ends keep their distance, or are left out', () => {
  const out = spread([50, 51, 52, 10], 12, 0, 100)!;
  const sorted = [...out].sort((a, b) => a - b);
  for (let i = 1; i < sorted.length; i++) expect(sorted[i] - sorted[i - 1]).toBeGreaterThanOrEqual(12);
  expect(spread([1, 2, 3], 60, 0, 100)).toBeUndefined();
});

it('of too many names at line ends as many stay as there is room for, apart from each other', () => {
  const tags = Array.from({ length: 30 }, (_, i) => ({ y: i < 20 ? 50 + i / 10 : 60 + 10 * i, i }));
  const kept = fitting(tags, 12, 170);
  expect(kept.length).toBe(15);
  expect(kept).toContainEqual({ y: 350, i: 29 });
  expect(kept[0].i).toBe(0);
  expect(fitting(tags.slice(0, 3), 12, 170).length).toBe(3);
});

it('six runs of a language differ in the rhythm of their lines, and from the other role’s', () => {
  const rhythm = (role: 'new' | 'existing', run: number) =>
    JSON.stringify(pen({ hue: 0, role, shape: 'circle' }, run).dash);
  const all = [0, 1, 2, 3, 4, 5].flatMap((run) => [rhythm('new', run), rhythm('existing', run)]);
  expect(new Set(all).size).toBe(12);
});

describe('divergence between languages (Jensen–Shannon, bits)', () => {
  it('is 0 for the same use', () =>
    expect(
      divergenceBits([
        [0.2, 0.8],
        [0.2, 0.8],
      ]),
    ).toBeCloseTo(0, 12));
  it('is log2 of the languages where none share an expert', () => {
    expect(
      divergenceBits([
        [1, 0],
        [0, 1],
      ]),
    ).toBeCloseTo(1, 12);
    expect(
      divergenceBits([
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
      ]),
    ).toBeCloseTo(2, 12);
  });
  it('agrees with a value worked out by hand', () => {
    // p = (1, 0), q = (½, ½): H(¾, ¼) − ½ = 0.811278 − 0.5
    expect(
      divergenceBits([
        [1, 0],
        [0.5, 0.5],
      ]),
    ).toBeCloseTo(0.311278, 6);
  });
  it('needs two languages', () => expect(divergenceBits([[0.5, 0.5]])).toBeNaN());
});

describe('alarms', () => {
  const history = (rows: Record<string, number[]>) => {
    const one = new RunHistory();
    const languages = Object.fromEntries(
      Object.entries(rows).map(([code, gates]) => [
        code,
        [
          {
            layer: 2,
            target: 'fc1',
            gates,
            load: gates.map((g) => g * gates.length),
            effectiveExperts: 1,
            effectivePerFrame: 1,
          },
        ],
      ]),
    );
    one.add('utilisation', { type: 'utilisation', step: 2, languages });
    return one;
  };
  const evaluations = (losses: number[], own: number[], role = 'existing') => {
    const one = new RunHistory();
    losses.forEach((lossNats, i) => {
      const ownHead = { adapted: { lossNats: own[i], accuracy: 0 }, base: { lossNats: 3, accuracy: 0 } };
      const languages = { eng: { role, adapted: { lossNats, accuracy: 0 }, ownHead } };
      one.add('log', { type: 'evaluation', step: i * 50, languages });
    });
    return one;
  };
  const kinds = (one: RunHistory) => alarms(one).map(({ kind }) => kind);

  it('are silent for a healthy run', () => {
    const { log, utilisation } = madeRun();
    const one = new RunHistory();
    for (const event of log) one.add('log', event);
    for (const event of utilisation) one.add('utilisation', event);
    expect(alarms(one)).toEqual([]);
  });

  it('name an expert that no language uses, and not one that a single language leaves alone', () => {
    expect(kinds(history({ fin: [0.6, 0.4, 0], vie: [0.4, 0.6, 0] }))).toEqual(['dead']);
    expect(alarms(history({ fin: [0.6, 0.4, 0], vie: [0.4, 0.6, 0] }))[0].where).toBe('layer 3 fc1 expert 3');
    expect(kinds(history({ fin: [0.5, 0.5, 0], vie: [0.2, 0.2, 0.6] }))).toEqual([]);
  });

  it('name a collapsed router, but neither one of two experts nor one that parts the languages', () => {
    expect(kinds(history({ fin: [0.94, 0.03, 0.03], vie: [0.94, 0.03, 0.03] }))).toEqual(['collapsed']);
    expect(kinds(history({ fin: [0.95, 0.05], vie: [0.95, 0.05] }))).toEqual([]);
    expect(kinds(history({ fin: [1, 0, 0], vie: [0, 1, 0], eng: [0, 0, 1] }))).toEqual([]);
  });

  it('name an existing language that is above its start and rising, never a new one', () => {
    expect(kinds(evaluations([3, 3.01, 3.03], [3, 3, 3]))).toEqual(['worse']);
    expect(kinds(evaluations([3, 3.05, 3.03], [3, 3, 3]))).toEqual([]);
    expect(kinds(evaluations([3, 3.01, 3.015], [3, 3, 3]))).toEqual([]);
    expect(kinds(evaluations([3, 3.01, 3.03], [3, 3, 3.2], 'new'))).toEqual([]);
  });

  it('name a language that loses recordings for being short, and one that is not measured', () => {
    const corpus = (pieces: number, heldOutSeconds: number) => {
      const one = new RunHistory();
      const dropped = { pieces, seconds: pieces / 3 };
      one.add('log', {
        type: 'corpus',
        language: 'eng',
        role: 'new',
        utterances: 1020,
        heldOutSeconds,
        dropped,
        skipped: [],
      });
      return alarms(one);
    };
    expect(corpus(51, 60)).toEqual([]);
    expect(corpus(745, 60)).toMatchObject([{ kind: 'lost', where: 'eng: 745 of 1020' }]);
    expect(corpus(745, 60)[0].cure).toContain('audio.joinSeconds: 5');
    expect(corpus(0, 0)).toMatchObject([{ kind: 'unmeasured', where: 'eng' }]);
  });

  it('name what the base’s own head forgets, and say what to try', () => {
    const [alarm] = alarms(evaluations([3, 2.9], [3, 3.11]));
    expect(alarm.kind).toBe('forgetting');
    expect(alarm.cure).toContain('replay.fraction');
  });
});

describe('numbers for people', () => {
  it('have a true minus, thin spaces, and no negative zero', () => {
    expect(fixed(-1234567.891, 1)).toBe('−1\u202f234\u202f567.9');
    expect(fixed(-0.0001, 2)).toBe('0.00');
    expect(signed(0.126)).toBe('+0.13');
    expect(signed(0.0001)).toBe('0.00');
    expect(fixed(Number.NaN)).toBe('–');
  });
  it('are short where they are small or great', () => {
    expect([compact(0.004), compact(0.00012), compact(1e-4), compact(15), compact(0)]).toEqual([
      '0.004',
      '1.2 · 10⁻⁴',
      '10⁻⁴',
      '15',
      '0',
    ]);
  });
  it('are times and sizes', () => {
    expect([duration(45), duration(80), duration(7500), duration(Number.NaN)]).toEqual([
      '45 s',
      '1 min 20 s',
      '2 h 05 min',
      '–',
    ]);
    expect(bytes(413_233_152)).toBe('413\u202fMB');
  });
});

describe('colours of a heat map', () => {
  it('tell dead from crowded, are even for the fair value, and never fail', () => {
    const scale = { kind: 'diverging', most: 2 } as const;
    expect(colourOf(0, scale, 'light')).not.toBe(colourOf(2, scale, 'light'));
    expect(colourOf(1, scale, 'light')).toBe('rgb(245,244,240)');
    expect(colourOf(99, scale, 'dark')).toBe(colourOf(2, scale, 'dark'));
    expect(colourOf(Number.NaN, scale, 'dark')).toMatch(/^rgb\(/);
  });
  it('carry text that reads at 4.5 to 1 or better, nearly everywhere', () => {
    expect([inkOn('rgb(255,255,255)'), inkOn('rgb(0,34,78)')]).toEqual(['#000000', '#ffffff']);
  });
});

describe('the columns of a heat map', () => {
  it('fill their room in order, and those that stand apart keep room for their numbers', () => {
    for (const [count, apart] of [
      [7, 5],
      [4, 4],
      [42, 40],
      [503, 500],
      [2, 0],
      [0, 0],
    ]) {
      const { edge, widthOf, end } = layColumns(count, apart, 50, 500, 140);
      expect(end).toBeLessThanOrEqual(550 + 1e-6);
      for (let c = 0; c < count; c++) {
        expect(widthOf(c)).toBeGreaterThan(0);
        expect(edge(c) + widthOf(c)).toBeLessThanOrEqual((c + 1 < count ? edge(c + 1) : end) + 1e-6);
        if (c >= apart) expect(widthOf(c)).toBeGreaterThanOrEqual(50);
      }
    }
  });
});
