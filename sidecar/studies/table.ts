/** @file A sweep's result written down: as blocks for a terminal, Markdown and LaTeX, and as CSV for programs. */
import { measureTitle } from '../protocol/findings-words.ts';
import { english } from '../protocol/reason.ts';
import type { Block, TableBlock } from '../report/document.ts';
import { heading, paragraph } from '../report/document.ts';
import type { StudyCell, StudyMeasure, StudyResult } from './verdicts.ts';

const minus = (text: string) => text.replace('-', '\u2212');
const fixed = (value: number) => minus(value.toFixed(3));
const signed = (value: number) => `${value > 0 ? '+' : ''}${fixed(value)}`;

export const meanInWords = ({ mean, deviation }: StudyCell): string =>
  mean === undefined ? '\u2013' : `${fixed(mean)}${deviation === undefined ? '' : ` \u00b1 ${fixed(deviation)}`}`;

export function intervalInWords({ low, high }: { low?: number; high?: number }): string {
  return low === undefined || high === undefined ? '\u2013' : `${signed(low)} to ${signed(high)}`;
}

/** Of every measure its means, then what differs from the baseline. */
export function studyBlocks(result: StudyResult): Block[] {
  const { name, seeds, measures, notes, level, draws } = result;
  return [
    heading(name, 1),
    ...measures.flatMap((one, i) => [means(one, seeds.length, i), differences(one, result, i)]),
    paragraph(
      `Means over ${seeds.length === 1 ? 'one seed' : `${seeds.length} seeds`} with the standard deviation between them. Differences are paired; in brackets ${Math.round(100 * level)} % intervals of a bootstrap over held-out speakers or utterances${seeds.length === 1 ? '' : ' and over seeds'} (${draws} draws). “Better” and “worse” are said only where the interval leaves zero out.`,
    ),
    ...notes.map(paragraph),
  ];
}

const betterIs = ({ better, unit }: StudyMeasure) => `${unit === 'nats' ? 'nats, ' : ''}${better} is better`;

function means(one: StudyMeasure, seeds: number, i: number): TableBlock {
  return {
    kind: 'table',
    caption: `${measureTitle(one.measure, english)} (${betterIs(one)}), mean${seeds > 1 ? ' \u00b1 deviation' : ''} on held-out speech`,
    name: `study-means-${letters(i)}`,
    head: ['point', ...one.languages],
    rows: one.rows.map(({ point, cells }) => [point, ...one.languages.map((code) => meanInWords(cells[code] ?? {}))]),
    words: 1,
  };
}

function differences(one: StudyMeasure, { baseline }: StudyResult, i: number): TableBlock {
  return {
    kind: 'table',
    caption: `${measureTitle(one.measure, english)}: difference from ${baseline}`,
    name: `study-differences-${letters(i)}`,
    head: ['point', 'language', 'verdict', 'difference', 'interval'],
    rows: one.rows
      .filter(({ point }) => point !== baseline)
      .flatMap(({ point, cells }) =>
        one.languages.flatMap((code) => {
          const { change } = cells[code] ?? {};
          if (!change) return [];
          const value = change.value === undefined ? '\u2013' : signed(change.value);
          const verdict =
            change.low === undefined && change.reason ? `${change.verdict}: ${change.reason}` : change.verdict;
          return [[point, code, verdict, value, intervalInWords(change)]];
        }),
      ),
    words: 3,
  };
}

/** A label of LaTeX has no digits to be sure of. */
const letters = (i: number) => String.fromCharCode(97 + (i % 26)).repeat(1 + Math.floor(i / 26));

/** One line a point, language and measure; numbers in full. */
export function studyCsv({ measures, baseline }: StudyResult): string {
  const head = ['measure', 'unit', 'better', 'language', 'point', 'seeds', 'mean', 'deviation'];
  const compared = ['baseline', 'difference', 'low', 'high', 'verdict', 'reason'];
  const rows = measures.flatMap(({ measure, unit, better, languages, rows }) =>
    rows.flatMap(({ point, cells }) =>
      languages.flatMap((language) => {
        const { seeds, mean, deviation, change } = cells[language] ?? {};
        if (mean === undefined) return [];
        const own = [measure, unit, better, language, point, seeds, mean, deviation];
        const against = change
          ? [baseline, change.value, change.low, change.high, change.verdict, change.reason]
          : [baseline, undefined, undefined, undefined, undefined, undefined];
        return [[...own, ...against]];
      }),
    ),
  );
  return `${[[...head, ...compared], ...rows].map((row) => row.map(cell).join(',')).join('\n')}\n`;
}

/** As RFC 4180 has it; what a spreadsheet would take for a formula is text. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = String(value).replace(/\p{Cc}+/gu, ' ');
  const harmless = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
