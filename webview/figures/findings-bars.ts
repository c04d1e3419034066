/** @file Every language before and after: base or control beside the adapted model, with intervals. */
import { sayFindingReason } from '../../sidecar/protocol/finding-reasons.ts';
import type { Finding, Findings, FindingTable } from '../../sidecar/protocol/findings.ts';
import {
  againstName,
  cellAt,
  comparedAt,
  lastRow,
  measureTitle,
  sayChange,
  sayFinding,
  sayValue,
} from '../../sidecar/protocol/findings-words.ts';
import type { BarFigure, BarValue } from '../charts/figure.ts';
import type { Context, Shown } from '../context.ts';
import { compact, fixed } from '../format.ts';
import { t } from '../words.ts';
import { arrowOf, cellDetail, languagesOf, rowName } from './findings-matrix.ts';

export function barsFigure(
  context: Context,
  run: Shown,
  findings: Findings,
  table: FindingTable,
  row: number,
): BarFigure {
  const { unit } = table;
  const several = context.runs.length > 1;
  const groups = languagesOf(context, findings).flatMap((language) => {
    const at = lastRow(table, language.code, row);
    const cell = at === undefined ? undefined : cellAt(table, at, language.code);
    if (at === undefined || !cell) return [];
    // The base's own row is what was before; nothing came after it.
    const base = table.against === 'base' && at === 0;
    const pair: [Finding | undefined, Finding | undefined] = base
      ? [cell, undefined]
      : [comparedAt(table, at, language.code), cell];
    return [{ language, at, cell, pair }];
  });
  const names: BarFigure['names'] = [capital(againstName(table, t)), t('Adapted')];
  const last = findings.rows[Math.min(row, findings.rows.length - 1)];
  const title = t('{0}: before and after', measureTitle(table.measure, t));
  const kind = unit === 'share' ? 'bars' : 'points';
  const confidence = t('whiskers: {0} % of {1} draws', fixed(findings.level * 100, 0), fixed(findings.draws, 0));
  return {
    id: 'findings-bars',
    title: several ? `${run.letter} ${title}` : title,
    note: [last ? rowName(last) : '', confidence].filter(Boolean).join('; '),
    axis: {
      label: unit === 'share' ? `${measureTitle(table.measure, t)} (%)` : `${measureTitle(table.measure, t)} (${unit})`,
      unit,
      kind,
      most: unit === 'share' ? 1 : undefined,
      format: (value) => compact(unit === 'share' ? value * 100 : value),
    },
    names,
    groups: groups.map(({ language, at, cell, pair }) => ({
      label: language.code,
      mark: language.role === 'new' ? '●' : '○',
      hue: language.hue,
      pair: [barValue(pair[0], unit), barValue(pair[1], unit)],
      arrow: arrowOf(cell),
      detail: cellDetail(table, at, language.code),
    })),
    sheet: {
      head: ['language', 'row', 'which', table.measure, 'low', 'high'],
      rows: groups.flatMap(({ language, at, pair }) =>
        pair.map((finding, which) => [
          language.code,
          at,
          which === 0 ? table.against : 'adapted',
          finding?.value ?? '',
          finding?.low ?? '',
          finding?.high ?? '',
        ]),
      ),
    },
    table: {
      head: [t('Language'), ...names, t('Change')],
      rows: groups.map(({ language, pair, cell }) => [
        language.code,
        ...pair.map(
          (finding) =>
            sayFinding(finding, unit, t) + (finding?.reason ? ` (${sayFindingReason(finding.reason, t)})` : ''),
        ),
        cell.change ? sayChange(cell.change, table, t) : '–',
      ]),
    },
  };
}

const barValue = (finding: Finding | undefined, unit: string): BarValue => ({
  value: finding?.value ?? Number.NaN,
  low: finding?.low ?? Number.NaN,
  high: finding?.high ?? Number.NaN,
  text: sayValue(finding?.value, unit),
});

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
