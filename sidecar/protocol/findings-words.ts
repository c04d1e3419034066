/**
 * @file Findings in words and numbers, the same in dashboard and report: what a measure is called, how a number with its
 * interval is written, and for every language the sentence that answers whether it was learned or forgotten. Pure; words
 * go through the caller's translation.
 */
import { sayFindingReason } from './finding-reasons.ts';
import type { Better, Cell, Change, Finding, Findings, FindingTable, Verdict } from './findings.ts';
import type { Translate } from './reason.ts';

const thin = '\u202f';
const minus = '\u2212';

/** As it stands within a sentence; a measure that this version does not know keeps its own name. */
export function measureName(measure: string, t: Translate): string {
  const names: Record<string, string> = {
    loss: t('loss'),
    accuracy: t('accuracy'),
    ownHeadLoss: t('own head’s loss'),
    ownHeadAccuracy: t('own head’s accuracy'),
    languageIdentification: t('language identification'),
    abxWithin: t('ABX within speakers'),
    abxAcross: t('ABX across speakers'),
    abxWithinInclusive: t('ABX within speakers, last frame included'),
    abxAcrossInclusive: t('ABX across speakers, last frame included'),
    cer: t('CER'),
    wer: t('WER'),
  };
  return Object.hasOwn(names, measure) ? names[measure] : measure;
}

/** The same where a line begins. */
export function measureTitle(measure: string, t: Translate): string {
  const name = measureName(measure, t);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

export const againstName = ({ against }: Pick<FindingTable, 'against'>, t: Translate): string =>
  against === 'control' ? t('control') : t('base');

/** Digits behind the point; a share is written in hundredths. */
const digitsOf = (unit: string) => (unit === 'share' ? 1 : unit === 'nats' ? 2 : 3);

function plainNumber(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? minus + text : text;
}

const scaled = (value: number, unit: string) => (unit === 'share' ? value * 100 : value);

/** `3.84`, `93.1 %`, or a dash. */
export function sayValue(value: number | undefined, unit: string): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  const text = plainNumber(scaled(value, unit), digitsOf(unit));
  return unit === 'share' ? `${text}${thin}%` : text;
}

/** `3.84 (3.79 to 3.90)`; where there is no interval, the number alone. */
export function sayFinding(finding: Finding | undefined, unit: string, t: Translate): string {
  const value = sayValue(finding?.value, unit);
  if (finding?.value === undefined || finding.low === undefined || finding.high === undefined) return value;
  return t('{0} ({1} to {2})', value, sayValue(finding.low, unit), sayValue(finding.high, unit));
}

/** A difference with its sign: `+0.08`; a share's in points. */
export function saySigned(value: number | undefined, unit: string, digits = digitsOf(unit)): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  const text = plainNumber(scaled(value, unit), digits);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** How large a difference is, without its sign; a share's in points. */
export const saySize = (value: number, unit: string, digits = digitsOf(unit)): string =>
  plainNumber(Math.abs(scaled(value, unit)), digits);

/** One digit more where the interval is too narrow to be told with the usual ones. */
export function changeDigits({ low, high }: Finding, unit: string): number {
  const digits = digitsOf(unit);
  const width = low === undefined || high === undefined ? Number.POSITIVE_INFINITY : scaled(high - low, unit);
  return width < 2 * 10 ** -digits ? digits + 1 : digits;
}

/** `better by 0.08 (0.05 to 0.11)`, `cannot tell: +0.01 (−0.02 to +0.04)`. Sizes are how much better, or worse. */
export function sayChange(change: Change, { unit, better }: { unit: string; better: Better }, t: Translate): string {
  const { value, low, high, verdict, reason } = change;
  if (value === undefined) return reason ? t('cannot tell: {0}', sayFindingReason(reason, t)) : t('cannot tell');
  const digits = changeDigits(change, unit);
  const points = unit === 'share' ? ` ${t('points')}` : '';
  if (verdict === 'cannot tell') {
    const signed = (number: number | undefined) => saySigned(number, unit, digits);
    if (low === undefined || high === undefined) return t('cannot tell: {0}', `${signed(value)}${points}`);
    return t('cannot tell: {0} ({1} to {2})', `${signed(value)}${points}`, signed(low), signed(high));
  }
  const direction = (verdict === 'better') === (better === 'higher') ? 1 : -1;
  const size = (number: number) => plainNumber(scaled(direction * number, unit), digits);
  const ends = [low ?? value, high ?? value].map(size);
  if (direction < 0) ends.reverse();
  const args = [`${size(value)}${points}`, ...ends];
  return verdict === 'better' ? t('better by {0} ({1} to {2})', ...args) : t('worse by {0} ({1} to {2})', ...args);
}

/** How much better, in the measure's unit: negative is worse, whichever way the measure points. */
export const gainOf = (change: Finding | undefined, better: Better): number =>
  change?.value === undefined ? Number.NaN : better === 'lower' ? -change.value || 0 : change.value;

/** A language's cell, and what it is compared with; a name such as `constructor` is a name like any other. */
export const cellAt = ({ rows }: Pick<FindingTable, 'rows'>, row: number, language: string): Cell | undefined =>
  rows[row] && Object.hasOwn(rows[row], language) ? rows[row][language] : undefined;

export function comparedAt(table: FindingTable, row: number, language: string): Finding | undefined {
  if (table.against === 'base') return row === 0 ? undefined : cellAt(table, 0, language);
  return table.compared && cellAt({ rows: table.compared as Record<string, Cell>[] }, row, language);
}

/** The last row up to `upTo` in which the language was measured, or, where it never was, in which it says why. */
export function lastRow(table: FindingTable, language: string, upTo = table.rows.length - 1): number | undefined {
  const from = Math.min(upTo, table.rows.length - 1);
  for (let row = from; row >= 0; row--) if (cellAt(table, row, language)?.value !== undefined) return row;
  for (let row = from; row >= 0; row--) if (cellAt(table, row, language)) return row;
  return undefined;
}

export interface Said {
  measure: string;
  row: number;
  /** Absent where nothing was compared. */
  verdict?: Verdict;
  text: string;
}

/** `loss 3.84, control 3.92: better by 0.08 (0.05 to 0.11)`; undefined where the language has no cell. */
export function sayCell(table: FindingTable, row: number, language: string, t: Translate): Said | undefined {
  const cell = cellAt(table, row, language);
  if (!cell) return undefined;
  const name = measureName(table.measure, t);
  const said = { measure: table.measure, row };
  if (cell.value === undefined)
    return {
      ...said,
      text: `${name}: ${cell.reason ? t('not measured: {0}', sayFindingReason(cell.reason, t)) : t('not measured')}`,
    };
  const value = `${name} ${sayValue(cell.value, table.unit)}`;
  const other = comparedAt(table, row, language);
  const against = other?.value === undefined ? '' : `, ${againstName(table, t)} ${sayValue(other.value, table.unit)}`;
  if (!cell.change) return { ...said, text: `${value}${against}` };
  return { ...said, verdict: cell.change.verdict, text: `${value}${against}: ${sayChange(cell.change, table, t)}` };
}

export interface Answer {
  language: string;
  role: 'existing' | 'new';
  /** `fin (new)` */
  name: string;
  said: Said[];
}

/** Of a new language what the experts learned; of a known one what the base's own head has lost. Then what it is good for. */
const headlines = { new: ['loss', 'accuracy', 'ownHeadLoss'], existing: ['ownHeadLoss', 'loss', 'accuracy'] };
const uses = ['cer', 'wer'];

/** The cell that tells most of a language. */
export interface Headline {
  code: string;
  role: 'existing' | 'new';
  table: FindingTable;
  row: number;
  cell: Cell;
  change?: Change;
}

/** The first of its role's measures in which something was compared, else the first that there is. */
export function headlineOf(findings: Findings, code: string): Headline | undefined {
  const role = findings.languages.find((one) => one.code === code)?.role ?? 'existing';
  const all = headlines[role].flatMap((measure): Headline[] => {
    const table = findings.tables.find((one) => one.measure === measure);
    const row = table && lastRow(table, code);
    const cell = table && row !== undefined ? cellAt(table, row, code) : undefined;
    return table && cell
      ? [{ code, role, table, row: row!, cell, ...(cell.change ? { change: cell.change } : {}) }]
      : [];
  });
  return all.find(({ change }) => change) ?? all[0];
}

/** For every language, new ones first, the sentences that a reader takes home. */
export function answers(findings: Findings, t: Translate): Answer[] {
  const tableOf = (measure: string) => findings.tables.find((table) => table.measure === measure);
  const one = ({ code, role }: Findings['languages'][number]): Answer => {
    const say = (measure: string) => {
      const table = tableOf(measure);
      const row = table && lastRow(table, code);
      return table && row !== undefined ? sayCell(table, row, code, t) : undefined;
    };
    const headline = headlineOf(findings, code);
    const first = headline && sayCell(headline.table, headline.row, code, t);
    const said = [...(first ? [first] : []), ...uses.flatMap((measure) => say(measure) ?? [])];
    return {
      language: code,
      role,
      name: role === 'new' ? t('{0} (new)', code) : t('{0} (known)', code),
      said: said.length > 0 ? said : [{ measure: '', row: 0, text: t('not measured') }],
    };
  };
  const { languages } = findings;
  return [...languages.filter(({ role }) => role === 'new'), ...languages.filter(({ role }) => role !== 'new')].map(
    one,
  );
}

/** `New: 2 better. Known: 1 worse, 2 cannot tell.`: how the headlines came out, by role. */
export function sayOverall(all: readonly Answer[], t: Translate): string {
  const count = (role: Answer['role'], verdict: Verdict | undefined) =>
    all.filter((one) => one.role === role && one.said[0].verdict === verdict).length;
  const part = (role: Answer['role']) =>
    [
      [count(role, 'better'), t('{0} better', count(role, 'better'))] as const,
      [count(role, 'worse'), t('{0} worse', count(role, 'worse'))] as const,
      [count(role, 'cannot tell'), t('{0} cannot tell', count(role, 'cannot tell'))] as const,
      [count(role, undefined), t('{0} not compared', count(role, undefined))] as const,
    ]
      .filter(([many]) => many > 0)
      .map(([, words]) => words)
      .join(', ');
  return [part('new') && t('New: {0}.', part('new')), part('existing') && t('Known: {0}.', part('existing'))]
    .filter(Boolean)
    .join(' ');
}

/** `fin (new): loss 3.84, control 3.92: better by 0.08 (0.05 to 0.11)` */
export const sayAnswer = ({ name, said }: Answer): string => `${name}: ${said.map(({ text }) => text).join('; ')}`;
