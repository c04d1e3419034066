/**
 * @file `--set key=value` laid over the values of a file, each with a place of its own in the messages.
 * It must not know which keys exist: the schema checks the result as if it had stood in the file.
 */
import type { Place, Problem } from '../errors.ts';
import { readValue, type Source, setOwn } from './document.ts';
import type { Places } from './places.ts';

export const overrideFile = '--set';

/** The keys before the `=` and where that stands; undefined where the text has another form. */
export function splitOverride(text: string): { keys: string[]; equals: number } | undefined {
  const equals = text.indexOf('=');
  const keys = text
    .slice(0, Math.max(0, equals))
    .split('.')
    .map((key) => key.trim());
  return equals < 1 || keys.some((key) => key === '') ? undefined : { keys, equals };
}

/** Changes `source` in place. The value is YAML: `300`, `[q, v]`, `"text"`. */
export function applyOverrides(source: Source, overrides: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  for (const text of overrides) {
    const at = (offset: number): Place => ({ file: overrideFile, line: 1, column: Math.max(1, offset + 1) });
    const fault = (offset: number, why: string, cure: string) =>
      problems.push({
        code: 'config.override',
        tried: `apply --set ${text.slice(0, 80)}`,
        why,
        cure,
        place: at(offset),
      });
    const split = splitOverride(text);
    if (!split) {
      fault(0, 'it does not have the form key=value.', 'Write it as --set training.steps=300.');
      continue;
    }
    const { keys, equals } = split;
    const read = readValue(text.slice(equals + 1), overrideFile, (offset) => at(equals + 1 + offset));
    if (read.problems.length > 0) {
      problems.push(...read.problems.map((problem) => ({ ...problem, tried: `apply --set ${text.slice(0, 80)}` })));
      continue;
    }
    const wrong = lay((source.value ??= {}), source.places, keys, read.value, at(0), at(equals + 1));
    if (wrong) fault(0, wrong.why, wrong.cure);
  }
  return problems;
}

/**
 * Puts a value where a path of keys leads, sections made on the way; `undefined` removes what stands there. A number among
 * the keys is a place in a list that is there.
 * @param at of the key and of the value, for whoever complains of them
 */
export function lay(
  root: Record<string, unknown>,
  places: Places,
  keys: readonly string[],
  value: unknown,
  atKey: Place,
  atValue = atKey,
): { why: string; cure: string } | undefined {
  let target = root;
  for (const [depth, key] of keys.slice(0, -1).entries()) {
    const path = keys.slice(0, depth + 1);
    if (!Object.hasOwn(target, key) || target[key] === null) {
      setOwn(target, key, {});
      places.add(path, atKey, atKey);
    }
    const next: unknown = target[key];
    const listed = Array.isArray(next) && Object.hasOwn(next, keys[depth + 1]);
    if (typeof next !== 'object' || next === null || (Array.isArray(next) && !listed))
      return {
        why: `${path.join('.')} is not a section.`,
        cure: 'Name a key inside a section, or set the whole value.',
      };
    target = next as Record<string, unknown>;
  }
  const last = keys[keys.length - 1];
  if (value === undefined) delete target[last];
  else setOwn(target, last, value);
  places.add(keys, atKey, atValue);
  mark(value, keys, places, atValue);
  return undefined;
}

function mark(value: unknown, path: readonly string[], places: Places, place: Place): void {
  if (value === null || typeof value !== 'object') return;
  for (const [key, child] of Object.entries(value)) {
    places.add([...path, key], place, place);
    mark(child, [...path, key], places, place);
  }
}
