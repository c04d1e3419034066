/** @file Figures and hostile names as text. It must not know VS Code. */

/** What translates: `vscode.l10n`, or nothing at all in a test. */
export interface L10n {
  t(message: string, ...args: (string | number | boolean)[]): string;
}

/** A name from a file as one line of a label: nothing in it is interpreted there. */
export function oneLine(text: string, longest = 200): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

/** The same for a list of choices, where `$(name)` would be drawn as an icon. */
export const pickable = (text: string, longest?: number): string => oneLine(text, longest).replace(/\$\(/g, '\\$(');

/** The same where VS Code would make a link, or a command, of `[words](address)`: in messages, titles and prompts. */
export const unlinked = (text: string): string => text.replace(/\]\(/g, ']\u200b(');

/** `42 s`, `12 min`, `3.4 h`. */
export function duration(seconds: number, language = 'en'): string {
  const number = (value: number, digits: number) =>
    value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (seconds < 59.5) return `${number(seconds, seconds < 9.95 ? 1 : 0)} s`;
  if (seconds < 3570) return `${number(seconds / 60, 0)} min`;
  return `${number(seconds / 3600, seconds < 36_000 ? 1 : 0)} h`;
}

/** `1:23` or `1:02:03`: a place in a recording. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const pad = (value: number) => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** `94.4 M`. */
export function million(count: number, language = 'en'): string {
  return `${(count / 1e6).toLocaleString(language, { maximumFractionDigits: count < 1e7 ? 2 : 1 })} M`;
}

/** `owner/name`, also out of the address of its page. */
export function hubId(text: string): string | undefined {
  const plain = text.trim().replace(/^https?:\/\/[^/]+\//, '');
  const match = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:\/.*)?$/.exec(plain);
  return match?.[1];
}

/** Markdown in which every character stands for itself. */
export const plain = (text: string): string =>
  oneLine(text, 2000).replace(/[!-/:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);

/** A code span, also within a table: no markup, no link, no HTML in it is read. */
export function code(text: string): string {
  const line = oneLine(text, 2000);
  if (line === '') return ' ';
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const gap = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${gap}${line.replace(/\|/g, '\\|')}${gap}${fence}`;
}

export const table = (head: readonly string[], rows: readonly (readonly string[])[], right: readonly number[] = []) =>
  [head, head.map((_, column) => (right.includes(column) ? '--:' : '---')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** What can be used stands before what cannot, otherwise in their order. */
export const usableFirst = <Device extends { usable: boolean }>(devices: readonly Device[]): Device[] => [
  ...devices.filter(({ usable }) => usable),
  ...devices.filter(({ usable }) => !usable),
];
