/** @file A line figure as uPlot draws it: scales, axes, lines, and what lies over them. It knows no page and no keys. */
import uPlot from 'uplot';
import { hueOf, type Theme } from '../theme.ts';
import { drawDense } from './dense.ts';
import type { LineFigure } from './figure.ts';
import { bandHeight, hasBand } from './mark-labels.ts';
import { drawMarkers, drawMarks, drawTags, tagWidth } from './overlay.ts';
import { bounds, linearTicks, logTicks, stepText } from './ticks.ts';

export interface Range {
  min: number;
  max: number;
}

/** What is drawn now; asked at each drawing, so that a growing figure needs no new plot. */
export interface Drawn {
  figure: LineFigure;
  theme: Theme;
  range: Range;
  /** The columns hold extremes. */
  dense: boolean;
}

export interface PlotHost {
  zoom(to: Range | undefined): void;
  /** The cursor moved, or left. */
  pointed(plot: uPlot): void;
}

const straight = uPlot.paths.linear!();

/** What a plot is made of; another key needs another plot. */
export const plotKey = ({ figure, theme }: Pick<Drawn, 'figure' | 'theme'>): string =>
  [
    theme.kind,
    theme.background,
    figure.y.log,
    figure.y.label,
    tagWidth(figure.lines),
    hasBand(figure.marks),
    ...figure.lines.map((line) => JSON.stringify([line.key, line.pen])),
  ].join('\n');

/** Plots of one `sync` share their cursor. */
export function makePlot(
  area: HTMLElement,
  { width, height, sync }: { width: number; height: number; sync?: string },
  now: () => Drawn,
  host: PlotHost,
): uPlot {
  const { figure, theme } = now();
  const { x, y, lines } = figure;
  const font = `11px ${theme.font}`;
  const axis = {
    stroke: theme.muted,
    font,
    labelFont: font,
    grid: { stroke: theme.grid, width: 1 },
    ticks: { stroke: theme.axis, width: 1, size: 4 },
    border: { show: true, stroke: theme.axis, width: 1 },
    gap: 5,
    labelGap: 2,
  };
  const format = (values: number[]) => values.map((value) => y.format(value));
  return new uPlot(
    {
      width,
      height,
      padding: [hasBand(figure.marks) ? bandHeight : 8, tagWidth(lines), 0, 4],
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: sync !== undefined, y: false, setScale: false },
        ...(sync ? { sync: { key: sync, setSeries: false } } : {}),
        bind: {
          dblclick: () => () => {
            host.zoom(undefined);
            return null;
          },
        },
      },
      scales: {
        x: { time: false, range: () => [now().range.min, now().range.max] },
        y: {
          distr: y.log ? 3 : 1,
          range: (_, low, high) => {
            const all = [low, high, ...(y.include ?? [])].filter((value) => value !== null && Number.isFinite(value));
            return bounds(Math.min(...all), Math.max(...all), y);
          },
        },
      },
      axes: [
        {
          ...axis,
          label: x.label,
          labelSize: 16,
          size: 24,
          splits: (u, _, min, max) => linearTicks(min, max, Math.max(2, u.width / 90), x.whole),
          values: (_, splits) => splits.map((value) => stepText(value)),
        },
        {
          ...axis,
          label: y.label,
          labelSize: 18,
          size: (_, values) => 14 + Math.max(16, ...(values ?? []).map((value) => measure(value ?? '', font))),
          splits: (_, __, min, max) =>
            y.log ? logTicks(min, max, height / 46) : linearTicks(min, max, height / 46, y.whole),
          filter: (_, splits) => splits,
          values: (_, splits) => format(splits),
        },
      ],
      series: [
        {},
        ...lines.map((line) => ({
          stroke: hueOf(theme, line.pen.hue),
          width: line.pen.width,
          dash: [...line.pen.dash],
          alpha: line.pen.faint ? 0.28 : 1,
          spanGaps: true,
          points: { show: false },
          paths: (u: uPlot, i: number, from: number, to: number) => (now().dense ? null : straight(u, i, from, to)),
        })),
      ],
      hooks: {
        drawSeries: [
          (u, i) => {
            const { figure, theme, dense } = now();
            const { pen } = figure.lines[i - 1] ?? {};
            if (dense && pen && pen.width > 0) drawDense(u, u.data[i], pen, hueOf(theme, pen.hue));
          },
        ],
        drawAxes: [(u) => drawMarks(u, now().figure, now().theme)],
        draw: [
          (u) => {
            const { figure, theme } = now();
            drawMarkers(u, figure, theme);
            drawTags(u, figure, theme);
          },
        ],
        setSelect: [
          (u) => {
            if (u.select.width < 4) return;
            const zoom = {
              min: u.posToVal(u.select.left, 'x'),
              max: u.posToVal(u.select.left + u.select.width, 'x'),
            };
            u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
            host.zoom(zoom);
          },
        ],
        setCursor: [(u) => host.pointed(u)],
      },
    },
    [[], ...lines.map(() => [])],
    area,
  );
}

let pencil: CanvasRenderingContext2D | null | undefined;
function measure(words: string, font: string): number {
  pencil ??= document.createElement('canvas').getContext('2d');
  if (!pencil) return words.length * 7;
  pencil.font = font;
  return pencil.measureText(words).width;
}
