/** @file The rules of `stages`: every new language is added once, and a stage replays what is there already. */
import type { Fix, Problem } from '../errors.ts';
import { languageName } from './iso639.ts';
import type { Places } from './places.ts';
import { isKnown } from './repair.ts';
import type { ParsedExperiment } from './schema.ts';

type Path = readonly PropertyKey[];

const takeOut: Omit<Fix, 'path'> = {};

export function stagesIn({ languages, stages }: ParsedExperiment, places: Places, left: readonly Path[]): Problem[] {
  if (!stages) return [];
  const problems: Problem[] = [];
  const fault = (path: Path, why: string, cure: string, fix?: Omit<Fix, 'path'>) => {
    if (![['languages'], ['stages']].every((read) => isKnown(read, left))) return;
    const tried = `read the key ${path.map(String).join('.')}`;
    const cured = fix ? { fix: { path: path as Fix['path'], ...fix } } : {};
    problems.push({ code: 'config.rule', tried, why, cure, place: places.value(path), ...cured });
  };
  const fresh = Object.keys(languages).filter((code) => languages[code].role === 'new');
  const there = Object.keys(languages).filter((code) => languages[code].role === 'existing');
  const added = new Map<string, number>();
  for (const [n, { add, replay }] of stages.entries()) {
    for (const [i, code] of (replay.languages ?? []).entries()) {
      if (there.includes(code)) continue;
      const why = `${named(code)} is neither existing nor added by an earlier stage.`;
      fault(
        ['stages', n, 'replay', 'languages', i],
        why,
        there.length > 0 ? `Allowed: ${there.join(', ')}.` : 'Remove it.',
        takeOut,
      );
    }
    for (const [i, code] of add.entries()) {
      const path = ['stages', n, 'add', i];
      const before = added.get(code);
      if (before !== undefined) fault(path, `stage ${before + 1} has added ${named(code)}.`, 'List it once.', takeOut);
      else if (!Object.hasOwn(languages, code))
        fault(path, `${named(code)} is not under languages.`, `Allowed: ${fresh.join(', ')}.`, takeOut);
      else if (!fresh.includes(code))
        fault(path, `${named(code)} is existing: the base knows it.`, 'Remove it, or give it the role new.', takeOut);
      added.set(code, n);
    }
    there.push(...add);
  }
  const missing = fresh.filter((code) => !added.has(code));
  if (missing.length > 0)
    fault(['stages'], `no stage adds ${missing.map(named).join(', ')}.`, 'Add it in one, or leave the language out.');
  return problems;
}

function named(code: string): string {
  const name = languageName(code);
  return name ? `${code} (${name})` : code;
}
