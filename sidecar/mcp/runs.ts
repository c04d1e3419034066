/**
 * @file What an assistant may be told of a workspace's runs, read from their files as anyone may have written them. Nothing
 * here changes anything. It must not know the protocol that it is told by.
 */
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { pairedDifference } from '../evaluation/interval.ts';
import { isReallyInside } from '../inside.ts';
import { answers, sayAnswer, sayOverall } from '../protocol/findings-words.ts';
import { measurementsOf } from '../protocol/measurement.ts';
import { english, sayReason } from '../protocol/reason.ts';
import { readFindings } from '../runs/findings.ts';
import { readLabel } from '../runs/label.ts';
import { readPoints } from '../runs/log.ts';
import { listRuns, openRun, type RunDir, readResolved, runFiles, runsFolder } from '../runs/run.ts';
import { deriveStatus } from '../runs/status.ts';
import { scoresOfRun } from '../studies/scores.ts';

const MOST_RUNS = 200;
const MOST_POINTS = 500;

/** A run by its id: a folder's name, never a path. */
export function runOf(root: string, id: string): RunDir {
  const path = join(runsFolder(root), id);
  if (/[/\\\0]/.test(id) || id.startsWith('.') || !isReallyInside(path, root))
    throw new UserError({
      code: 'mcp.no-such-run',
      tried: `find the run ${JSON.stringify(id.slice(0, 200))}`,
      why: 'a run is named by its id, which is no path.',
      cure: 'list_runs tells the ids.',
    });
  return openRun(path);
}

export interface RunWish {
  state?: string;
  experiment?: string;
  limit?: number;
}

/** Newest first. */
export function runs(root: string, { state, experiment, limit = 50 }: RunWish) {
  const found = listRuns(root);
  const all = found.runs
    .map(headOf)
    .filter(
      (run) =>
        (state === undefined || run.state === state) && (experiment === undefined || run.experiment === experiment),
    )
    .reverse();
  const shown = all.slice(0, Math.min(limit, MOST_RUNS));
  return {
    runs: shown,
    leftOut: all.length - shown.length,
    unreadable: found.problems.length,
  };
}

function headOf(run: RunDir) {
  const { state, step, steps, reason } = deriveStatus(run);
  const { name, tags, note, pinned } = readLabel(run);
  return {
    id: run.id,
    name: name ?? run.name,
    experiment: run.name,
    state,
    reason: reason && sayReason(reason, english).text,
    step,
    steps,
    createdAt: run.createdAt,
    device: run.device,
    tags,
    note,
    pinned,
    sweep: run.study && {
      file: run.study.sweep,
      point: run.study.point,
      seed: run.study.seed,
      settings: run.study.settings,
    },
  };
}

/** With its settings, what it found, and what that means in words. */
export async function oneRun(root: string, id: string) {
  const run = runOf(root, id);
  const found = await readFindings(run);
  const findings = found.kind === 'found' ? found.findings : undefined;
  const said = findings && answers(findings, english);
  return {
    ...headOf(run),
    versions: run.versions,
    settings: readResolved(run),
    result: said && { overall: sayOverall(said, english), languages: said.map(sayAnswer) },
    parameters: findings?.parameters,
    measures: findings?.tables.map(({ measure, unit, better }) => ({ measure, unit, better })),
  };
}

export interface SeriesWish {
  run: string;
  measure: string;
  language?: string;
  arm?: string;
  /** `training` means over the steps between points; `held-out` speech is measured now and then. */
  on?: 'training' | 'held-out';
  /** A step, or `last`, or `best` by what is better for that measure; every point unless told. */
  at?: number | 'last' | 'best';
}

/** Higher is better of shares, lower of losses and error rates. */
const higherIsBetter = (measure: string) => /accuracy|identification/i.test(measure);

export async function series(
  root: string,
  { run: id, measure, language, arm = 'adapted', on = 'held-out', at }: SeriesWish,
) {
  const run = runOf(root, id);
  const type = on === 'training' ? 'metrics' : 'evaluation';
  const points: { step: number; value: number; spread?: number }[] = [];
  const there = new Set<string>();
  for await (const event of readPoints(join(run.path, runFiles.log), { onProblem: () => {} })) {
    if (event.type !== type) continue;
    for (const one of measurementsOf(event)) {
      there.add([one.arm, one.measure, one.language ?? ''].join(' ').trim());
      if (one.measure === measure && one.language === language && one.arm === arm && Number.isFinite(one.value))
        points.push({
          step: event.step,
          value: one.value,
          ...(one.spread === undefined ? {} : { spread: one.spread }),
        });
    }
  }
  if (points.length === 0) return { points, thereIs: [...there].sort().slice(0, 200) };
  if (at === undefined) return thinned(points);
  const better = higherIsBetter(measure);
  const best = points.reduce((a, b) => ((better ? b.value > a.value : b.value < a.value) ? b : a));
  if (at === 'best') return { points: [best], better: better ? 'higher' : 'lower' };
  const last = points[points.length - 1];
  return {
    points: at === 'last' ? [last] : points.filter(({ step }) => step === at),
    steps: at === 'last' ? undefined : points.length,
  };
}

/** Evenly, both ends kept; what is left out is said. */
function thinned<T>(points: T[]) {
  if (points.length <= MOST_POINTS) return { points, leftOut: 0 };
  const every = (points.length - 1) / (MOST_POINTS - 1);
  const kept = Array.from({ length: MOST_POINTS }, (_, i) => points[Math.round(i * every)]);
  return { points: kept, leftOut: points.length - kept.length };
}

/** Of each measure and language that both have: b minus a on the same held-out speech, with its interval. */
export function compare(root: string, a: string, b: string, only?: string) {
  const [one, other] = [a, b].map((id) => scoresOfRun(runOf(root, id)));
  if (!one || !other) return { differences: [], reason: 'one of them has not measured itself after its training' };
  const differences = one.scores
    .filter(({ measure }) => only === undefined || measure === only)
    .flatMap((before) => {
      const after = other.scores.find(
        ({ measure, language }) => measure === before.measure && language === before.language,
      );
      if (!after) return [];
      const { measure, language, unit, better } = before;
      const head = { measure, language, unit, better };
      if (['loss', 'accuracy'].includes(measure) && one.units !== other.units)
        return [{ ...head, reason: 'they predict other units' }];
      const ids = new Set(before.counts.map(({ id }) => id));
      if (ids.size !== after.counts.length || after.counts.some(({ id }) => !ids.has(id)))
        return [{ ...head, reason: 'they were measured on other speech' }];
      const { kind: _, ...found } = pairedDifference(before.counts, after.counts, better, { seed: 1 });
      return [{ ...head, ...found }];
    });
  return { difference: `${b} minus ${a}`, level: 0.95, differences };
}
