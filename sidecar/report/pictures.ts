/**
 * @file Pictures of findings as SVG: the matrix of a measure, numbers before and after with their intervals, drift by layer.
 * Drawn with currentColor, so that they are readable on a dark page as on a light one. Pure.
 */
import type { Drift, Findings, FindingTable } from '../protocol/findings.ts';
import { cellAt, comparedAt, gainOf, lastRow, saySigned, sayValue } from '../protocol/findings-words.ts';
import { escapeHtml } from './html.ts';

const FONT = 'font-family="system-ui, sans-serif" font-size="13"';
/** Okabe & Ito 2008: told apart by who sees colours otherwise. */
const HUES = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#999933'];
const BETTER = '#2a78c8';
const WORSE = '#d1602a';

const svg = (width: number, height: number, label: string, parts: readonly string[]) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeHtml(label)}" ${FONT} fill="currentColor">\n${parts.join('\n')}\n</svg>`;
const text = (x: number, y: number, words: string, anchor = 'start', more = '') =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" ${more}>${escapeHtml(words)}</text>`;
const line = (x1: number, y1: number, x2: number, y2: number, more = 'stroke="currentColor" stroke-opacity=".35"') =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ${more}/>`;
const round = (x: number) => Math.round(x * 10) / 10;
/** About what a word takes of 13 pixels' type. */
const wide = (words: string) => 7.5 * [...words].length;

const CELL = { width: 92, height: 44 };

/** Rows by languages, coloured by how much better or worse than what it is compared with; grey frames where not measured. */
export function matrixPicture({ rows, languages }: Findings, table: FindingTable, title: string): string {
  const names = rows.map(({ row, add }) => (row === 0 ? 'before' : `${row}: + ${add.join(', ')}`));
  const left = Math.max(60, ...names.map(wide)) + 16;
  const gains = rows.flatMap(({ row }) =>
    languages.map(({ code }) => Math.abs(gainOf(cellAt(table, row, code)?.change, table.better)) || 0),
  );
  const most = Math.max(1e-9, ...gains);
  const parts: string[] = [];
  for (const [i, { code, role }] of languages.entries())
    parts.push(text(left + (i + 0.5) * CELL.width, 16, role === 'new' ? `${code} (new)` : code, 'middle'));
  for (const { row } of rows) {
    const top = 26 + row * CELL.height;
    parts.push(text(left - 10, top + CELL.height / 2 + 4, names[row], 'end'));
    for (const [i, { code, entered }] of languages.entries()) {
      const cell = cellAt(table, row, code);
      const gain = gainOf(cell?.change, table.better);
      const [x, middle] = [left + i * CELL.width, left + (i + 0.5) * CELL.width];
      const strength = Number.isFinite(gain) ? (0.6 * Math.abs(gain)) / most : 0;
      parts.push(
        `<rect x="${x + 1}" y="${top + 1}" width="${CELL.width - 2}" height="${CELL.height - 2}" rx="3" fill="${gain < 0 ? WORSE : BETTER}" fill-opacity="${round(strength * 100) / 100}" stroke="currentColor" stroke-opacity="${row >= entered ? 0.4 : 0.12}"/>`,
      );
      const change = cell?.change && saySigned(cell.change.value, table.unit);
      parts.push(text(middle, top + (change ? 19 : 26), sayValue(cell?.value, table.unit), 'middle'));
      if (change) parts.push(text(middle, top + 35, change, 'middle', 'font-size="11" fill-opacity=".8"'));
    }
  }
  return svg(left + languages.length * CELL.width + 2, 28 + rows.length * CELL.height, title, parts);
}

const BAR = { height: 18, group: 58, width: 460 };

/**
 * For each language before (or the control) above after, each with its interval: shares as bars from 0, all else as points
 * on an axis that fits them, since bars from 0 would hide what differs.
 */
export function barsPicture({ languages }: Findings, table: FindingTable, title: string): string {
  const pairs = languages.flatMap(({ code, role }) => {
    const row = lastRow(table, code);
    const after = row === undefined ? undefined : cellAt(table, row, code);
    if (row === undefined || after?.value === undefined) return [];
    return [{ name: role === 'new' ? `${code} (new)` : code, after, before: comparedAt(table, row, code) }];
  });
  const left = Math.max(50, ...pairs.map(({ name }) => wide(name))) + 14;
  const shown = pairs.flatMap(({ before, after }) => [before, after].filter((one) => one?.value !== undefined));
  const isShare = table.unit === 'share';
  const highest = Math.max(...shown.map((one) => one!.high ?? one!.value!));
  const lowest = Math.min(...shown.map((one) => one!.low ?? one!.value!));
  const from = isShare ? 0 : lowest - 0.1 * (highest - lowest);
  const scale = (value: number) => left + ((value - from) / Math.max(1e-9, highest - from)) * BAR.width;
  const parts: string[] = [];
  for (const [i, { name, before, after }] of pairs.entries()) {
    const top = i * BAR.group + 8;
    parts.push(text(left - 8, top + BAR.height + 4, name, 'end'));
    for (const [k, one] of [before, after].entries()) {
      if (one?.value === undefined) continue;
      const y = top + k * (BAR.height + 2);
      const middle = y + BAR.height / 2;
      const fill = `fill="${k === 0 ? 'currentColor' : BETTER}" fill-opacity="${k === 0 ? 0.3 : 0.75}"`;
      if (isShare)
        parts.push(
          `<rect x="${left}" y="${y}" width="${round(scale(one.value) - left)}" height="${BAR.height}" rx="2" ${fill}/>`,
        );
      if (one.low !== undefined && one.high !== undefined) {
        const whisker = 'stroke="currentColor" stroke-width="1.5"';
        parts.push(line(scale(one.low), middle, scale(one.high), middle, whisker));
        for (const x of [one.low, one.high]) parts.push(line(scale(x), middle - 4, scale(x), middle + 4, whisker));
      }
      if (!isShare)
        parts.push(
          `<circle cx="${round(scale(one.value))}" cy="${middle}" r="5.5" fill="${k === 0 ? '#8a8a8a' : BETTER}" stroke="currentColor"/>`,
        );
      parts.push(text(scale(one.high ?? one.value) + 10, y + BAR.height - 4, sayValue(one.value, table.unit)));
    }
  }
  parts.push(line(left, 2, left, pairs.length * BAR.group));
  return svg(left + BAR.width + 80, pairs.length * BAR.group + 6, title, parts);
}

const PLOT = { width: 520, height: 240, left: 64, top: 12, bottom: 42 };

/** The last row's drift, a line a language. */
export function driftPicture(drift: readonly Drift[], title: string): string {
  const layers = Math.max(2, ...drift.map((one) => one.layers.length));
  const most = Math.max(1e-6, ...drift.flatMap((one) => one.layers.map((value) => value ?? 0)));
  const x = (layer: number) => PLOT.left + (layer / (layers - 1)) * PLOT.width;
  const y = (value: number) => PLOT.top + (1 - value / most) * PLOT.height;
  const parts: string[] = [];
  for (const share of [0, 0.5, 1]) {
    parts.push(
      line(
        PLOT.left,
        y(share * most),
        PLOT.left + PLOT.width,
        y(share * most),
        'stroke="currentColor" stroke-opacity=".2"',
      ),
    );
    parts.push(text(PLOT.left - 8, y(share * most) + 4, (share * most).toPrecision(2), 'end'));
  }
  const every = Math.ceil(layers / 14);
  for (let layer = 0; layer < layers; layer += every)
    parts.push(text(x(layer), PLOT.top + PLOT.height + 18, layer === 0 ? 'input' : String(layer), 'middle'));
  parts.push(text(PLOT.left + PLOT.width / 2, PLOT.top + PLOT.height + 38, 'hidden state', 'middle'));
  for (const [i, { language, layers: values }] of drift.entries()) {
    const hue = HUES[i % HUES.length];
    const points = values.flatMap((value, layer) => (value === null ? [] : [`${round(x(layer))},${round(y(value))}`]));
    parts.push(`<polyline points="${points.join(' ')}" fill="none" stroke="${hue}" stroke-width="2"/>`);
    parts.push(
      `<rect x="${PLOT.left + PLOT.width + 14}" y="${PLOT.top + i * 20}" width="12" height="12" fill="${hue}"/>`,
    );
    parts.push(text(PLOT.left + PLOT.width + 32, PLOT.top + i * 20 + 11, language));
  }
  const legend = 50 + Math.max(30, ...drift.map(({ language }) => wide(language)));
  return svg(PLOT.left + PLOT.width + legend, PLOT.top + PLOT.height + PLOT.bottom, title, parts);
}
