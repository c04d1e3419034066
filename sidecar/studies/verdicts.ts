/**
 * @file A sweep's result: of each point the mean over its seeds, and its difference from the baseline with an interval over
 * utterances and seeds and a verdict. It must not know how it is written down.
 */
import { differenceOverSeeds, type MeanOverSeeds, meanOverSeeds } from '../evaluation/across-seeds.ts';
import type { Better, Change } from '../protocol/findings.ts';
import type { StudyProgress } from './progress.ts';
import { type PointScores, type Scored, scoresOf } from './scores.ts';
import type { Study } from './study.ts';

export interface StudyCell extends Partial<MeanOverSeeds> {
  /** Against the baseline; absent in its own row. */
  change?: Change & { seeds?: number };
}

export interface StudyMeasure {
  measure: string;
  unit: string;
  better: Better;
  languages: string[];
  rows: { point: string; cells: Record<string, StudyCell> }[];
}

export interface StudyResult {
  name: string;
  baseline: string;
  seeds: number[];
  level: number;
  draws: number;
  measures: StudyMeasure[];
  /** What makes its numbers weaker than they look, or absent. */
  notes: string[];
}

export const STUDY_DRAWS = 2000;
const LEVEL = 0.95;
/** The same draws whenever the table is made. */
const SEED = 1;
/** They say again what the losses say. */
const MIRRORED = ['accuracy', 'ownHeadAccuracy'];
/** Fewer, and what lies between them is a guess. */
const FEW_SEEDS = 5;
/** By the head that a run trains: other units are another question. */
const BY_UNITS = ['loss', 'accuracy'];

/** @param only measures; all but those that mirror another unless told */
export function studyResult(study: Study, progress: StudyProgress, only?: readonly string[]): StudyResult {
  const points = scoresOf(study, progress);
  const all = points.flatMap(({ scores }) => scores);
  const wanted = (measure: string) => (only ? only.includes(measure) : !MIRRORED.includes(measure));
  const measures = [...new Set(all.map(({ measure }) => measure))].filter(wanted);
  // As the experiment has them.
  const order = Object.keys(study.points[0]?.experiment.languages ?? {});
  const baseline = points.find(({ name }) => name === study.baseline);
  return {
    name: study.name,
    baseline: study.baseline,
    seeds: study.seeds,
    level: LEVEL,
    draws: STUDY_DRAWS,
    measures: measures.map((measure) => tableOf(measure, points, baseline, order)),
    notes: notesOf(study, points),
  };
}

function tableOf(
  measure: string,
  points: readonly PointScores[],
  baseline: PointScores | undefined,
  order: readonly string[],
): StudyMeasure {
  const own = points.flatMap(({ scores }) => scores.filter((one) => one.measure === measure));
  const { unit, better } = own[0];
  const there = new Set(own.map(({ language }) => language));
  const languages = [...order.filter((code) => there.delete(code)), ...there];
  const find = ({ scores }: PointScores, language: string) =>
    scores.find((one) => one.measure === measure && one.language === language);
  return {
    measure,
    unit,
    better,
    languages,
    rows: points.map((point) => ({
      point: point.name,
      cells: Object.fromEntries(
        languages.flatMap((language): [string, StudyCell][] => {
          const score = find(point, language);
          const mean = score && meanOverSeeds(score.bySeed);
          if (!mean) return [];
          if (!baseline || point === baseline) return [[language, mean]];
          return [[language, { ...mean, change: changeOf(score, find(baseline, language), point, baseline) }]];
        }),
      ),
    })),
  };
}

function changeOf(
  score: Scored,
  other: Scored | undefined,
  point: PointScores,
  baseline: PointScores,
): NonNullable<StudyCell['change']> {
  const none = (reason: string) => ({ reason, verdict: 'cannot tell' as const });
  if (!other) return none(`${baseline.name} has not measured it`);
  const units = new Set([...point.units, ...baseline.units]);
  if (BY_UNITS.includes(score.measure) && units.size > 1) return none('they predict other units');
  const found = differenceOverSeeds(other.bySeed, score.bySeed, score.better, {
    seed: SEED,
    draws: STUDY_DRAWS,
    level: LEVEL,
  });
  if (score.withoutInterval) return { ...none(score.withoutInterval), value: found.value };
  if (found.kind === 'undefined') return { ...none(found.reason), value: found.value };
  const { value, low, high, by, drawn, verdict, seeds } = found;
  return { value, low, high, by, drawn, verdict, seeds };
}

function notesOf({ seeds }: Study, points: readonly PointScores[]): string[] {
  const notes: string[] = [];
  const missing = points.filter(({ done }) => done < seeds.length);
  if (missing.length > 0)
    notes.push(
      `Not all is done yet: ${missing.map(({ name, done }) => `${name} (${done} of ${seeds.length} seeds)`).join('; ')}.`,
    );
  if (seeds.length === 1)
    notes.push('One seed: intervals are over held-out speech alone, and say nothing of other seeds.');
  else if (seeds.length < FEW_SEEDS)
    notes.push(`${seeds.length} seeds say little of other seeds: intervals are widened for so few, and still a guess.`);
  const compared = points.length - 1;
  if (compared > 1)
    notes.push(
      `${compared} points are compared with one, each for itself: of twenty verdicts where nothing differs, one is expected to be wrong.`,
    );
  return notes;
}
