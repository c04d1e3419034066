/** @file From what was measured of each row to what a person reads: matrices with intervals, changes and verdicts. Pure. */
import type {
  Cell,
  Change,
  Confusion,
  Example,
  Examples,
  Finding,
  Findings,
  FindingTable,
} from '../protocol/findings.ts';
import { type Alone, aloneValues, sameClips } from './alone.ts';
import type { Assessed, AssessedClip, ProbeResult, Score } from './assessed.ts';
import {
  bootstrap,
  type Counted,
  type Difference,
  type Interval,
  pairedDifference,
  type Undefined,
} from './interval.ts';
import {
  average,
  backwardTransfer,
  forwardTransfer,
  largestLoss,
  type Measured,
  type StageMatrix,
  transferAhead,
  worstLanguage,
} from './matrix.ts';

export interface FindingsOptions {
  /** In the experiment's order. */
  languages: readonly { code: string; role: 'existing' | 'new'; entered: number }[];
  seed: number;
  parameters?: Findings['parameters'];
  /** Runs that trained a language alone. */
  alone?: Alone;
}

const DRAWS = 2000;
const LEVEL = 0.95;
/** Fewer speakers, and a percentile interval holds the truth less often than it says. */
const FEW_SPEAKERS = 8;
const EXAMPLES = 10;
/** Measures whose utterances are worth hearing. */
const EXEMPLIFIED = ['cer', 'loss'];
const ADAPTED = 'adapted';
const CONTROL = 'control';

/** @param rows consecutive from 0 */
export function findingsOf(rows: readonly Assessed[], options: FindingsOptions): Findings {
  const heard = rows.flatMap((row) => [...row.clips, ...(row.utterances ?? [])]);
  const clips = new Map(heard.map((clip) => [clip.hash, clip]));
  const scored = rows.map((row) => scoresIn(row));
  const measures = [
    ...new Set(
      scored
        .flat()
        .filter(({ arm }) => arm === ADAPTED)
        .map(({ measure }) => measure),
    ),
  ];
  const confusions = rows.flatMap((row) => row.probes.map((probe) => confusionOf(row.row, probe, clips, options.seed)));
  const context: Context = { scored, clips, ...options };
  const last = rows[rows.length - 1];
  const stages = rows.slice(1);
  const training = stages.reduce((sum, { trainingSeconds = Number.NaN }) => sum + trainingSeconds, 0);
  const share = stages.reduce((sum, { seconds }) => sum + seconds, 0) / training;
  return {
    version: 1,
    rows: rows.map(({ row, step, add, seconds }) => ({ row, step, add, seconds })),
    languages: options.languages.map((language) => ({ ...language, ...amountOf(last.clips, language.code) })),
    tables: measures.map((measure) => {
      const table = tableOf(measure, context);
      return measure === 'languageIdentification'
        ? { ...table, notes: [...table.notes, ...ofRecordings(confusions)] }
        : table;
    }),
    confusions,
    drift: rows.flatMap(({ row, drift }) => drift.map((one) => ({ row, ...one }))),
    examples: measures
      .filter((measure) => EXEMPLIFIED.includes(measure))
      .flatMap((measure) => examplesOf(measure, context)),
    skipped: last.skipped,
    ...(Number.isFinite(share) ? { costShare: share } : {}),
    ...(options.parameters ? { parameters: options.parameters } : {}),
    draws: DRAWS,
    level: LEVEL,
    seed: options.seed,
  };
}

interface Context extends FindingsOptions {
  scored: readonly (readonly Score[])[];
  clips: ReadonlyMap<string, AssessedClip>;
}

function amountOf(clips: readonly AssessedClip[], code: string) {
  const own = clips.filter(({ language }) => language === code);
  const speakers = new Set(own.flatMap(({ speaker }) => (speaker === undefined ? [] : [speaker])));
  const seconds = own.reduce((sum, clip) => sum + clip.seconds, 0);
  return { seconds, utterances: own.length, speakers: speakers.size };
}

/** All that was scored in a row, what a probe of languages got right as one more measure. */
export function scoresIn({ scores, probes, clips, utterances = [] }: Assessed): Score[] {
  const known = new Map([...clips, ...utterances].map((clip) => [clip.hash, clip]));
  return [...scores, ...probes.flatMap((probe) => probeScores(probe, known))];
}

/** A probe's accuracy as one more measure. */
function probeScores({ features, languages, clips }: ProbeResult, known: ReadonlyMap<string, AssessedClip>): Score[] {
  if (features !== 'states') return [];
  return languages.map((language) => ({
    measure: 'languageIdentification',
    unit: 'share',
    better: 'higher',
    arm: ADAPTED,
    language,
    counts: clips.filter(({ hash }) => known.get(hash)?.language === language),
  }));
}

const countedOf = ({ counts }: Pick<Score, 'counts'>, clips: Context['clips']): Counted[] =>
  counts.map(({ hash, count, of }) => ({ id: hash, speaker: clips.get(hash)?.speaker, count, of }));

const ratioOf = ({ counts: [{ count, of }] }: Score) => count / of;

function finding(one: Interval | Undefined): Finding {
  if (one.kind === 'undefined') return { value: one.value, reason: one.reason };
  const { value, low, high, by, drawn } = one;
  return { value, low, high, by, drawn };
}

const changeOf = (one: Difference | Undefined): Change => ({
  ...finding(one),
  verdict: one.kind === 'undefined' ? 'cannot tell' : one.verdict,
});

function tableOf(measure: string, { scored, clips, languages, seed, alone }: Context): FindingTable {
  const find = (row: number, language: string, arm: string) =>
    scored[row].find((one) => one.measure === measure && one.language === language && one.arm === arm);
  const { unit, better } = scored.flat().find((one) => one.measure === measure)!;
  const against = scored.flat().some((one) => one.measure === measure && one.arm === CONTROL) ? 'control' : 'base';
  const options = { seed, draws: DRAWS, level: LEVEL };
  const findingOf = (one: Score): Finding =>
    one.withoutInterval
      ? { value: ratioOf(one), reason: one.withoutInterval }
      : finding(bootstrap(countedOf(one, clips), options));
  const rows = scored.map((_, row) =>
    byLanguage(languages, (code): Cell | undefined => {
      const own = find(row, code, ADAPTED);
      if (!own) return undefined;
      const cell = findingOf(own);
      const other = against === 'control' ? find(row, code, CONTROL) : find(0, code, ADAPTED);
      if (row === 0 || !other || !sameClips(own, other)) return cell;
      const change = own.withoutInterval
        ? { value: ratioOf(own) - ratioOf(other), reason: own.withoutInterval, verdict: 'cannot tell' as const }
        : changeOf(pairedDifference(countedOf(other, clips), countedOf(own, clips), better, options));
      return { ...cell, change };
    }),
  );
  const compared = scored.map((_, row) =>
    byLanguage(languages, (code): Finding | undefined => {
      const other = find(row, code, CONTROL);
      return other && findingOf(other);
    }),
  );
  const matrix: StageMatrix = {
    better,
    entered: Object.fromEntries(languages.map(({ code, entered }) => [code, entered])),
    rows: rows.map((cells) =>
      byLanguage(languages, (code) => cells[code]?.value ?? { reason: reasonOf(cells[code], code) }),
    ),
  };
  const others = alone && aloneValues(measure, scored[scored.length - 1], alone);
  const worst = worstLanguage(matrix, rows.length - 1);
  const lost = largestLoss(matrix);
  return {
    measure,
    unit,
    better,
    against,
    rows,
    ...(against === 'control' ? { compared } : {}),
    average: rows.map((_, row) => of(average(matrix, row))),
    backwardTransfer: rows.map((_, row) => of(backwardTransfer(matrix, row))),
    forwardTransfer: rows.map((_, row) =>
      of(others ? forwardTransfer(matrix, row, others) : transferAhead(matrix, row)),
    ),
    forwardAgainst: others ? 'alone' : 'base',
    ...(worst.kind === 'found' ? { worst: { language: worst.language, value: worst.value } } : {}),
    ...(lost.kind === 'found' ? { largestLoss: { language: lost.language, row: lost.stage, value: lost.value } } : {}),
    notes: notesOf(rows),
  };
}

function byLanguage<T>(languages: Context['languages'], make: (code: string) => T | undefined): Record<string, T> {
  return Object.fromEntries(
    languages.flatMap(({ code }) => {
      const made = make(code);
      return made === undefined ? [] : [[code, made] as const];
    }),
  );
}

const reasonOf = (cell: Cell | undefined, code: string) => cell?.reason ?? `${code} has no held-out speech`;
const of = (one: Measured): Finding => (one.kind === 'known' ? { value: one.value } : { reason: one.reason });

/** What makes intervals weaker than they look. */
function notesOf(rows: readonly Record<string, Cell>[]): string[] {
  const cells = Object.entries(rows[rows.length - 1]);
  const few = cells.filter(([, { by, drawn }]) => by === 'speaker' && drawn! < FEW_SPEAKERS);
  const unknown = cells.filter(([, { by }]) => by === 'utterance');
  const names = (some: typeof cells) => some.map(([code]) => code).join(', ');
  const notes: string[] = [];
  if (few.length > 0)
    notes.push(`Fewer than ${FEW_SPEAKERS} speakers are held out of ${names(few)}: they say little of other speakers.`);
  if (unknown.length > 0)
    notes.push(
      `Of ${names(unknown)} intervals are over utterances, since one speaker or none is known: too narrow where few spoke them.`,
    );
  return notes;
}

/** Where a spectrogram knows as much, it is not the language that is heard. */
function ofRecordings(confusions: readonly Confusion[]): string[] {
  const of = (features: Confusion['features']) => confusions.find((one) => one.row === 0 && one.features === features);
  const [states, mel] = [of('states')?.accuracy.value, of('log-mel')?.accuracy.value];
  if (states === undefined || mel === undefined || mel < states) return [];
  return [
    'A spectrogram alone tells these languages apart as well as the base: they were recorded in different ways (rate, codec, room), so this measure says little of language here.',
  ];
}

function confusionOf(row: number, probe: ProbeResult, clips: Context['clips'], seed: number): Confusion {
  const { features, languages, counts } = probe;
  const totals = counts.map((own) => own.reduce((sum, one) => sum + one, 0));
  const all = totals.reduce((sum, one) => sum + one, 0);
  const accuracy = bootstrap(countedOf({ counts: probe.clips }, clips), { seed, draws: DRAWS, level: LEVEL });
  return {
    row,
    features,
    languages,
    counts,
    accuracy: finding(accuracy),
    chance: all > 0 ? Math.max(...totals) / all : 0,
  };
}

/** The clips of each language that went worst in the last row, and those that lost most against what it is compared with. */
function examplesOf(measure: string, { scored, clips, languages }: Context): Examples[] {
  const row = scored.length - 1;
  const last = scored[row];
  return languages.flatMap(({ code }): Examples[] => {
    const find = (scores: readonly Score[], arm: string) =>
      scores.find((one) => one.measure === measure && one.language === code && one.arm === arm);
    const own = find(last, ADAPTED);
    if (!own) return [];
    const other = find(last, CONTROL) ?? (row > 0 ? find(scored[0], ADAPTED) : undefined);
    const before = new Map(other?.counts.map((one) => [one.hash, one]));
    const all = own.counts.flatMap(({ hash, count, of, reference, heard }): Example[] => {
      const clip = clips.get(hash);
      if (!clip || of === 0) return [];
      const { id, speaker, seconds, path, startSeconds } = clip;
      const was = before.get(hash);
      const example = { id, speaker, seconds, path, startSeconds, value: count / of, reference, heard };
      return [{ ...example, before: was && was.count / was.of, heardBefore: was?.heard }];
    });
    const sign = own.better === 'lower' ? 1 : -1;
    const worst = [...all].sort((a, b) => sign * (b.value - a.value)).slice(0, EXAMPLES);
    const lost = all.filter((one) => one.before !== undefined && sign * (one.value - one.before) > 0);
    lost.sort((a, b) => sign * (b.value - b.before! - (a.value - a.before!)));
    return [{ measure, language: code, row, worst, lostMost: lost.slice(0, EXAMPLES) }];
  });
}
