/** @file A run as a row: its head, and, once they were read, its settings and results. Pure. */
import { type RowResult, rowMeasures } from '../../sidecar/protocol/run-row.ts';
import type { Scalar } from '../../sidecar/protocol/settings.ts';
import { list, number, object, text } from '../fields.ts';
import type { Head } from '../state.ts';

/** What the host has told of a run beyond its head; looked at again here. */
export interface RowFacts {
  settings: Readonly<Record<string, Scalar>>;
  /** NaN where the run has not ended. */
  seconds: number;
  /** By measure and language: `loss fin`. */
  results: ReadonlyMap<string, RowResult>;
}

export interface Row {
  head: Head;
  facts: RowFacts | undefined;
  /** On the disk; undefined until it was measured. */
  bytes?: number | undefined;
}

const noSettings: RowFacts['settings'] = Object.freeze(Object.create(null) as Record<string, Scalar>);
export const settingsOf = ({ facts }: Row): RowFacts['settings'] => facts?.settings ?? noSettings;

const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** Of a `rows` message. */
export function factsIn(rows: unknown, keys: unknown): [id: string, facts: RowFacts][] {
  const names = list(keys, 2000).map((key) => text(key, 200));
  return list(rows, 10_000).map((one) => {
    const { id, values, seconds, results } = object(one);
    const settings: Record<string, Scalar> = Object.create(null);
    list(values, 2000).forEach((value, i) => {
      if (names[i] && isScalar(value)) settings[names[i]] = typeof value === 'string' ? text(value, 200) : value;
    });
    return [text(id, 1000), { settings, seconds: number(seconds), results: resultsIn(results) }];
  });
}

/** Of a `sizes` message. */
export const sizesIn = (sizes: unknown): [run: string, bytes: number][] =>
  list(sizes, 10_000).flatMap((one): [string, number][] => {
    const [run, bytes] = list(one, 2);
    return typeof bytes === 'number' && bytes >= 0 && Number.isFinite(bytes) ? [[text(run, 1000), bytes]] : [];
  });

function resultsIn(results: unknown): Map<string, RowResult> {
  return new Map(
    list(results, 2000).flatMap((one): [string, RowResult][] => {
      const { language, measure, last, lastStep, best, bestStep } = object(one);
      const known = rowMeasures.find((name) => name === measure);
      const code = text(language, 80);
      if (!known || code === '') return [];
      const [a, b, c, d] = [last, lastStep, best, bestStep].map(number);
      return [[`${known} ${code}`, { language: code, measure: known, last: a, lastStep: b, best: c, bestStep: d }]];
    }),
  );
}
