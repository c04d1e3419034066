/**
 * @file What a run measures of itself before the first step and after each stage, kept utterance by utterance under
 * `evaluation/`, and what follows from it, `findings.json`. A run that was killed in the middle measures the same again.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Experiment } from '../config/experiment.ts';
import { makeFolder, removeIfPossible, writeFileAtomic } from '../disk.ts';
import type { SessionOptions } from '../engine/session.ts';
import type { Assessed, AssessedClip, Score } from '../evaluation/assessed.ts';
import { charactersRight } from '../evaluation/characters-right.ts';
import { findingsOf } from '../evaluation/findings.ts';
import { adaptedBase } from '../evaluation/frozen-states.ts';
import { ofLanguage } from '../evaluation/of-language.ts';
import { phoneAbx } from '../evaluation/phone-abx.ts';
import { representations } from '../evaluation/representations.ts';
import type { RunEvent } from '../protocol/events.ts';
import type { Better, Findings } from '../protocol/findings.ts';
import { units } from '../protocol/measurement.ts';
import { readJson } from '../runs/files.ts';
import { runFiles } from '../runs/run.ts';
import { aloneRuns } from './alone.ts';
import { ADAPTED, type Arm } from './arms.ts';
import type { HeldOutMeasured, Training } from './loop.ts';
import type { Plan } from './prepare/index.ts';
import { workOf } from './recogniser-work.ts';
import type { Stage } from './stages.ts';

const betterOf: Readonly<Record<string, Better>> = {
  loss: 'lower',
  accuracy: 'higher',
  ownHeadLoss: 'lower',
  ownHeadAccuracy: 'higher',
};

export interface Assessing {
  run: { path: string };
  experiment: Experiment;
  stages: readonly Stage[];
  planned: Plan;
  session: SessionOptions;
  cache: string;
  onDamage?(path: string): void;
}

/** Measures a row and writes it, with the findings so far, which it gives back. @param row 0 before the first step, i after stage i */
export async function assess(
  about: Assessing,
  { arms, sources, framesPerSecond, sink, signal }: Training,
  row: number,
  measured: HeldOutMeasured,
  trainingSeconds?: number,
): Promise<Findings | undefined> {
  const { run, experiment, stages, planned, session } = about;
  const began = performance.now();
  endWorks(run, row);
  // What comes has a session of its own, and the next step would end that of the measurement anyway.
  for (const { learner } of arms) await learner.rest();
  const { clips, frozen } = planned;
  const step = row === 0 ? 0 : stages[row - 1].end;
  const rest: Pick<Assessed, 'probes' | 'drift' | 'skipped'> = { probes: [], drift: [], skipped: [] };
  if (experiment.evaluation.probes) {
    const [{ config, learner }] = arms;
    await learner.pull();
    sink.emit({ type: 'stage', name: 'evaluate', done: row, total: stages.length + 1, detail: 'probes' });
    const { heldOut } = clips;
    const sides = {
      train: clips.heard,
      heldOut,
      framesPerSecond,
      probeSeconds: experiment.evaluation.secondsPerLanguage,
      features: sources.features,
      samples: clips.samples,
    };
    const model = {
      adapted: { config, parameters: learner.parameters },
      base: row > 0 ? adaptedBase(frozen.base) : undefined,
      file: frozen.file,
      session,
    };
    Object.assign(rest, await representations(model, sides, signal));
  } else rest.skipped.push({ measure: 'languageIdentification', reason: 'evaluation.probes is false.' });
  const read = await annotated(about, arms[0], row, (event) => sink.emit(event), signal);
  rest.skipped.push(...read.skipped);
  const assessed: Assessed = {
    version: 1,
    row,
    step,
    add: row === 0 ? [] : [...stages[row - 1].add],
    seconds: measured.seconds + (performance.now() - began) / 1000,
    trainingSeconds,
    clips: clips.heldOut.map(({ hash, id, language, frames }) => ({
      hash,
      id,
      language,
      seconds: frames / framesPerSecond,
      ...clips.origin({ hash }),
    })),
    ...(read.utterances.length > 0 ? { utterances: read.utterances } : {}),
    scores: [...scoresOf(measured), ...read.scores],
    ...rest,
  };
  sink.mustHold(`write what was measured after step ${step}`);
  const folder = join(run.path, runFiles.evaluation);
  makeFolder(folder, run.path);
  writeFileAtomic(rowFile(run, row), `${JSON.stringify(assessed)}\n`);
  return tell(about, row, (text) => sink.emit({ type: 'note', level: 'warning', text }));
}

/** What is measured with transcripts or alignments, of every language that the experiment asks for. */
async function annotated(
  { run, experiment, planned, session, cache, onDamage }: Assessing,
  { config, learner }: Arm,
  row: number,
  emit: (event: RunEvent) => void,
  signal: AbortSignal,
) {
  const found = { scores: [] as Score[], utterances: [] as AssessedClip[], skipped: [] as Assessed['skipped'] };
  const { superb, abx = {} } = experiment.evaluation;
  await learner.pull();
  const { base, file } = planned.frozen;
  const model = { base, file, adapted: { config, parameters: learner.parameters }, session };
  for (const [language, files] of Object.entries(abx)) {
    emit({ type: 'stage', name: 'evaluate', done: row, total: row + 1, detail: `ABX of ${language}` });
    const one = await phoneAbx(language, files, { ...model, adapted: ofLanguage(model.adapted, language) }, signal);
    found.scores.push(...one.scores);
    found.skipped.push(...one.skipped);
  }
  if (!superb) return found;
  const { updates, width, accumulate, learningRate: rate } = superb;
  for (const language of superb.languages ?? Object.keys(experiment.languages)) {
    const one = await charactersRight(
      language,
      planned.clips.spoken(language),
      {
        ...model,
        adapted: ofLanguage(model.adapted, language),
        cache,
        onDamage,
        workOf: (key, task, options) =>
          workOf(
            { folder: worksOf(run, row), within: run.path, options, every: experiment.checkpoint.every },
            `row ${row}`,
            key,
            task,
          ),
      },
      { updates, width, accumulate, rate, seed: experiment.seed },
      (what, done, total) => {
        signal.throwIfAborted();
        emit({ type: 'stage', name: 'evaluate', done, total, detail: `${what} of ${language}` });
      },
    );
    if (one.score) found.scores.push(one.score);
    found.utterances.push(...one.utterances);
    found.skipped.push(...one.skipped);
    if (row === 0) for (const text of one.notes) emit({ type: 'note', level: 'info', text });
  }
  return found;
}

/** Where the recognisers of a row are trained: a run that was killed goes on with them. */
const worksOf = (run: { path: string }, row: number) => join(run.path, runFiles.evaluation, `recognisers-${row}`);

/** Removes what the recognisers of other rows have left; of every row at a run's end. */
export function endWorks(run: { path: string }, keep?: number): void {
  const folder = join(run.path, runFiles.evaluation);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (name.startsWith('recognisers-') && name !== `recognisers-${keep}`) removeIfPossible(join(folder, name));
}

const rowFile = (run: { path: string }, row: number) => join(run.path, runFiles.evaluation, `row-${row}.json`);

/** By clip, what every arm scored. */
function scoresOf({ clips }: HeldOutMeasured): Score[] {
  const scores = new Map<string, Score>();
  for (const [arm, own] of Object.entries(clips))
    for (const { hash, language, masked, sums } of own)
      for (const [measure, count] of Object.entries(sums)) {
        if (arm !== ADAPTED && measure.startsWith('ownHead')) continue;
        const key = `${arm} ${measure} ${language}`;
        const unit = units[measure] ?? '1';
        const better = betterOf[measure] ?? 'lower';
        if (!scores.has(key)) scores.set(key, { measure, unit, better, arm, language, counts: [] });
        scores.get(key)!.counts.push({ hash, count, of: masked });
      }
  return [...scores.values()];
}

/** Writes the findings up to a row, where every row before it is there. */
function tell(
  { run, experiment, stages, planned }: Assessing,
  row: number,
  warn: (text: string) => void,
): Findings | undefined {
  const rows = Array.from({ length: row + 1 }, (_, i) => readJson(rowFile(run, i), MOST_BYTES) as Assessed | undefined);
  const enteredAt = (code: string) => stages.findIndex(({ add }) => add.includes(code)) + 1;
  const languages = Object.entries(experiment.languages).map(([code, { role }]) => {
    return { code, role, entered: enteredAt(code) };
  });
  try {
    const missing = rows.findIndex((one, i) => one?.version !== 1 || one.row !== i);
    if (missing >= 0) throw new Error(`${rowFile(run, missing)} is not there or damaged`);
    const { base, experts, routers, baseTrained, head } = planned.count;
    const parameters = { base, experts, routers, baseTrained, head };
    const alone = aloneRuns(experiment, planned.meaning);
    const findings = findingsOf(rows as Assessed[], { languages, seed: experiment.seed, parameters, alone });
    writeFileAtomic(join(run.path, runFiles.findings), `${JSON.stringify(findings)}\n`);
    return findings;
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw error;
    warn(`What was learned and forgotten cannot be told: ${(error as Error).message}.`);
    return undefined;
  }
}

/** A row has a line of some hundred bytes for each held-out clip and measure. */
const MOST_BYTES = 256e6;
