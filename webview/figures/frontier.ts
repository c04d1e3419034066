/** @file Gain against forgetting of the runs of the table, or of its groups: methods are frontiers, not points. Pure. */
import type { ScatterFigure } from '../charts/figure.ts';
import { compact, fixed, signed } from '../format.ts';
import { type Line, type Spread, spreadOf } from '../table/arrange.ts';
import type { Column } from '../table/columns.ts';
import { t } from '../words.ts';

/** More would hide one another. */
const mostPoints = 200;

/** Undefined where fewer than two have both; a point a group where the table is grouped, else a run. */
export function frontierFigure(lines: readonly Line[], columns: readonly Column[]): ScatterFigure | undefined {
  const [gain, forgetting] = ['gain', 'forgetting'].map((id) => columns.find((column) => column.id === id));
  if (!gain || !forgetting) return undefined;
  const isGrouped = lines.some(({ kind }) => kind === 'group');
  const all = lines.flatMap((line) => {
    if (isGrouped !== (line.kind === 'group')) return [];
    const rows = line.kind === 'group' ? line.rows : [line.row];
    const label = line.kind === 'group' ? line.title : line.row.head.name;
    const [x, y] = [spreadOf(rows, gain), spreadOf(rows, forgetting)];
    return Number.isNaN(x.mean) || Number.isNaN(y.mean) ? [] : [{ label, x, y }];
  });
  if (all.length < 2) return undefined;
  const points = all
    .slice(0, mostPoints)
    .sort((a, b) => a.x.mean - b.x.mean)
    .map(({ label, x, y }, _, some) => {
      const isBest = !some.some((other) => dominates(other, { x, y }));
      const best = isBest ? [t('on the frontier: none gains as much and forgets less')] : [];
      const detail = [`${gain.title}: ${sayIn(x)}`, `${forgetting.title}: ${sayIn(y)}`, ...best];
      return { label, x: x.mean, y: y.mean, xSpread: x.deviation, ySpread: y.deviation, isBest, detail };
    });
  const left = all.length - points.length;
  return {
    id: 'frontier',
    title: t('Gain against forgetting'),
    note: [
      t('right and low is better; filled: on the frontier'),
      isGrouped ? t('whiskers: deviation over runs') : '',
      left > 0 ? t('{0} more are left out', left) : '',
    ]
      .filter(Boolean)
      .join('; '),
    x: { label: `${gain.title} (nats)`, include: [0], format: compact },
    y: { label: `${forgetting.title} (nats)`, include: [0], format: compact },
    points,
    sheet: {
      head: ['name', 'gain', 'gain deviation', 'forgetting', 'forgetting deviation', 'frontier'],
      rows: points.map((point) => [
        point.label,
        point.x,
        known(point.xSpread),
        point.y,
        known(point.ySpread),
        point.isBest ? 'yes' : 'no',
      ]),
    },
    table: {
      head: [t('Name'), gain.title, forgetting.title, t('On the frontier')],
      rows: points.map(({ label, x, y, xSpread, ySpread, isBest }) => [
        label,
        saySpread(x, xSpread),
        saySpread(y, ySpread),
        isBest ? t('yes') : t('no'),
      ]),
    },
  };
}

interface Both {
  x: Spread;
  y: Spread;
}

/** As good in both, and better in one. */
const dominates = (a: Both, b: Both): boolean =>
  a.x.mean >= b.x.mean && a.y.mean <= b.y.mean && (a.x.mean > b.x.mean || a.y.mean < b.y.mean);

const sayIn = ({ mean, deviation }: Spread) => t('{0} nats', saySpread(mean, deviation));
const saySpread = (mean: number, deviation: number) =>
  Number.isNaN(deviation) ? signed(mean, 3) : `${signed(mean, 3)} ± ${fixed(deviation, 3)}`;
const known = (value: number) => (Number.isNaN(value) ? '' : value);
