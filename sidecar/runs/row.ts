/**
 * @file Reads a run's folder as a row of a table: its settings, and of its log the evaluations alone, so that a long log
 * costs little more than its bytes. Anyone may have written either.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Measurement, measurementsOf } from '../protocol/measurement.ts';
import { RowResults, type RunRow } from '../protocol/run-row.ts';
import { flatSettings } from '../protocol/settings.ts';
import { parseLine } from './log.ts';
import { runFiles } from './run.ts';

/** A log beyond this is not read for a table: the dashboard streams it. */
const mostBytes = 256 << 20;
const mostSettingsBytes = 8_000_000;
/** The writer puts seq, time and type first: other lines are never parsed. */
const early = /^\{"seq":\d{1,15},"time":"([^"]{1,40})","type":"(\w{1,20})"/;
const wanted = new Set(['evaluation', 'resumed', 'started', 'done', 'stopped', 'failed']);

/** @param run with its settings, where they are known already: they do not change */
export async function readRow(run: { id: string; path: string; settings?: RunRow['settings'] }): Promise<RunRow> {
  const [settings, log] = await Promise.all([
    run.settings ??
      text(join(run.path, runFiles.resolved), mostSettingsBytes, 'utf8').then((json) => flatSettings(parsed(json))),
    // As bytes: most lines are looked at for their first letters alone.
    text(join(run.path, runFiles.log), mostBytes, 'latin1'),
  ]);
  return { id: run.id, settings, ...ofLog(log) };
}

async function text(path: string, most: number, encoding: 'utf8' | 'latin1'): Promise<string> {
  try {
    const bytes = await readFile(path);
    return bytes.length > most ? '' : bytes.toString(encoding);
  } catch {
    return '';
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** @param log its bytes, a letter each */
function ofLog(log: string): Pick<RunRow, 'seconds' | 'results'> {
  const results = new RowResults();
  let [worked, began, last] = [0, Number.NaN, Number.NaN];
  let lastType = '';
  let isDone = false;
  for (let from = 0; from < log.length; ) {
    const end = log.indexOf('\n', from);
    if (end < 0) break;
    const head = early.exec(log.slice(from, from + 120));
    const line = from;
    from = end + 1;
    if (!head) continue;
    const [, time, type] = head;
    if (type === 'resumed' || (type === 'started' && lastType !== 'resumed')) {
      if (Number.isFinite(began)) worked += Math.max(0, last - began);
      began = Date.parse(time);
      isDone = false;
    }
    lastType = type;
    if (wanted.has(type) || type === 'metrics') last = Date.parse(time);
    if (type === 'done') isDone = true;
    if (type !== 'evaluation' && type !== 'resumed') continue;
    const event = parseLine(Buffer.from(log.slice(line, end), 'latin1').toString('utf8'));
    if (!event) continue;
    if (type === 'resumed') results.takeBack(typeof event.fromStep === 'number' ? event.fromStep : Number.NaN);
    else if (typeof event.step === 'number') addEvaluation(results, event.step, measurementsOf(event));
  }
  const seconds = (worked + Math.max(0, last - began)) / 1000;
  return { results: results.all(), ...(isDone && Number.isFinite(seconds) ? { seconds } : {}) };
}

function addEvaluation(results: RowResults, step: number, values: readonly Measurement[]): void {
  const known = new Map<string, number>();
  const languages = new Set<string>();
  for (const { arm, language, measure, value } of values) {
    if (language === undefined) continue;
    languages.add(language.slice(0, 80));
    known.set(`${arm} ${measure} ${language.slice(0, 80)}`, value);
  }
  for (const language of languages) {
    const value = (arm: string, measure: string) => known.get(`${arm} ${measure} ${language}`) ?? Number.NaN;
    results.add(language, 'loss', step, value('adapted', 'loss'));
    results.add(language, 'gain', step, value('control', 'loss') - value('adapted', 'loss'));
    results.add(language, 'accuracy', step, value('adapted', 'accuracy'));
    results.add(language, 'forgetting', step, value('adapted', 'ownHeadLoss') - value('base', 'ownHeadLoss'));
  }
}
