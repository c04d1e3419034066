/** @file The columns of the table of runs: what a run is, its settings, its results; those that differ first. Pure. */

import { differingKeys } from '../../sidecar/protocol/run-names.ts';
import { isBetterHigher, type RowMeasure, rowMeasures } from '../../sidecar/protocol/run-row.ts';
import { byImportance, keyOfAlias, type Scalar, sayScalar, shortKey } from '../../sidecar/protocol/settings.ts';
import { stateWord } from '../../sidecar/protocol/state-words.ts';
import { bytes, duration, fixed, signed, whole } from '../format.ts';
import { t } from '../words.ts';
import { type Row, settingsOf } from './row.ts';

export interface Column {
  id: string;
  title: string;
  /** In a filter, beside the id. */
  names: readonly string[];
  isNumber: boolean;
  /** `setting` columns can be grouped by. */
  kind: 'run' | 'setting' | 'result';
  /** Of a setting: whether the runs differ in it. */
  differs?: boolean;
  value(row: Row): Scalar | undefined;
  say(value: Scalar): string;
  /** In Markdown and LaTeX, where the unit stands in the head and not in every cell. */
  inSheet?: { title: string; say(value: Scalar): string };
  /** Of a result: the best there was, and after which step. */
  best?(row: Row): { value: number; step: number } | undefined;
}

export interface Columns {
  all: readonly Column[];
  /** Those that are shown where nobody chose. */
  usual: readonly string[];
}

/** Measured only where somebody wants to see it. */
export const sizeColumn = 'bytes';

const usualSettings = 5;
const usualLanguages = 3;

export function columnsOf(rows: readonly Row[]): Columns {
  const settings = rows.filter(({ facts }) => facts).map(settingsOf);
  const differing = differingKeys(settings).filter((key) => key !== 'name');
  const known = new Set(differing);
  const same = [...new Set(settings.flatMap((one) => Object.keys(one)))]
    .filter((key) => !known.has(key) && key !== 'name')
    .sort(byImportance);
  const results = resultColumns(rows);
  const all = [
    ...runColumns(),
    ...differing.map((key) => settingColumn(key, settings, true)),
    ...results,
    ...same.map((key) => settingColumn(key, settings, false)),
  ];
  const telling = differing.filter((key) => !/(^|\.)(data|model|text|path)$/.test(key)).slice(0, usualSettings);
  const means = results.filter(({ id }) => !id.includes('.'));
  const one = (measure: RowMeasure) =>
    results.filter(({ id }) => id.startsWith(`${measure}.`)).slice(0, usualLanguages);
  const usual = ['state', ...telling, ...[...means, ...one('loss'), ...one('gain')].map(({ id }) => id), 'created'];
  return { all, usual };
}

const column = (id: string, title: string, value: Column['value'], more: Partial<Column> = {}): Column => ({
  id,
  title,
  names: [],
  isNumber: false,
  kind: 'run',
  value,
  say: (one) => sayScalar(one, 60),
  ...more,
});

function runColumns(): Column[] {
  const number = { isNumber: true };
  return [
    column('name', t('Name'), ({ head }) => head.name, { say: String }),
    column('state', t('State'), ({ head }) => stateWord(head, t)),
    column('experiment', t('Experiment'), ({ head }) => head.experiment),
    column('parent', t('Fork of'), ({ head }) => head.parent && `${head.parent.run} @ ${head.parent.step}`),
    column('tags', t('Tags'), ({ head }) => head.tags.join(', ') || undefined, { names: ['tag'] }),
    column('pinned', t('Pinned'), ({ head }) => (head.pinned ? t('yes') : undefined)),
    column('created', t('Begun'), ({ head }) => head.createdAt || undefined, { say: (one) => when(String(one)) }),
    column('step', t('Step'), ({ head }) => head.step, { ...number, say: (one) => whole(Number(one)) }),
    column('seconds', t('Took'), ({ facts }) => finite(facts?.seconds), {
      ...number,
      say: (one) => duration(Number(one)),
    }),
    column(sizeColumn, t('Size'), (row) => row.bytes, {
      ...number,
      names: ['size'],
      say: (one) => bytes(Number(one)),
      inSheet: { title: t('Size (MB)'), say: (one) => fixed(Number(one) / 1e6, 1) },
    }),
    column('device', t('Device'), ({ head }) => head.device || undefined),
    column('id', t('Run'), ({ head }) => head.id, { say: String }),
  ];
}

const finite = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : undefined);

function settingColumn(key: string, all: readonly Readonly<Record<string, Scalar>>[], differs: boolean): Column {
  const alias = shortKey(key);
  return column(key, alias, (row) => settingsOf(row)[key], {
    names: keyOfAlias.has(alias) ? [alias] : [],
    isNumber: all.every((one) => one[key] === undefined || typeof one[key] === 'number'),
    kind: 'setting',
    differs,
  });
}

const digits: Record<RowMeasure, (value: number) => string> = {
  loss: (value) => fixed(value, 3),
  gain: (value) => signed(value, 3),
  accuracy: (value) => `${fixed(100 * value, 1)}\u202f%`,
  forgetting: (value) => signed(value, 3),
};

/** `gain` over new languages and `forgetting` over known ones as means, then every measure of every language. */
function resultColumns(rows: readonly Row[]): Column[] {
  const roles = new Map<string, 'new' | 'existing'>();
  const measured = new Set<string>();
  for (const { head, facts } of rows) {
    for (const { code, role } of head.languages) if (!roles.has(code)) roles.set(code, role);
    for (const key of facts?.results.keys() ?? []) measured.add(key);
  }
  const codes = [...roles.keys()].sort((a, b) => Number(roles.get(a) !== 'new') - Number(roles.get(b) !== 'new'));
  const words: Record<RowMeasure, string> = {
    loss: t('Loss'),
    gain: t('Gain'),
    accuracy: t('Accuracy'),
    forgetting: t('Forgetting'),
  };
  const result = { isNumber: true, kind: 'result' } as const;
  const mean = (measure: RowMeasure, role: 'new' | 'existing', title: string) =>
    column(measure, title, (row) => meanOf(row, measure, role), {
      ...result,
      say: (value) => digits[measure](Number(value)),
    });
  const has = (measure: RowMeasure) => [...measured].some((key) => key.startsWith(`${measure} `));
  return [
    ...(has('gain') ? [mean('gain', 'new', t('Gain, new'))] : []),
    ...(has('forgetting') ? [mean('forgetting', 'existing', t('Forgetting, known'))] : []),
    ...rowMeasures.flatMap((measure) =>
      codes
        .filter((code) => measured.has(`${measure} ${code}`))
        .map((code) =>
          column(
            `${measure}.${code}`,
            `${words[measure]} ${code}`,
            ({ facts }) => finite(facts?.results.get(`${measure} ${code}`)?.last),
            {
              ...result,
              say: (value) => digits[measure](Number(value)),
              best: ({ facts }) => {
                const one = facts?.results.get(`${measure} ${code}`);
                return one && Number.isFinite(one.best) ? { value: one.best, step: one.bestStep } : undefined;
              },
            },
          ),
        ),
    ),
  ];
}

/** Over the languages of a role, each as its run has it; nothing where none was measured. */
function meanOf({ head, facts }: Row, measure: RowMeasure, role: 'new' | 'existing'): number | undefined {
  let [sum, count] = [0, 0];
  for (const language of head.languages) {
    const last = language.role === role ? facts?.results.get(`${measure} ${language.code}`)?.last : undefined;
    if (last === undefined || !Number.isFinite(last)) continue;
    sum += last;
    count++;
  }
  return count > 0 ? sum / count : undefined;
}

/** Whether a larger number is the better one; undefined where neither is. */
export function higherIsBetter({ id, kind }: Column): boolean | undefined {
  if (kind !== 'result') return undefined;
  const measure = rowMeasures.find((one) => id === one || id.startsWith(`${one}.`));
  return measure && isBetterHigher[measure];
}

export function when(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '';
  const language = typeof document === 'undefined' ? 'en' : document.documentElement.lang || undefined;
  return date.toLocaleString(language, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
}
