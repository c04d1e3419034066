/** @file A measure as the matrix of stages and languages: numbers in the cells, coloured by how they changed. */
import { sayFindingReason } from '../../sidecar/protocol/finding-reasons.ts';
import type { Cell, Finding, Findings, FindingTable } from '../../sidecar/protocol/findings.ts';
import {
  againstName,
  cellAt,
  comparedAt,
  gainOf,
  measureTitle,
  sayChange,
  sayFinding,
  saySigned,
  sayValue,
} from '../../sidecar/protocol/findings-words.ts';
import type { HeatCell, HeatFigure, Sheet } from '../charts/figure.ts';
import type { Context, Language, Shown } from '../context.ts';
import { fixed } from '../format.ts';
import { t } from '../words.ts';

/** Below these a colour says nothing: the least that the ends of a scale stand for, in the measure's unit. */
const leastEnds: Record<string, number> = { nats: 0.05, share: 0.02 };

/** How much any cell of these tables has changed at most: runs side by side share their colours. */
export function mostChange(tables: readonly FindingTable[]): number {
  let most = 0;
  for (const { rows, unit } of tables) {
    most = Math.max(most, leastEnds[unit] ?? 0);
    for (const row of rows)
      for (const { change } of Object.values(row)) most = Math.max(most, Math.abs(change?.value ?? 0));
  }
  return most || 1;
}

/** With a single stage there is something to tell only against a run of the language alone. */
export const tellsForward = ({ rows, forwardTransfer }: FindingTable): boolean =>
  rows.length > 2 || forwardTransfer.some(({ value }) => value !== undefined);

/** The languages that are shown, new ones first, of those that the findings have. */
export function languagesOf(context: Context, findings: Findings): Language[] {
  const known = new Set(findings.languages.map(({ code }) => code));
  return context.languages.filter(({ code, hidden }) => known.has(code) && !hidden);
}

const told = (reason: string | undefined) => (reason === undefined ? undefined : sayFindingReason(reason, t));

/** `Base`, `1 · fin`. */
export const rowName = ({ row, add }: Findings['rows'][number]): string =>
  row === 0 ? t('Base') : [String(row), add.join(', ')].filter(Boolean).join(' · ');

const rowDetail = ({ row, add, step }: Findings['rows'][number]): string =>
  row === 0
    ? t('The base, before training')
    : t('After stage {0} ({1}), step {2}', row, add.join(', ') || '–', fixed(step, 0));

/** Which way a number went, where that can be told. */
export const arrowOf = (cell: Cell | undefined): string | undefined => {
  const { change } = cell ?? {};
  if (!change || change.verdict === 'cannot tell' || change.value === undefined) return undefined;
  return change.value < 0 ? '↓' : '↑';
};

/** A cell in full, a line each: itself, what it is compared with, the change, and of whom the interval was drawn. */
export function cellDetail(table: FindingTable, row: number, language: string): string[] {
  const cell = cellAt(table, row, language);
  if (cell?.value === undefined) return ['–', told(cell?.reason) ?? t('not measured')];
  const other = comparedAt(table, row, language);
  return [
    sayFinding(cell, table.unit, t),
    ...(other ? [`${againstName(table, t)} ${sayFinding(other, table.unit, t)}`] : []),
    ...(cell.change ? [sayChange(cell.change, table, t)] : []),
    ...(cell.drawn === undefined
      ? []
      : [cell.by === 'speaker' ? t('from {0} speakers', cell.drawn) : t('from {0} utterances', cell.drawn)]),
    ...(cell.reason ? [told(cell.reason)!] : []),
  ];
}

export function matrixFigure(
  context: Context,
  run: Shown,
  findings: Findings,
  table: FindingTable,
  most: number,
): HeatFigure {
  const shown = languagesOf(context, findings);
  const entered = new Map(findings.languages.map((one) => [one.code, one.entered]));
  const rows = findings.rows.slice(0, table.rows.length);
  const several = context.runs.length > 1;
  const transfers = [
    { name: t('BWT'), rows: table.backwardTransfer },
    ...(tellsForward(table) ? [{ name: t('FWT'), rows: table.forwardTransfer }] : []),
  ];
  const cells: HeatCell[] = [];
  const values: number[] = [];
  for (const { row } of rows) {
    for (const { code } of shown) {
      const cell = cellAt(table, row, code);
      values.push(-gainOf(cell?.change, table.better));
      cells.push({
        text: sayValue(cell?.value, table.unit),
        mark: arrowOf(cell),
        quiet: row < (entered.get(code) ?? 0),
        detail: [...cellDetail(table, row, code), ...(row < (entered.get(code) ?? 0) ? [t('not learned yet')] : [])],
      });
    }
    values.push(Number.NaN, ...transfers.map(() => Number.NaN));
    cells.push(
      whole(table.average[row], (finding) => sayFinding(finding, table.unit, t)),
      ...transfers.map(({ rows }) => whole(rows[row], ({ value }) => saySigned(value, table.unit))),
    );
  }
  const name = measureTitle(table.measure, t);
  const size = saySigned(most, table.unit).slice(1);
  const direction = table.better === 'lower' ? t('lower is better') : t('higher is better');
  return {
    id: 'findings',
    title: several ? `${run.letter} ${name}` : name,
    note: `${several ? `${run.head.name}; ` : ''}${direction}; ${t('colour: against the {0}', againstName(table, t))}`,
    rowTitle: t('After stage'),
    columnTitle: t('Language'),
    rows: rows.map((row) => ({ label: rowName(row), detail: rowDetail(row) })),
    columns: [...shown.map(({ code }) => code), t('mean'), ...transfers.map(({ name }) => name)],
    values: Float64Array.from(values),
    unit: table.unit === 'share' ? t('points') : table.unit,
    scale: {
      kind: 'change',
      most,
      ends: [t('{0} better', size), t('unchanged'), t('{0} worse', size)],
    },
    format: (value) => saySigned(value, table.unit),
    cells,
    apart: shown.length,
    sheet: sheetOf(findings, table, shown),
    table: rows.map((row) => [
      rowName(row),
      ...shown.map(({ code }) => tableCell(table, row.row, code)),
      ...[table.average, ...transfers.map(({ rows }) => rows)]
        .map((all) => all[row.row])
        .map((finding, i) =>
          finding?.value === undefined
            ? `–${finding?.reason ? ` (${told(finding.reason)})` : ''}`
            : i === 0
              ? sayFinding(finding, table.unit, t)
              : saySigned(finding.value, table.unit),
        ),
    ]),
  };
}

function whole(finding: Finding | undefined, say: (finding: Finding) => string): HeatCell {
  if (finding?.value === undefined)
    return { text: '–', detail: ['–', ...(finding?.reason ? [told(finding.reason)!] : [])] };
  const text = say(finding);
  // With its interval the mean would not fit into a cell.
  return { text: text.split(' (')[0], detail: [text] };
}

function tableCell(table: FindingTable, row: number, language: string): string {
  const cell = cellAt(table, row, language);
  if (cell?.value === undefined) return `– (${told(cell?.reason) ?? t('not measured')})`;
  const value = sayFinding(cell, table.unit, t);
  return cell.change ? `${value}; ${sayChange(cell.change, table, t)}` : value;
}

function sheetOf(findings: Findings, table: FindingTable, shown: readonly Language[]): Sheet {
  const number = (value: number | undefined) => value ?? '';
  return {
    head: [
      'row',
      'step',
      'language',
      table.measure,
      'low',
      'high',
      table.against,
      'change',
      'changeLow',
      'changeHigh',
      'verdict',
      'reason',
    ],
    rows: findings.rows.slice(0, table.rows.length).flatMap(({ row, step }) => [
      ...shown.map(({ code }) => {
        const cell = cellAt(table, row, code);
        const { change } = cell ?? {};
        return [
          row,
          step,
          code,
          number(cell?.value),
          number(cell?.low),
          number(cell?.high),
          number(comparedAt(table, row, code)?.value),
          number(change?.value),
          number(change?.low),
          number(change?.high),
          change?.verdict ?? '',
          cell?.reason ?? change?.reason ?? '',
        ];
      }),
      ...(['average', 'backwardTransfer', 'forwardTransfer'] as const).map((name) => {
        const { value, low, high, reason = '' } = table[name][row] ?? {};
        return [row, step, name, number(value), number(low), number(high), '', '', '', '', '', reason];
      }),
    ]),
  };
}
