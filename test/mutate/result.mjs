/** @file What `npm run mutate` has told: result.md, a row a fault in the list's order, each with its day. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const path = join(import.meta.dirname, 'result.md');
const titles = '| fault | in | | by the test, or why not | on |';

/** By name: `{ name, path, verdict, detail, on }`. */
export function readRows() {
  const rows = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2, -2).split(' | '))
    .filter(([, source]) => source?.startsWith('sidecar/'))
    .map(([name, source, verdict, detail, on]) => ({ name, path: source, verdict, detail, on }));
  return new Map(rows.map((row) => [row.name, row]));
}

/** A row for a fault that was put in just now. */
export function row(name, source, verdict, detail) {
  return { name, path: source, verdict, detail: cell(detail), on: new Date().toISOString().slice(0, 10) };
}

/** @param names all there are, in order; rows of others are left out */
export function writeRows(rows, names) {
  const known = names.flatMap((name) => rows.get(cell(name)) ?? []);
  const count = (verdict) => known.filter((one) => one.verdict === verdict).length;
  const left = names.filter((name) => !rows.has(cell(name)));
  const open = known.filter(({ verdict }) => verdict === 'SURVIVED' || verdict === 'BROKEN');
  const notes = [
    ...open.map(({ name, verdict, detail }) => `- ${name}: ${verdict}. ${detail}`),
    ...left.map((name) => `- ${cell(name)}: not put in yet.`),
  ];
  const text = [
    '# The last run of `npm run mutate`',
    '',
    `${known.length} of ${names.length} faults put in one at a time: ${count('caught')} caught, ${count('cannot matter')} cannot matter, ${count('SURVIVED')} survived, ${count('BROKEN')} could not be run.`,
    '',
    titles,
    titles.replaceAll(/[^|]+/g, ' --- '),
    ...known.map((one) => `| ${one.name} | ${one.path} | ${one.verdict} | ${one.detail} | ${one.on} |`),
    ...(notes.length > 0 ? ['', '## Not in order', '', ...notes] : []),
    '',
  ];
  writeFileSync(path, text.join('\n'));
}

export const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 160).trim();
