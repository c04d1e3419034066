/**
 * @file An experiment of which some values are wrong, as far as it can still be checked: so that one fault hides no
 * other. It must not know YAML or the file system.
 */
import { experimentSchema, type ParsedExperiment } from './schema.ts';

type Path = readonly PropertyKey[];

/** Stands where a required text is missing or wrong: no path and no name can be this. */
export const UNKNOWN = '\u0000';

const standIns: Record<string, unknown> = { model: UNKNOWN, data: UNKNOWN, role: 'new' };

/** Beyond so many wrong values nothing is learned by going on. */
const MOST_WRONG = 200;

export interface Repaired {
  parsed: ParsedExperiment;
  /** Paths whose value was left out or stood in for: nothing is known of them. */
  left: Path[];
}

/** The values without those that the schema refuses; undefined where nothing sensible is left. */
export function repair(raw: Record<string, unknown>): Repaired | undefined {
  const copy = structuredClone(raw);
  const left: Path[] = [];
  // Each round mends every fault that is seen; leaving one out can show another, as a section that is no section.
  for (let round = 0; round < 8; round++) {
    const result = experimentSchema.safeParse(copy);
    if (result.success) return { parsed: result.data, left };
    const wrong = result.error.issues.flatMap((issue): Path[] =>
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
    );
    if (wrong.length > MOST_WRONG) return undefined;
    for (const path of wrong) leaveOut(copy, path);
    left.push(...wrong);
  }
  return undefined;
}

function leaveOut(root: Record<string, unknown>, path: Path): void {
  let parent: unknown = root;
  for (const key of path.slice(0, -1)) parent = isObject(parent) ? parent[key as string] : undefined;
  const key = path.at(-1) as string;
  if (!isObject(parent) || key === undefined) return;
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
  if (path.length === 1 && key === 'base') root.base = { model: UNKNOWN };
  else if (path.length === 1 && key === 'languages') root.languages = {};
  else if (Object.hasOwn(standIns, key)) parent[key] = standIns[key];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Whether neither the value of the path nor one around or within it was left out. */
export function isKnown(path: Path, left: readonly Path[]): boolean {
  return left.every((gone) => {
    const common = Math.min(gone.length, path.length);
    return !path.slice(0, common).every((key, i) => String(key) === String(gone[i]));
  });
}
