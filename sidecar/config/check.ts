/**
 * @file Plain values against the schema: every fault of the values at once.
 * It must not know YAML or the file system.
 */
import type { Problem } from '../errors.ts';
import { across } from './across.ts';
import { describeKeys, experimentKeys } from './describe.ts';
import type { Places } from './places.ts';
import { repair } from './repair.ts';
import { experimentSchema, type ParsedExperiment } from './schema.ts';
import { codeProblem, fromIssue } from './schema-faults.ts';

function codesIn(raw: Record<string, unknown>, places: Places): Problem[] {
  const { languages } = raw;
  if (languages === null || typeof languages !== 'object' || Array.isArray(languages)) return [];
  return Object.keys(languages).flatMap((code) => codeProblem(code, ['languages', code], 'key', places));
}

/** An empty section (`training:` and nothing below) is one with its defaults; an absent list is no list. */
function withoutEmpty(raw: Record<string, unknown>): Record<string, unknown> {
  const copy = { ...raw };
  for (const row of describeKeys()) {
    const parts = row.path.split('.');
    if (row.type !== 'section' || row.required || row.path.includes('<')) continue;
    if (parts.length === 1 && copy[parts[0]] === null) delete copy[parts[0]];
    const parent = copy[parts[0]];
    if (
      parts.length === 2 &&
      parent !== null &&
      typeof parent === 'object' &&
      (parent as Record<string, unknown>)[parts[1]] === null
    ) {
      const { [parts[1]]: _, ...rest } = parent as Record<string, unknown>;
      copy[parts[0]] = rest;
    }
  }
  return copy;
}

/**
 * Every fault of the values at once. `parsed` only where there is none; `repaired` is what can still be looked at, with
 * `UNKNOWN` for what cannot.
 */
export function check(
  raw: Record<string, unknown>,
  places: Places,
): { parsed?: ParsedExperiment; repaired?: ParsedExperiment; problems: Problem[] } {
  const whole = withoutEmpty(raw);
  const result = experimentSchema.safeParse(whole);
  const problems = codesIn(raw, places);
  if (!result.success)
    problems.push(...result.error.issues.flatMap((issue) => fromIssue(issue, raw, places, experimentKeys)));
  const checked = result.success ? { parsed: result.data, left: [] } : repair(whole);
  if (checked) problems.push(...across(checked, places));
  return { parsed: problems.length === 0 ? checked?.parsed : undefined, repaired: checked?.parsed, problems };
}
