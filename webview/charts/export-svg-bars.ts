/** @file Bars as SVG for a paper. Pure. */
import { paper } from '../theme.ts';
import { layBars } from './bar-layout.ts';
import type { BarFigure } from './figure.ts';
import { escapeXml, page, tag, width, words } from './svg-writer.ts';

const left = 24;
const top = 40;

export function svgOfBars(figure: BarFigure): string {
  const { parts, height } = layBars(figure, width - 2 * left, paper, (text) => text.length * 6.2);
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
