/**
 * @file What ML-SUPERB's tasks say of one model, and of two on the same utterances: error rates with tags removed, trained
 * and reserved languages apart, the accuracy of languages by first tag, version 2.0's view, SUPERB_s. Pure.
 */
import { DECODINGS, type Decoding } from '../recognition/decode.ts';
import { byWhiteSpace, characters, errorsOf, languageRight, normalisations, withoutTags } from './error-rate.ts';
import {
  type Better,
  bootstrap,
  type Counted,
  type Difference,
  type Interval,
  pairedDifference,
  type Undefined,
} from './interval.ts';
import type { HeardUtterance, TaskResult } from './recognition-task.ts';
import { type Stratum, stratifiedDifference, stratifiedMean } from './strata.ts';
import {
  acrossLanguages,
  type SuperbConstants,
  type SuperbResult,
  type SuperbScores,
  type SuperbTask,
  superbScore,
} from './superb-score.ts';
import type { PlannedTask } from './superb-tasks.ts';

export interface SuperbMeasure {
  task: SuperbTask;
  measure: 'CER' | 'PER' | 'CER and PER' | 'LID accuracy';
  /** `mean` (over languages), a set's name, `trained`, `reserved` or `all`. */
  of: string;
  decoding: Decoding;
  better: Better;
  /** By arm. */
  values: (Interval | Undefined)[];
  /** The second arm minus the first, where there are two. */
  difference?: Difference | Undefined;
}

/** Version 2.0's view of one arm: CER averaged by utterance, then by language. */
export interface SpreadOverLanguages {
  task: SuperbTask;
  arm: string;
  decoding: Decoding;
  mean: number;
  deviation?: number;
  worst: { language: string; rate: number }[];
}

/** A task with what each arm has heard. */
export interface HeardTask {
  task: PlannedTask;
  /** By arm. */
  results: readonly TaskResult[];
}

/** Errors of one utterance, its tags left aside. */
export function errorsIn({ id, speaker, reference, heard }: HeardUtterance, how: Decoding, phones: boolean): Counted {
  const split = (text: string) => (phones ? byWhiteSpace(text) : characters(withoutTags(text)));
  const { errors, length } = errorsOf(split(reference), split(heard[how]));
  return { id, ...(speaker === undefined ? {} : { speaker }), count: errors, of: length };
}

const rightIn = ({ id, language, speaker, heard }: HeardUtterance, how: Decoding): Counted => ({
  id,
  ...(speaker === undefined ? {} : { speaker }),
  count: languageRight(heard[how], language),
  of: 1,
});

/** Every measure of the tasks, in their order. */
export function superbMeasures(
  heard: readonly HeardTask[],
  reserved: ReadonlySet<string>,
  seed: number,
): SuperbMeasure[] {
  const mono = heard.filter(({ task }) => task.track === 'mono');
  return DECODINGS.flatMap((how) => [
    ...(mono.length > 0 ? monolingualMeasures(mono, how, seed) : []),
    ...heard.flatMap((one) => (one.task.track === 'mono' ? [] : multilingualMeasures(one, reserved, how, seed))),
  ]);
}

function monolingualMeasures(mono: readonly HeardTask[], decoding: Decoding, seed: number): SuperbMeasure[] {
  const strata = mono.map(({ task, results }): Stratum => {
    const name = task.name.slice('mono/'.length);
    const arms = results.map(({ utterances }) =>
      utterances.map((one) => errorsIn(one, decoding, task.symbols === 'phones')),
    );
    return { name, language: results[0].utterances[0].language, arms };
  });
  const units = mono.map(({ task }) => (task.symbols === 'phones' ? 'PER' : 'CER'));
  const each = strata.map(({ name, arms }, i) =>
    measured({ task: 'mono', measure: units[i], of: name, decoding }, arms, 'lower', seed),
  );
  const arms = mono[0].results.map((_, arm) => stratifiedMean(strata, arm, { seed }));
  const kinds = new Set(units);
  const mean: SuperbMeasure = {
    task: 'mono',
    measure: kinds.size > 1 ? 'CER and PER' : units[0],
    of: 'mean',
    decoding,
    better: 'lower',
    values: arms,
    ...(arms.length > 1 ? { difference: stratifiedDifference(strata, 'lower', { seed }) } : {}),
  };
  return [mean, ...each];
}

function multilingualMeasures(
  { task: { track }, results }: HeardTask,
  reserved: ReadonlySet<string>,
  decoding: Decoding,
  seed: number,
): SuperbMeasure[] {
  const found: SuperbMeasure[] = [];
  if (track !== 'multi') {
    const arms = results.map(({ utterances }) => utterances.map((one) => rightIn(one, decoding)));
    found.push(measured({ task: track, measure: 'LID accuracy', of: 'all', decoding }, arms, 'higher', seed));
  }
  if (track === 'lid') return found;
  for (const of of ['trained', 'reserved'] as const) {
    const own = ({ language }: HeardUtterance) => reserved.has(language) === (of === 'reserved');
    const arms = results.map(({ utterances }) => utterances.filter(own).map((one) => errorsIn(one, decoding, false)));
    if (arms[0].length > 0) found.push(measured({ task: track, measure: 'CER', of, decoding }, arms, 'lower', seed));
  }
  return found;
}

function measured(
  what: Pick<SuperbMeasure, 'task' | 'measure' | 'of' | 'decoding'>,
  arms: readonly (readonly Counted[])[],
  better: Better,
  seed: number,
): SuperbMeasure {
  const [before, after] = arms;
  return {
    ...what,
    better,
    values: arms.map((own) => bootstrap(own, { seed })),
    ...(after ? { difference: pairedDifference(before, after, better, { seed }) } : {}),
  };
}

/** Of the multilingual tasks that write text, each arm's spread over languages, texts made alike as version 2.0 does. */
export function spreads(heard: readonly HeardTask[], arms: readonly string[], how: Decoding): SpreadOverLanguages[] {
  return heard.flatMap(({ task: { track }, results }) =>
    track === 'multi' || track === 'joint'
      ? results.map(({ utterances }, i) => ({
          task: track,
          arm: arms[i],
          decoding: how,
          ...spreadOf(utterances, how),
        }))
      : [],
  );
}

function spreadOf(utterances: readonly HeardUtterance[], how: Decoding) {
  const rates = new Map<string, number[]>();
  for (const { language, reference, heard } of utterances) {
    const alike = (text: string) => characters(normalisations['ml-superb-2'](withoutTags(text), language));
    const { errors, length } = errorsOf(alike(reference), alike(heard[how]));
    if (length > 0) rates.set(language, [...(rates.get(language) ?? []), errors / length]);
  }
  const mean = (all: readonly number[]) => all.reduce((a, b) => a + b, 0) / all.length;
  return acrossLanguages(Object.fromEntries([...rates].map(([language, all]) => [language, mean(all)])));
}

/** SUPERB_s of one arm by the recipe's decoding, or what is known of its parts. Scores in per cent. */
export function scoreOf(measures: readonly SuperbMeasure[], arm: number, constants: SuperbConstants): SuperbResult {
  const value = (task: SuperbTask, of: string, lid = false) => {
    const found = measures.find(
      (one) =>
        one.task === task && one.of === of && one.decoding === 'prefix' && (one.measure === 'LID accuracy') === lid,
    );
    return 100 * (found?.values[arm]?.value ?? Number.NaN);
  };
  const scores: SuperbScores = {
    mono: [value('mono', 'mean')],
    multi: [value('multi', 'trained'), value('multi', 'reserved')],
    lid: [value('lid', 'all', true)],
    joint: [value('joint', 'all', true), value('joint', 'trained'), value('joint', 'reserved')],
  };
  return superbScore(scores, constants);
}
