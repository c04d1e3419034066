/** @file What a classifier of languages confuses, and how far each language's frames have moved by layer. */
import { sayFindingReason } from '../../sidecar/protocol/finding-reasons.ts';
import type { Confusion, Findings } from '../../sidecar/protocol/findings.ts';
import { sayFinding } from '../../sidecar/protocol/findings-words.ts';
import type { HeatFigure, LineFigure } from '../charts/figure.ts';
import type { Context } from '../context.ts';
import { fixed, percent, whole } from '../format.ts';
import { t } from '../words.ts';
import { languagesOf, rowName } from './findings-matrix.ts';
import { marked, pen } from './pens.ts';

/** The newest up to a row. */
export function confusionOf(
  { confusions }: Findings,
  features: Confusion['features'],
  row: number,
): Confusion | undefined {
  const all = confusions.filter((one) => one.features === features && one.row <= row);
  return all.sort((a, b) => b.row - a.row)[0];
}

export function confusionFigure(findings: Findings, confusion: Confusion): HeatFigure {
  const { languages, counts, accuracy, chance, features } = confusion;
  const totals = counts.map((line) => line.reduce((sum, count) => sum + count, 0));
  const at = findings.rows[confusion.row];
  const accurate =
    sayFinding(accuracy, 'share', t) + (accuracy.reason ? ` (${sayFindingReason(accuracy.reason, t)})` : '');
  return {
    id: `confusion-${features}`,
    title: features === 'states' ? t('Languages told from hidden states') : t('Languages told from a spectrogram'),
    note: [at ? rowName(at) : '', t('accuracy {0}, chance {1}', accurate, percent(chance))].filter(Boolean).join('; '),
    rowTitle: t('Spoken'),
    columnTitle: t('Taken for'),
    rows: languages.map((label, i) => ({ label, detail: t('{0}, {1} windows', label, whole(totals[i])) })),
    columns: languages,
    values: Float64Array.from(counts.flatMap((line, i) => line.map((count) => count / totals[i]))),
    unit: t('share of a row'),
    scale: { kind: 'sequential', most: 1 },
    format: (value) => fixed(value, 2),
    cells: counts.flatMap((line, i) =>
      line.map((count) => ({
        text: whole(count),
        detail: [t('{0} of {1} windows', whole(count), whole(totals[i])), percent(count / totals[i])],
      })),
    ),
    table: counts.map((line, i) => [languages[i], ...line.map(whole)]),
    sheet: {
      head: ['spoken', 'takenFor', 'windows'],
      rows: counts.flatMap((line, i) => line.map((count, j) => [languages[i], languages[j], count])),
    },
  };
}

export function driftFigure(context: Context, findings: Findings, row: number): LineFigure {
  const lines = languagesOf(context, findings).flatMap((language) => {
    const all = findings.drift.filter((one) => one.language === language.code && one.row <= row);
    const newest = all.sort((a, b) => b.row - a.row)[0];
    if (!newest) return [];
    const known = newest.layers.flatMap((value, layer) => (value === null ? [] : [{ layer, value }]));
    return [
      {
        key: language.code,
        label: language.code,
        pen: marked(pen(language, 0), language),
        xs: known.map(({ layer }) => layer),
        ys: known.map(({ value }) => value),
        tag: language.code.slice(0, 8),
      },
    ];
  });
  const last = Math.max(1, ...lines.flatMap(({ xs }) => xs));
  return {
    id: 'drift',
    title: t('Drift by layer'),
    note: t('1 − linear CKA with the base; 0 is unchanged'),
    x: { label: t('Hidden state (0 is the encoder’s input)'), whole: true, range: { min: 0, max: last } },
    y: { label: t('Drift'), unit: '', least: 0, include: [0], format: (value) => fixed(value, 3) },
    lines,
    marks: [],
  };
}
