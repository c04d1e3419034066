/**
 * @file A sweep as the experiments that it becomes: each point laid over the text that it varies and checked as if it had
 * been written out, its faults told at the line that caused them. No file system here: the editor calls it as one types.
 */
import type { Place, Problem } from '../errors.ts';
import { check } from './check.ts';
import { experimentKeys } from './describe.ts';
import { readDocument, type Source } from './document.ts';
import { complete, type Experiment, nameFromFile } from './experiment.ts';
import { nearest } from './nearest.ts';
import { lay } from './overrides.ts';
import { inOrder } from './parse.ts';
import type { Places } from './places.ts';
import { experimentSchema } from './schema.ts';
import { fromIssue } from './schema-faults.ts';
import { type ParsedSweep, type Preset, presets } from './schema-sweep.ts';
import { axesOf, combinations, combined, type Setting, shortKeys, valueInWords } from './sweep-axes.ts';
import { presetPoints } from './sweep-presets.ts';

/** One point before its seeds. */
export interface PlannedPoint {
  name: string;
  /** What it changes, by key; a preset's own changes apart. */
  settings: Record<string, unknown>;
  preset?: Preset;
  /** No run of its own: every run has measured it before its first step. */
  measured?: 'base';
  /** Paths as they are written, the first seed. Present only where the point has no problem. */
  experiment?: Experiment;
  places: Places;
}

export interface SweepPlan {
  points: PlannedPoint[];
  seeds: number[];
  /** Name of the point that the others are compared with. */
  baseline: string;
  /** The experiment's own name. */
  name: string;
  /** The file whose folder the paths are relative to. */
  file: string;
  /** Of the sweep and its points, in the order of the file; not those of the experiment itself. */
  problems: Problem[];
}

/** Beyond so many nobody reads the table, and a mistyped range would fill a queue. */
export const MOST_RUNS = 1000;
/** Keys that a sweep itself decides. */
const OWN = ['seed', 'sweep', 'name'];

/** The `sweep` of a text as it stands there, whatever is in it; undefined where there is none. */
export function sweepIn(text: string, file: string): { experiment?: string } | undefined {
  const { value } = readDocument(text, file);
  const own = value?.sweep;
  if (typeof own !== 'object' || own === null || Array.isArray(own)) return undefined;
  const { experiment } = own as { experiment?: unknown };
  return typeof experiment === 'string' ? { experiment } : {};
}

/**
 * @param base the experiment that a sweep in a file of its own varies
 * @returns undefined where the text has no sweep
 */
export function planSweep(text: string, file: string, base?: { text: string; file: string }): SweepPlan | undefined {
  const source = readDocument(text, file);
  const raw = source.value?.sweep;
  if (raw === undefined) return undefined;
  const problems: Problem[] = [];
  const spec = specIn(source, problems);
  const varied = base ? readDocument(base.text, base.file) : source;
  if (base) problems.push(...nothingBeside(source));
  const plan: SweepPlan = {
    points: [],
    seeds: [],
    baseline: '',
    name: typeof varied.value?.name === 'string' ? varied.value.name : nameFromFile(varied.places.file),
    file: varied.places.file,
    problems,
  };
  if (!spec || !varied.value) return plan;
  const { sweep: _, ...own } = varied.value;
  const from: Varied = { raw: own, places: varied.places, file: varied.places.file, own: base === undefined };
  plan.points = pointsOf(spec, source.places, from, problems);
  plan.seeds = seedsOf(spec, own.seed);
  const names = plan.points.map(({ name }) => name);
  plan.baseline = spec.baseline ?? names[0] ?? '';
  if (spec.baseline !== undefined && !names.includes(spec.baseline) && names.length > 0) {
    const near = nearest(spec.baseline, names);
    problems.push({
      code: 'sweep.baseline',
      tried: 'read sweep.baseline',
      why: `no point is called ${JSON.stringify(spec.baseline)}.`,
      cure: `${near ? `Did you mean ${near}? ` : ''}The points: ${names.slice(0, 20).join('; ')}.`,
      place: source.places.value(['sweep', 'baseline']),
    });
  }
  plan.problems = inOrder(problems, file);
  return plan;
}

/** The section by the schema. Where it stands in the experiment itself, that has told its faults already. */
function specIn({ value, places }: Source, problems: Problem[]): ParsedSweep | undefined {
  const result = experimentSchema.shape.sweep.safeParse(value?.sweep ?? undefined);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const placed = { ...issue, path: ['sweep', ...issue.path] } as typeof issue;
    problems.push(...fromIssue(placed, value, places, experimentKeys));
  }
  return undefined;
}

const nothingBeside = ({ value, places }: Source): Problem[] =>
  Object.keys(value ?? {}).flatMap((key) =>
    key === 'sweep'
      ? []
      : [
          {
            code: 'sweep.beside',
            tried: `read the key ${key}`,
            why: 'a sweep in a file of its own holds nothing else: sweep.experiment names the experiment.',
            cure: `Move it there, or give it to every point: sweep.keys: { ${key}: [ … ] }.`,
            place: places.key([key]),
          },
        ],
  );

interface Varied {
  raw: Record<string, unknown>;
  places: Places;
  file: string;
  /** Whether the sweep stands in it. */
  own: boolean;
}

interface Alternative {
  name: string;
  preset?: Preset;
  place?: Place;
  settings: Setting[];
}

function pointsOf(spec: ParsedSweep, places: Places, from: Varied, problems: Problem[]): PlannedPoint[] {
  const axes = axesOf(spec, places, problems);
  const alternatives = alternativesOf(spec, places);
  const seeds = typeof spec.seeds === 'number' ? spec.seeds : spec.seeds.length;
  const runs = alternatives.length * combined(axes) * seeds;
  if (runs > MOST_RUNS) {
    problems.push({
      code: 'sweep.too-many',
      tried: 'count the runs of the sweep',
      why: `they are ${runs}; ${MOST_RUNS} is the most.`,
      cure: 'List fewer values, or make several sweeps.',
      place: places.key(['sweep']),
    });
    return [];
  }
  const short = shortKeys(axes.map(({ key }) => key));
  const written = new Set(check(from.raw, from.places).problems.map(identity));
  const told = new Set<string>();
  const tell = (problem: Problem, settings: readonly Setting[] = []) => {
    if (written.has(identity(problem))) return;
    const blamed = blaming(problem, settings);
    const id = identity(blamed);
    if (!told.has(id)) problems.push(blamed);
    told.add(id);
  };
  const all = combinations(axes);
  return alternatives.flatMap((alternative) =>
    // The base is the same whatever is listed.
    (alternative.preset === 'base' ? all.slice(0, 1) : all).flatMap((settings) => {
      // What every point has tells none apart.
      const own = settings.filter((_, i) => axes[i].values.length > 1);
      const suffix = own.map(({ key, value }) => `${short.get(key)}=${valueInWords(value)}`).join(', ');
      return varied(alternative, settings, suffix, from, tell);
    }),
  );
}

const identity = ({ place, why }: Problem) => JSON.stringify([place?.file, place?.line, place?.column, why]);

/** Presets as they are listed, then the points that are none. */
function alternativesOf(spec: ParsedSweep, places: Places): Alternative[] {
  const settingsOf = (name: string): Setting[] =>
    Object.entries(spec.points?.[name] ?? {}).map(([key, value]) => ({
      key,
      value,
      place: places.value(['sweep', 'points', name, key]),
    }));
  const listed = (spec.presets ?? []).map((preset, i) => ({
    name: preset,
    preset,
    place: places.value(['sweep', 'presets', i]),
    settings: settingsOf(preset),
  }));
  const named = Object.keys(spec.points ?? {})
    .filter((name) => !(spec.presets as readonly string[] | undefined)?.includes(name))
    .map((name): Alternative => ({ name, settings: settingsOf(name), ...presetNamed(name, places) }));
  const all = [...listed, ...named];
  return all.length > 0 ? all : [{ name: '', settings: [] }];
}

/** A point that is called as a preset is one, listed or not. */
function presetNamed(name: string, places: Places): Partial<Alternative> {
  if (!(presets as readonly string[]).includes(name)) return {};
  return { preset: name as Preset, place: places.key(['sweep', 'points', name]) };
}

/** Lists and ranges first, so that a method's numbers follow them; then the method; then what its point says itself. */
function varied(
  { name, preset, place, settings: own }: Alternative,
  settings: readonly Setting[],
  suffix: string,
  from: Varied,
  tell: (problem: Problem, settings?: readonly Setting[]) => void,
): PlannedPoint[] {
  const raw = structuredClone(from.raw);
  const places = from.places.copy();
  const put = (into: Record<string, unknown>, at: Places, all: readonly Setting[]) => {
    for (const { key, value, place } of all) {
      const wrong = OWN.includes(key)
        ? { why: `${key} is not a point's to change.`, cure: key === 'seed' ? 'Write sweep.seeds.' : 'Leave it out.' }
        : lay(into, at, key.split('.'), structuredClone(value), place);
      if (wrong) tell({ code: 'sweep.key', tried: `vary ${key}`, ...wrong, place });
    }
  };
  put(raw, places, settings);
  const { parsed, repaired } = check(raw, places);
  const experiment = parsed ?? repaired;
  const methods = preset && experiment ? presetPoints(preset, experiment) : [{ name, changes: {} }];
  if ('why' in methods) {
    tell({ code: 'sweep.preset', tried: `make the points of ${preset}`, ...methods, place });
    return [];
  }
  return methods.map((method): PlannedPoint => {
    const [into, at] = [structuredClone(raw), places.copy()];
    const changes = Object.entries(method.changes).map(([key, value]) => ({ key, value, place: place! }));
    put(into, at, [...changes, ...own]);
    const checked = check(into, at);
    const of = [...changes, ...settings, ...own];
    for (const problem of checked.problems) tell(problem, of);
    const measured = 'measured' in method ? method.measured : undefined;
    return {
      name: [method.name, measured ? '' : suffix].filter(Boolean).join(', ') || 'as written',
      settings: Object.fromEntries([...settings, ...own].map(({ key, value }) => [key, value])),
      ...(preset ? { preset } : {}),
      ...(measured ? { measured } : {}),
      ...(checked.parsed
        ? { experiment: complete(checked.parsed, nameFromFile(from.file), at.has(['replay', 'fraction'])) }
        : {}),
      places: at,
    };
  });
}

/** What two values together are at fault for is told where the sweep sets one of them, not where the experiment has the other. */
function blaming(problem: Problem, settings: readonly Setting[]): Problem {
  const same = (a: Place, b?: Place) => a.file === b?.file && a.line === b.line && a.column === b.column;
  const last = settings.at(-1)?.place;
  if (!last || settings.some(({ place }) => same(place, problem.place))) return problem;
  return { ...problem, place: last };
}

function seedsOf({ seeds }: ParsedSweep, written: unknown): number[] {
  if (typeof seeds !== 'number') return [...new Set(seeds)];
  const first = typeof written === 'number' ? written : 1;
  return Array.from({ length: seeds }, (_, i) => first + i);
}
