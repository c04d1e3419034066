/** @file Bars, scatters and parallel coordinates as SVG for a paper. Pure. */
import { paper, type Theme } from '../theme.ts';
import { layBars } from './bar-layout.ts';
import type { BarFigure, ParallelFigure, ScatterFigure } from './figure.ts';
import { type Ranges, sayHeld } from './parallel-brush.ts';
import { layParallel } from './parallel-layout.ts';
import type { Part } from './part.ts';
import { layScatter } from './scatter-layout.ts';
import { escapeXml, page, tag, width, words } from './svg-writer.ts';

const left = 24;
const top = 40;

export const svgOfBars = (figure: BarFigure): string => svgOf(figure, layBars);
export const svgOfScatter = (figure: ScatterFigure): string => svgOf(figure, layScatter);

/** @param ranges what was highlighted, which is said below it */
export const svgOfParallel = (figure: ParallelFigure, ranges: Ranges): string =>
  svgOf(
    { ...figure, note: [figure.note, sayHeld(figure, ranges)].filter(Boolean).join('; ') },
    (one, width, theme, widthOf) => layParallel(one, width, theme, widthOf, { ranges }),
  );

function svgOf<F extends { title: string; note?: string; source?: string }>(
  figure: F,
  lay: (figure: F, width: number, theme: Theme, widthOf: (text: string) => number) => { parts: Part[]; height: number },
): string {
  const { parts, height } = lay(figure, width - 2 * left, paper, (text) => text.length * 6.2);
  const inner = parts.map(({ tag: name, attributes, text }) =>
    text === undefined ? tag(name, attributes) : tag(name, attributes, escapeXml(text)),
  );
  return page(
    top + height + 30,
    figure.title,
    [
      words(left, 22, figure.title, { 'font-size': 14, 'font-weight': 'bold' }),
      tag('g', { transform: `translate(${left} ${top})` }, ...inner),
      words(left, top + height + 16, figure.note ?? '', { fill: paper.muted }),
    ],
    figure.source,
  );
}
