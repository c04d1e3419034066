/**
 * @file A line chart on the page: its frame, when it is drawn, and with how many points. It is told figures and says
 * what a person did; it knows neither runs nor languages.
 */
import uPlot from 'uplot';
import { h } from '../dom.ts';
import type { Theme } from '../theme.ts';
import { t } from '../words.ts';
import { arrange } from './decimate.ts';
import { drawnArea } from './drawn-area.ts';
import { csvOfLines } from './export-csv.ts';
import { pngOf } from './export-png.ts';
import { svgOfLines } from './export-svg.ts';
import type { Line, LineFigure } from './figure.ts';
import { type ChartHost, frame } from './frame.ts';
import { makePlot, plotKey, type Range } from './line-plot.ts';
import { reading } from './line-reading.ts';
import { linesTable } from './lines-table.ts';
import { inTurn } from './turns.ts';

export interface LineHost extends ChartHost {
  zoom(to: Range | undefined): void;
}

export interface LineChart {
  element: HTMLElement;
  /** Takes a figure to be drawn; does nothing more while the chart is not to be seen. */
  update(figure: LineFigure, theme: Theme): void;
}

const tall = 232;
const low = 150;

export function lineChart(name: string, host: LineHost, options: { sync?: string; small?: boolean } = {}): LineChart {
  let figure: LineFigure | undefined;
  let theme: Theme;
  let plot: uPlot | undefined;
  let key = '';
  let range: Range = { min: 0, max: 1 };
  let dense = false;

  const box = frame(
    name,
    {
      svg: () => svgOfLines(figure!, range),
      csv: () => csvOfLines(figure!),
      png: () => pngOf(svgOfLines(figure!, range)),
    },
    () => linesTable(figure!),
    host,
  );
  const keys = t('Left and right move along a line, up and down change the line, plus and minus zoom, 0 shows all.');
  const { parts, area, name: call, draw } = drawnArea({ class: 'plot', role: t('line chart'), keys }, paint);
  const empty = h('p', { class: 'waiting' }, t('No points yet'));
  const drawn = () => ({ figure: figure!, theme, range, dense });
  const { tip, tell } = reading(area, () => plot && { ...drawn(), plot }, host);
  area.append(tip, empty);
  box.body.append(...parts);

  const height = options.small ? low : tall;

  function paint(width: number): void {
    if (!figure) return;
    range = figure.x.range ?? extent(figure.lines, figure.x.whole);
    empty.hidden = figure.lines.some((line) => line.xs.length > 0);
    const next = plotKey({ figure, theme });
    if (next !== key || !plot) {
      plot?.destroy();
      plot = makePlot(area, { width, height, sync: options.sync }, drawn, { zoom: host.zoom, pointed: tell });
      key = next;
    } else if (plot.width !== width) plot.setSize({ width, height });
    const u = plot;
    const columns = Math.max(50, Math.round(u.bbox.width / uPlot.pxRatio));
    const fitted = arrange(figure.lines, range.min, range.max, columns, figure.y.log);
    dense = fitted.dense;
    u.batch(() => {
      u.setData(fitted.data as uPlot.AlignedData, false);
      u.setScale('x', range);
    });
  }

  return {
    element: box.element,
    update(next, look) {
      figure = next;
      theme = look;
      // Also of a chart that is not in sight: a screen reader reads the whole page.
      box.title(figure.title, figure.note, figure.source);
      call(figure.title);
      box.refresh();
      inTurn(draw);
    },
  };
}

/** From the least to the greatest x of all lines. */
function extent(lines: readonly Line[], whole: boolean): Range {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { xs } of lines) {
    if (xs.length === 0) continue;
    min = Math.min(min, xs[0]);
    max = Math.max(max, xs[xs.length - 1]);
  }
  if (!(min <= max)) return { min: 0, max: 1 };
  return min < max ? { min, max } : { min: min - (whole ? 1 : 0.5), max: max + (whole ? 1 : 0.5) };
}
