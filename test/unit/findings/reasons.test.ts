import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { isKnownReason, sayFindingReason } from '../../../sidecar/protocol/finding-reasons.ts';
import { english } from '../../../sidecar/protocol/reason.ts';

const german = JSON.parse(readFileSync(resolve('extension/l10n/bundle.l10n.de.json'), 'utf8')) as Record<
  string,
  string
>;
const inGerman = (text: string, ...args: (string | number)[]) => english(german[text] ?? text, ...args);

/** Every sentence that these sources give as a reason or a note of a finding, with a name in each place. */
function reasonsIn(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  const literal = String.raw`('(?:[^'\\\n]|\\.)*'|\`(?:[^\`\\]|\\.)*\`)`;
  const places = [
    `reason: ${literal}`,
    `reason = ${literal}`,
    String.raw`undefinedFor\(\s*${literal}`,
    String.raw`notes\.push\(\s*${literal}`,
    `ALIKE = ${literal}`,
    `NO_INTERVAL = ${literal}`,
    String.raw`[?:] ${literal},?\n`,
    String.raw`stage === 0 \? ${literal} : ${literal}`,
  ];
  return places.flatMap((place) =>
    [...source.matchAll(new RegExp(place, 'g'))].flatMap((match) => match.slice(1)).map((text) => text.slice(1, -1)),
  );
}
const filled = (text: string) => text.replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, 'X');

it('every reason that findings give is told in German too', () => {
  const folder = resolve('sidecar/evaluation');
  const files = ['matrix.ts', 'interval.ts', 'representations.ts', 'characters-right.ts'].map((name) =>
    join(folder, name),
  );
  const all = files
    .flatMap(reasonsIn)
    .map(filled)
    .filter((text) => text.includes(' '));
  expect(all.length).toBeGreaterThan(12);
  expect(all.filter((text) => !isKnownReason(text))).toEqual([]);
  expect(readdirSync(folder)).toContain('matrix.ts');
});

it.each([
  ['fin was not measured after stage 2', 'fin wurde nach Stufe 2 nicht gemessen'],
  ['no run has trained vie alone to compare with', 'kein Lauf zum Vergleich hat vie allein gelernt'],
  [
    'no run has trained fin alone to compare with, and no stage came before this one',
    'kein Lauf zum Vergleich hat fin allein gelernt, und vor dieser Stufe kam keine',
  ],
  ['the run that learned fin alone has other units', 'der Lauf, der fin allein lernte, hat andere Einheiten'],
  [
    'eng has 0 transcribed utterances to train on and 3 held out.',
    'eng hat 0 transkribierte Äußerungen zum Trainieren und 3 zurückgehaltene.',
  ],
  [
    'Fewer than 8 speakers are held out of eng, cmn: they say little of other speakers.',
    'Von eng, cmn sind weniger als 8 Sprecher zurückgehalten: Sie sagen wenig über andere.',
  ],
  [
    'yor: 3 of 9 items have no frame, or no recording in /data.',
    'yor: 3 von 9 Einträgen haben keinen Rahmen oder keine Aufnahme in /data.',
  ],
])('%s', (reason, said) => {
  expect(sayFindingReason(reason, inGerman)).toBe(said);
  expect(sayFindingReason(reason, english)).toBe(reason);
});

it('a sentence that nobody knows stays as it is', () =>
  expect(sayFindingReason('something that an older version said', inGerman)).toBe(
    'something that an older version said',
  ));
