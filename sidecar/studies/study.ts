/** @file A sweep on this machine: its file read, every point resolved, with its seeds and what it is known by. */
import { basename, dirname, relative, resolve, sep } from 'node:path';
import type { Experiment } from '../config/experiment.ts';
import { inOrder, parseExperiment } from '../config/parse.ts';
import { readExperimentFile, resolveExperiment } from '../config/resolve.ts';
import { type PlannedPoint, planSweep, type SweepPlan, sweepIn } from '../config/sweep.ts';
import { type Problem, UserError } from '../errors.ts';
import type { RunStudy } from '../runs/run.ts';
import { identityOf } from './identity.ts';

/** One run of a sweep: a point with a seed. */
export interface StudyPoint extends RunStudy {
  /** From 0, in the order of `milore sweep --list`: what a job of an array is asked for. */
  index: number;
  experiment: Experiment;
}

/** A point of the table, with all its seeds. */
export interface StudyRow {
  name: string;
  settings: Record<string, unknown>;
  /** It has no runs: every other's first row is it. */
  measured?: 'base';
}

export interface Study {
  /** Absolute. */
  file: string;
  /** The workspace. */
  root: string;
  name: string;
  /** As runs remember it. */
  sweep: string;
  rows: StudyRow[];
  points: StudyPoint[];
  seeds: number[];
  baseline: string;
  /** The text of the experiment that is varied. */
  text: string;
}

/** @param root where `.milore/` lies; the file's folder unless told. @throws UserError with every fault of the sweep and its points */
export async function loadStudy(file: string, root = dirname(resolve(file))): Promise<Study> {
  const path = resolve(file);
  const text = await readExperimentFile(path);
  const own = sweepIn(text, path);
  if (!own) throw noSweep(path, text);
  const varied = own.experiment === undefined ? undefined : resolve(dirname(path), own.experiment);
  const base = varied === undefined ? undefined : { text: await readExperimentFile(varied), file: varied };
  const plan = planSweep(text, path, base)!;
  const problems: Problem[] = [...faultsOf(base ?? { text, file: path }), ...plan.problems];
  const resolved = await resolveAll(plan, problems);
  if (problems.length > 0) throw new UserError(inOrder(problems, path));
  const sweep = relative(root, path).split(sep).join('/') || basename(path);
  let index = 0;
  const points = resolved.flatMap(([{ name: point, settings }, experiment]) =>
    plan.seeds.map((seed): StudyPoint => {
      const own = { ...experiment, name: `${plan.name} · ${point}`.slice(0, 200), seed };
      return { index: index++, sweep, point, seed, identity: identityOf(own, root), settings, experiment: own };
    }),
  );
  return {
    file: path,
    root,
    name: plan.name,
    sweep,
    rows: plan.points.map(({ name, settings, measured }) => ({ name, settings, measured })),
    points,
    seeds: plan.seeds,
    baseline: plan.baseline,
    text: base?.text ?? text,
  };
}

/** Of the experiment that is varied, before anything is: its points would only repeat them. */
function faultsOf({ text, file }: { text: string; file: string }): Problem[] {
  return parseExperiment(text, file).problems;
}

async function resolveAll(plan: SweepPlan, problems: Problem[]): Promise<[PlannedPoint, Experiment][]> {
  const all: [PlannedPoint, Experiment][] = [];
  const told = new Set<string>();
  for (const point of plan.points) {
    if (point.measured || !point.experiment) continue;
    const { experiment, problems: own } = await resolveExperiment(point.experiment, dirname(plan.file), point.places);
    if (experiment) all.push([point, experiment]);
    for (const problem of own) {
      const id = JSON.stringify([problem.place, problem.why]);
      if (!told.has(id)) problems.push(problem);
      told.add(id);
    }
  }
  return all;
}

function noSweep(file: string, text: string): UserError {
  const { problems } = parseExperiment(text, file);
  if (problems.length > 0) return new UserError(problems);
  return new UserError({
    code: 'sweep.none',
    tried: `read the sweep of ${file}`,
    why: 'it has no section sweep.',
    cure: 'Write one, as sweep: { seeds: 3, keys: { adapter.rank: [4, 8] } }, or train it with: milore train',
    place: { file, line: 1, column: 1 },
  });
}
