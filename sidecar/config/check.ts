/**
 * @file Plain values against the schema: each fault told with what is allowed, then the rules that span several keys.
 * It must not know YAML or the file system.
 */
import type * as z from 'zod';
import type { Fix, Problem } from '../errors.ts';
import { allowed, describeKeys, experimentKeys, type KeyInfo, type KeyTable } from './describe.ts';
import { byLanguage } from './experiment.ts';
import { isLanguageCode, languageName, suggestCodes } from './iso639.ts';
import { nearest } from './nearest.ts';
import type { Places } from './places.ts';
import { isKnown, type Repaired, repair } from './repair.ts';
import { rivalsIn } from './rivals.ts';
import { experimentSchema, type ParsedExperiment } from './schema.ts';
import { stagesIn } from './stages.ts';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** The key or item goes. */
const takeOut: Omit<Fix, 'path'> = {};

const dotted = (path: Path) => path.map(String).join('.');

function shown(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : typeof value === 'number'
        ? String(value)
        : (JSON.stringify(value) ?? 'nothing');
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function unknownKey(parent: Path, key: string, places: Places, keys: KeyTable): Problem {
  const here = keys.under(parent);
  const near = nearest(key, here);
  const others = near ? [] : keys.rows().filter((row) => row.path.endsWith(`.${key}`));
  // Before one of a person's own names or of a list.
  const elsewhere = others.find(({ path }) => !path.includes('<')) ?? others[0];
  const meant = near
    ? `Did you mean ${dotted([...parent, near])}? `
    : elsewhere
      ? `Did you mean ${elsewhere.path}? `
      : '';
  return {
    code: 'config.unknown-key',
    tried: `read the key ${dotted([...parent, key])}`,
    why: 'there is no such key.',
    cure: `${meant}Allowed ${parent.length ? 'here' : 'at the top'}: ${here.join(', ')}.`,
    place: places.key([...parent, key]),
    fix: { path: [...parent, key] as Fix['path'] },
  };
}

/** A number where a text belongs is put in quotes; what is no such word is what it would be if it were left out. */
function fixOf(
  path: Path,
  value: unknown,
  info: KeyInfo | undefined,
  quoted: boolean,
  near?: string,
): Pick<Problem, 'fix'> {
  const at = { path: path as Fix['path'] };
  if (near !== undefined) return { fix: { ...at, write: near } };
  if (quoted && value !== null) return { fix: { ...at, write: JSON.stringify(String(value)) } };
  if (!info) return { fix: at };
  return info.writable && !info.required ? { fix: { ...at, write: info.default } } : {};
}

/** A fault that the schema found, in words, with what is allowed there. */
export function fromIssue(issue: Issue, raw: unknown, places: Places, keys: KeyTable): Problem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(issue.path, key, places, keys));
  const { path } = issue;
  const info = keys.info(path);
  const value = valueAt(raw, path);
  const say = info ? `Allowed: ${allowed(info)}.` : 'Remove it.';
  if (value === undefined) {
    return [
      {
        code: 'config.missing-key',
        tried: `read the key ${dotted(path)}`,
        why: 'it is missing and has no default.',
        cure: info ? `Write it: ${info.meaning} ${say}` : say,
        place: places.key(path),
        fix: { path: path as Fix['path'], ...(path.at(-1) === 'role' ? { write: 'new' } : {}) },
      },
    ];
  }
  const near = typeof value === 'string' && info ? nearest(value, info.values) : undefined;
  const quote = info?.type === 'text' && typeof value !== 'object' ? ' Put it in quotes to make it text.' : '';
  return [
    {
      code: 'config.wrong-value',
      tried: `read the key ${dotted(path)}`,
      why: `${shown(value)} is not allowed.`,
      cure: `${near ? `Did you mean ${near}? ` : ''}${say}${quote}`,
      place: places.value(path),
      ...fixOf(path, value, info, quote !== '', near),
    },
  ];
}

/** The code of one language, wherever codes are written. */
export function codeProblem(code: string, path: Path, where: 'key' | 'value', places: Places): Problem[] {
  if (isLanguageCode(code)) return [];
  const meant = suggestCodes(code).map((found) => `${found.code} (${found.name})`);
  return [
    {
      code: 'config.language-code',
      tried: `read the language ${shown(code)}`,
      why: 'it is not an ISO 639-3 code.',
      cure: meant.length
        ? `Write ${meant.join(' or ')}.`
        : 'Write the three letters of the language, as eng, cmn or yor; iso639-3.sil.org lists them all.',
      place: places[where](path),
    },
  ];
}

function codesIn(raw: Record<string, unknown>, places: Places): Problem[] {
  const { languages } = raw;
  if (languages === null || typeof languages !== 'object' || Array.isArray(languages)) return [];
  return Object.keys(languages).flatMap((code) => codeProblem(code, ['languages', code], 'key', places));
}

/** Rules that no single key can state. A rule that reads a value which is not known is left unsaid. */
function across({ parsed: experiment, left }: Repaired, places: Places): Problem[] {
  const problems: Problem[] = [];
  const known = (...paths: Path[]) => paths.every((path) => isKnown(path, left));
  const fault = (path: Path, why: string, cure: string, reads: Path[] = [], fix?: Omit<Fix, 'path'>) => {
    if (!known(path, ...reads)) return;
    problems.push({
      code: 'config.rule',
      tried: `read the key ${dotted(path)}`,
      why,
      cure,
      place: places.value(path),
      ...(fix ? { fix: { path: path as Fix['path'], ...fix } } : {}),
    });
  };
  const { languages, replay, adapter, audio, units } = experiment;
  const codes = Object.keys(languages);
  const existing = codes.filter((code) => languages[code].role === 'existing');

  if (codes.length === 0)
    fault(['languages'], 'no language is listed.', 'List at least one, under its ISO 639-3 code.');

  const listed = (list: readonly string[], path: Path, among: readonly string[], kind: string) => {
    for (const [index, code] of list.entries()) {
      const at = [...path, index];
      if (among.includes(code)) continue;
      if (!known(path)) continue;
      const wrong = codes.includes(code) ? [] : codeProblem(code, at, 'value', places);
      if (wrong.length) problems.push(...wrong);
      else {
        const is = codes.includes(code)
          ? `${code} is a new language here`
          : `${code} (${languageName(code)}) is not under languages`;
        const cure = among.length ? `Allowed: ${among.join(', ')}.` : `No language here is ${kind}.`;
        fault(at, `${is}.`, cure, [['languages']], takeOut);
      }
    }
  };
  if (replay.languages) listed(replay.languages, ['replay', 'languages'], existing, 'existing');
  if (Array.isArray(units.fitOn)) listed(units.fitOn, ['units', 'fitOn'], codes, 'listed');
  else if (units.fitOn !== 'all' && !codes.some((code) => languages[code].role === units.fitOn)) {
    const cure = 'Write all, or give a language that role.';
    fault(['units', 'fitOn'], `no language has the role ${units.fitOn}.`, cure, [['languages']], { write: 'all' });
  }

  const fraction = ['replay', 'fraction'];
  const nothing = existing.length === 0 || replay.languages?.length === 0;
  // With stages there is something to replay from the second on.
  if (replay.fraction > 0 && places.has(fraction) && nothing && !experiment.stages) {
    fault(
      fraction,
      `${replay.fraction} of the audio is to be replayed and no existing language is there to replay.`,
      'Give a language the role existing, or write 0.',
      [['languages'], ['replay', 'languages']],
      { write: '0' },
    );
  }

  problems.push(...stagesIn(experiment, places, left));

  const targets = ['adapter', 'targets'];
  if (adapter.kind !== 'none') {
    if (adapter.targets.length === 0) {
      const cure = 'Name at least one of q, k, v, o, fc1, fc2, or write adapter.kind: none.';
      fault(targets, 'the list is empty.', cure, [], { write: '[fc1, fc2]' });
    }
    for (const [index, target] of adapter.targets.entries()) {
      if (adapter.targets.indexOf(target) < index)
        fault([...targets, index], `${target} is listed twice.`, 'List it once.', [], takeOut);
    }
  }
  if (adapter.kind === 'lora-mixture' && adapter.router.kind === 'top-k') {
    const fewest = Math.min(...[adapter.experts].flat());
    if (adapter.router.k > fewest) {
      const path = ['adapter', 'router', 'k'];
      fault(
        path,
        `${adapter.router.k} experts are to be kept of ${fewest}.`,
        `Write ${fewest} or less, or more experts.`,
        [['adapter']],
        { write: String(fewest) },
      );
    }
  }

  const groups = byLanguage(experiment);
  if (groups) {
    const written = [adapter.experts].flat();
    const reads: Path[] = [['adapter'], ['languages']];
    if (places.has(['adapter', 'experts']) && written.some((count) => count !== groups.length)) {
      const whose = groups.map((codes) => codes.join('+')).join(', ');
      const why = `adapter.router.kind is language, which makes ${groups.length} experts: ${whose}.`;
      fault(['adapter', 'experts'], why, `Write ${groups.length}, or leave it out.`, reads);
    }
    for (const key of ['balance', 'zLoss'] as const)
      if (adapter.router[key] > 0) {
        const why = 'experts go by language: there is no router to punish.';
        fault(['adapter', 'router', key], why, 'Write 0, or another adapter.router.kind.', reads);
      }
  }

  for (const [code, { data, ...spec }] of Object.entries(languages)) {
    const sources = Array.isArray(data) ? data.length : 1;
    for (const key of ['layout', 'text', 'licence'] as const) {
      const listed = spec[key];
      if (!Array.isArray(listed) || listed.length === sources) continue;
      fault(
        ['languages', code, key],
        `it lists ${listed.length} and data lists ${sources}.`,
        `Write one ${key} for each of data, or a single one.`,
        [['languages', code, 'data']],
      );
    }
  }

  if (experiment.training.l2ToStart > 0 && adapter.kind !== 'full') {
    const why = `adapter.kind is ${adapter.kind}: the base itself does not move.`;
    fault(['training', 'l2ToStart'], why, 'Write 0, or adapter.kind: full.', [['adapter', 'kind']], { write: '0' });
  }
  problems.push(...rivalsIn(experiment, places, left));
  const { compute, device } = experiment;
  if (compute === 'int8' && device !== 'auto' && device !== 'cpu') {
    const why = `products in 8 bits are for the CPU, and device is ${device}.`;
    fault(['compute'], why, 'Write float32, or auto, or device: cpu.', [['device']], { write: 'float32' });
  }
  if (audio.minSeconds >= audio.maxSeconds) {
    fault(
      ['audio', 'minSeconds'],
      `${audio.minSeconds} s is not below maxSeconds, ${audio.maxSeconds} s.`,
      'Lower it.',
      [['audio', 'maxSeconds']],
      { write: String(Math.min(0.5, audio.maxSeconds / 2)) },
    );
  }
  if (audio.joinSeconds !== undefined && audio.joinSeconds > audio.maxSeconds) {
    const why = `${audio.joinSeconds} s is above maxSeconds, ${audio.maxSeconds} s.`;
    fault(['audio', 'joinSeconds'], why, 'Lower it.', [['audio', 'maxSeconds']], {
      write: String(audio.maxSeconds),
    });
  }
  return problems;
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
