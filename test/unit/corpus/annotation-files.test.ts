import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chooseTiers, readTiers } from '../../../sidecar/corpus/annotations.ts';
import { annotationFile, type WrittenTier } from '../../../sidecar/corpus/index.ts';
import { scratch } from '../../support/scratch.ts';

const path = scratch();
const said = (startSeconds: number, endSeconds: number, text: string) => ({
  startSeconds,
  endSeconds,
  text,
  confidence: 0.5,
});
const tiers: WrittenTier[] = [
  { name: 'phrases', stretches: [said(0.052, 1.5, 'say "yes" & <b>no</b>'), said(2, 3.25, "ẹ̀yin l'ó")] },
  { name: 'words', stretches: [said(0.052, 0.5, 'say'), said(0.5, 1.5, '"yes"')] },
];
const hostile = 'a\u0000b\u001b[31m\u009b\tc\nd\ud800\ufffe</ANNOTATION_VALUE>]]>"';

describe('annotations that are written', () => {
  it.each([
    ['eaf', 'a.eaf'],
    ['textgrid', 'a.TextGrid'],
  ] as const)('as %s are read back as they were', (format, name) => {
    writeFileSync(path(name), annotationFile(format, [{ recording: 'a b.wav', seconds: 4, tiers }]));
    const read = readTiers(path(name))!;
    expect(read.map((tier) => tier.name)).toEqual(['phrases', 'words']);
    const own = read.map(({ stretches }) => stretches.filter(({ text }) => text !== ''));
    expect(own).toEqual(tiers.map(({ stretches }) => stretches.map(({ confidence: _, ...one }) => one)));
  });

  it.each([
    ['eaf', 'h.eaf'],
    ['textgrid', 'h.TextGrid'],
  ] as const)('as %s hold no control and nothing of a text that ends it', (format, name) => {
    const text = annotationFile(format, [
      { recording: '"><x y="\u001b.wav', seconds: 2, tiers: [{ name: hostile, stretches: [said(0, 1, hostile)] }] },
    ]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\ufffe]/);
    writeFileSync(path(name), text);
    const [tier, ...others] = readTiers(path(name))!;
    expect(others).toEqual([]);
    expect(tier.stretches[0].text).toBe('ab[31m c d\ufffd</ANNOTATION_VALUE>]]>"');
  });

  it('as a TextGrid tile the whole recording, without overlap, whatever the stretches are', () => {
    const stretches = [said(0.5, 1.2, 'a'), said(1, 1.1, 'inside'), said(1.1, 2.5, 'beyond')];
    writeFileSync(
      path('t.TextGrid'),
      annotationFile('textgrid', [{ recording: 'a', seconds: 2, tiers: [{ name: 'x', stretches }] }]),
    );
    const [tier] = readTiers(path('t.TextGrid'))!;
    expect(tier.stretches.map((one) => [one.startSeconds, one.endSeconds, one.text])).toEqual([
      [0, 0.5, ''],
      [0.5, 1.2, 'a'],
      [1.2, 2, 'beyond'],
    ]);
  });

  it('as EAF name their time slots in order of time', () => {
    const text = annotationFile('eaf', [{ recording: 'a', seconds: 4, tiers }]);
    const values = [...text.matchAll(/TIME_SLOT_ID="ts(\d+)" TIME_VALUE="(\d+)"/g)].map(([, id, value]) => [
      Number(id),
      Number(value),
    ]);
    expect(values).toEqual([52, 500, 1500, 2000, 3250].map((time, i) => [i + 1, time]));
  });

  it('as a table are a row each, a tab nowhere but between cells', () => {
    const rows = annotationFile('tsv', [
      { recording: 'a\tb', seconds: 2, tiers: [{ name: 'x', stretches: [said(0, 1, hostile)] }] },
    ]).split('\n');
    expect(rows).toHaveLength(3);
    expect(rows[1].split('\t').slice(0, 5)).toEqual(['a b', 'x', '0.000', '1.000', '0.500']);
    expect(rows[1].split('\t')).toHaveLength(6);
  });
});

it.each([
  ['eaf', 'far.eaf', '9000', '9e999'],
  ['textgrid', 'far.TextGrid', '9', '9e999'],
  ['textgrid', 'farther.TextGrid', '9', '9e307'],
] as const)('a time beyond all recordings, in %s (%s), costs its own stretch', (format, name, end, beyond) => {
  const tier = { name: 'phrases', stretches: [said(0, 1, 'one'), said(2, 3, 'two'), said(4, 9, 'three')] };
  const text = annotationFile(format, [{ recording: 'a.wav', seconds: 10, tiers: [tier] }]);
  writeFileSync(path(name), text.replaceAll(new RegExp(`(?<![\\d.])${end}(?![\\d.])`, 'g'), beyond));
  const read = chooseTiers(readTiers(path(name))!);
  expect(read.flatMap(({ stretches }) => stretches.map(({ text }) => text))).toEqual(['one', 'two']);
});
