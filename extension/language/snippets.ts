/** @file What a completion writes: keys with what belongs below them, texts quoted where YAML needs it. */
import type { KeyInfo } from '../../sidecar/config/describe.ts';
import { type Grammar, type Path, rowOf } from './grammar.ts';

/** Text of a snippet in which nothing is a placeholder. */
export const literal = (text: string): string => text.replace(/[\\$}]/g, '\\$&');

const choice = (values: readonly string[]) => values.map((value) => value.replace(/[\\,|$}]/g, '\\$&')).join(',');

/** A text as it may stand for a value or key, in and out of braces. */
export function yamlText(text: string): string {
  const safe =
    /^[\p{L}\p{N}_./~-][^\p{Cc}#,[\]{}"'&*!|>%@`]*$/u.test(text) && !/:(\s|$)|^\s|\s$|^-(\s|$)|^---|^~$/.test(text);
  const word = /^(true|false|null|yes|no|on|off|[-+.\d][\d._eExXoO+-]*|\.nan|[-+]?\.inf)$/i.test(text);
  return safe && !word ? text : JSON.stringify(text);
}

/** The value of a key with its tab stop. */
export function valueSnippet(row: KeyInfo, stop: number): string {
  if (row.values.length > 0 && row.values.length <= 12 && !/list/.test(row.type))
    return `\${${stop}|${choice(row.values)}|}`;
  return row.writable ? `\${${stop}:${literal(row.default)}}` : `$${stop}`;
}

/** The keys that must stand in a section, as `role: …, data: …`. */
function required(grammar: Grammar, path: Path, first: number): string[] {
  let stop = first;
  return grammar.keys.under(path).flatMap((key) => {
    const row = rowOf(grammar, [...path, key]);
    return row?.required && row.type !== 'section' ? [`${key}: ${valueSnippet(row, stop++)}`] : [];
  });
}

/** What an entry needs, in braces: `{ role: …, data: … }`. */
export const bodySnippet = (grammar: Grammar, section: Path, stop = 1): string =>
  `{ ${required(grammar, [...section, 'name'], stop).join(', ')} }`;

/** A person's own key with what its entry needs, on one line; the name is asked for where none is given. */
export const entrySnippet = (grammar: Grammar, section: Path, name?: string): string =>
  name === undefined
    ? `\${1:name}: ${bodySnippet(grammar, section, 2)}`
    : `${literal(name)}: ${bodySnippet(grammar, section)}`;

/** A key of the schema, with its value or what stands below it. */
export function keySnippet(grammar: Grammar, path: Path, flow: boolean): string {
  const key = String(path.at(-1));
  const row = rowOf(grammar, path);
  if (row?.type !== 'section') return `${key}: ${row ? valueSnippet(row, 1) : '$1'}`;
  if (grammar.named(path)) return flow ? `${key}: { $0 }` : `${key}:\n  $0`;
  const below = required(grammar, path, 1);
  if (flow) return `${key}: { ${below.join(', ') || '$0'} }`;
  return `${key}:\n  ${below.join('\n  ') || '$0'}`;
}
