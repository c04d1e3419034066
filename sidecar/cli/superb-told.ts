/** @file What `milore superb` says at its end: tables of one data set or of a folder, and the files of --out. */
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../disk.ts';
import type { Interval, Undefined } from '../evaluation/interval.ts';
import type { MonolingualReport } from '../evaluation/superb.ts';
import type { SpreadOverLanguages, SuperbMeasure } from '../evaluation/superb-measures.ts';
import type { SuperbResult } from '../evaluation/superb-score.ts';
import type { Decoding } from '../recognition/decode.ts';
import { DECODINGS } from '../recognition/decode.ts';
import { percentOne, printable, table } from './output.ts';

export const DECODING_WORDS =
  "prefix: CTC's prefix search of width 1, as ML-SUPERB decodes; frames: the likeliest token of each frame.";

const shown = (one: Interval | Undefined): string[] =>
  one.kind === 'interval'
    ? [percentOne(one.value), `${percentOne(one.low)} to ${percentOne(one.high)}`]
    : [one.value === undefined ? '–' : percentOne(one.value), `no interval: ${one.reason}`];

/** Of one data set. */
export function monolingualTable({ measure, arms, differences }: MonolingualReport): string {
  const rows = [[measure, 'decoding', 'value', '95 % interval', 'verdict']];
  for (const how of DECODINGS) {
    for (const { name, rates } of arms) rows.push([name, how, ...shown(rates[how]), '']);
    const difference = differences?.[how];
    if (!difference) continue;
    const verdict = difference.kind === 'interval' ? difference.verdict : 'cannot tell';
    rows.push(['difference', how, ...shown(difference), verdict]);
  }
  return table(rows, 2);
}

export interface FolderReport {
  folder: string;
  time: string;
  arms: string[];
  measures: SuperbMeasure[];
  spreads: SpreadOverLanguages[];
  /** By arm; `unlike` says why none of them is a SUPERB_s. */
  scores: SuperbResult[];
  unlike: string[];
  notes: string[];
  /** By task. */
  tasks: { name: string; clips: Record<string, number>; tokens: number; updates: number }[];
}

/** Of a folder: a row a measure and arm, with the difference under it. */
export function folderTable({ arms, measures }: FolderReport): string {
  const rows = [['task', 'measure', 'of', 'decoding', 'arm', 'value', '95 % interval', 'verdict']];
  for (const { task, measure, of, decoding, values, difference } of measures) {
    for (const [i, value] of values.entries()) rows.push([task, measure, of, decoding, arms[i], ...shown(value), '']);
    if (!difference) continue;
    const verdict = difference.kind === 'interval' ? difference.verdict : 'cannot tell';
    rows.push([task, measure, of, decoding, 'difference', ...shown(difference), verdict]);
  }
  return table(rows, 5);
}

export function folderWords({ arms, spreads, scores, unlike, tasks }: FolderReport): string[] {
  const told = tasks.map(
    ({ name, clips, tokens, updates }) =>
      `${name}: ${clips.train} clips train, ${clips.validation} choose, ${clips.scored} are scored; ${tokens} tokens; ${updates} updates.`,
  );
  for (const { task, arm, mean, deviation, worst } of spreads) {
    const spread = deviation === undefined ? 'one language has no spread' : `deviation ${percentOne(deviation)}`;
    const list = worst.map(({ language, rate }) => `${language} ${percentOne(rate)}`).join(', ');
    told.push(
      `As version 2.0 counts, ${task}, ${arm}: CER ${percentOne(mean)} by languages, ${spread}; worst ${list}.`,
    );
  }
  for (const [i, score] of scores.entries()) told.push(scoreWords(arms[i], score, unlike));
  return told;
}

function scoreWords(arm: string, score: SuperbResult, unlike: readonly string[]): string {
  if (score.kind === 'score' && unlike.length === 0)
    return `${arm}: SUPERB_s ${score.score.toFixed(1)} (constants: ${score.constants}).`;
  const parts = Object.entries(score.parts).map(([task, share]) => `${task} ${share.toFixed(3)}`);
  const missing =
    score.kind === 'parts'
      ? [`${score.missing.join(', ')} ${score.missing.length === 1 ? 'is' : 'are'} not whole`]
      : [];
  return `${arm}: no SUPERB_s, since ${[...missing, ...unlike].join('; ')}. Its parts (0 as log-mel, 1 as the best; constants: ${score.constants}): ${parts.join(', ') || 'none'}.`;
}

interface HeardRow {
  id: string;
  reference: string;
  heard: Record<Decoding, string>;
}

/** Ids and texts come out of strangers' files: neither a tab nor a control character of theirs gets into a row. */
const clean = (text: string) => printable(text.replace(/\s/gu, ' '));

/** `superb.json`, and of each arm and task what was heard. */
export function writeReport(
  folder: string,
  report: object,
  heard: readonly { name: string; utterances: readonly HeardRow[] }[],
): void {
  makeFolder(folder);
  writeFileAtomic(join(folder, 'superb.json'), `${JSON.stringify(report, null, 2)}\n`);
  for (const { name, utterances } of heard) {
    const rows = utterances.map((one) => [one.id, one.reference, one.heard.prefix, one.heard.frames].map(clean));
    const lines = [['id', 'reference', 'prefix', 'frames'], ...rows].map((row) => row.join('\t'));
    writeFileAtomic(join(folder, `${name}.tsv`), `${lines.join('\n')}\n`);
  }
}
