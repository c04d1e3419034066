/**
 * @file Names that tell runs apart by themselves: "three-new · lr 3e-3 · fork of eight at 100". One function for tree,
 * picker, legend and table. Pure; words go through the caller's translation.
 */
import type { Translate } from './reason.ts';
import { byImportance, type Scalar, sayScalar, shortKey } from './settings.ts';

export interface NamedRun {
  id: string;
  /** The experiment's own name. */
  experiment: string;
  /** What a person called it, in place of all else; empty where nobody did. */
  label: string;
  settings: Readonly<Record<string, Scalar>>;
  parent?: { run: string; step: number };
}

/** As many settings stand in a name. */
const mostSettings = 3;
/** A parent is named in short. */
const longestParent = 40;

/** By id. Of runs that nothing tells apart each but the first gets its number, in the order of their ids, which is that of time. */
export function runNames(runs: readonly NamedRun[], t: Translate): Map<string, string> {
  const named = new Map<string, string>();
  const groups = new Map<string, NamedRun[]>();
  const sorted = [...runs].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const run of sorted) {
    const key = run.label ? `label ${run.label}` : `experiment ${run.experiment}`;
    const group = groups.get(key);
    if (group) group.push(run);
    else groups.set(key, [run]);
  }
  for (const group of groups.values()) {
    const keys = group[0].label ? [] : tellingKeys(group);
    const counts = new Map<string, number>();
    for (const run of group) {
      const name = [
        run.label || run.experiment,
        ...keys.flatMap((key) => (key in run.settings ? [`${shortKey(key)} ${sayScalar(run.settings[key])}`] : [])),
        ...(run.parent && !run.label ? [ofParent(run.parent, named, t)] : []),
      ].join(' · ');
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      named.set(run.id, count === 1 ? name : `${name} #${count}`);
    }
  }
  return named;
}

/** A fork is younger than its parent; one of another experiment may still have no name here, and its id will do. */
function ofParent({ run, step }: { run: string; step: number }, named: ReadonlyMap<string, string>, t: Translate) {
  const name = named.get(run) ?? run;
  return t('fork of {0} at {1}', name.length > longestParent ? `${name.slice(0, longestParent - 1)}…` : name, step);
}

/** The fewest settings, at most three, by which most of them differ; those that people ask for first where it is the same. */
function tellingKeys(group: readonly NamedRun[]): string[] {
  if (group.length < 2) return [];
  const all = differingKeys(group.map(({ settings }) => settings)).filter((key) => key !== 'name');
  const chosen: string[] = [];
  let classes = group.map(() => '');
  let told = 1;
  while (chosen.length < mostSettings && told < group.length) {
    let best: { key: string; classes: string[]; told: number } | undefined;
    for (const key of all.slice(0, 60)) {
      if (chosen.includes(key)) continue;
      const next = group.map(({ settings }, i) => `${classes[i]}\n${String(settings[key])}`);
      const many = new Set(next).size;
      if (many > (best?.told ?? told)) best = { key, classes: next, told: many };
    }
    if (!best) break;
    chosen.push(best.key);
    ({ classes, told } = best);
  }
  return chosen.sort(byImportance);
}

/** Keys that do not have the same value everywhere, the more important first; a key that some lack differs. */
export function differingKeys(all: readonly Readonly<Record<string, Scalar>>[]): string[] {
  const first = new Map<string, Scalar>();
  const counts = new Map<string, number>();
  const differing = new Set<string>();
  for (const settings of all)
    for (const key in settings) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (!first.has(key)) first.set(key, settings[key]);
      else if (first.get(key) !== settings[key]) differing.add(key);
    }
  for (const [key, count] of counts) if (count < all.length) differing.add(key);
  return [...differing].sort(byImportance);
}
