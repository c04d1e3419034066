/** @file A fault that the schema found, in words: what was read, what is allowed there, and what cures it. */
import type * as z from 'zod';
import type { Fix, Problem } from '../errors.ts';
import { allowed, type KeyInfo, type KeyTable } from './describe.ts';
import { isLanguageCode, suggestCodes } from './iso639.ts';
import { nearest } from './nearest.ts';
import type { Places } from './places.ts';

export type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

export const dotted = (path: Path) => path.map(String).join('.');

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
