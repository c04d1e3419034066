/**
 * @file Annotations of a recording as a file: a table, Praat's TextGrid, ELAN's EAF. Texts are a stranger's: each format's own
 * escapes are made, and no control character gets into any of them. Pure.
 */
import type { Stretch } from './annotations.ts';

export const annotationFormats = ['tsv', 'textgrid', 'eaf'] as const;
export type AnnotationFormat = (typeof annotationFormats)[number];

export interface WrittenTier {
  name: string;
  /** In order of time; `confidence` is 0 … 1. */
  stretches: readonly (Stretch & { confidence?: number })[];
}

interface Annotated {
  /** As the annotations name it: no path. */
  recording: string;
  seconds: number;
  tiers: readonly WrittenTier[];
}

/** Also what XML 1.0 cannot hold, and halves of surrogate pairs. */
const clean = (text: string) =>
  text
    .replace(/\s+/gu, ' ')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
    .replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/gu, '')
    .replace(/[\ud800-\udfff]/gu, '\ufffd')
    .trim();

/** @param confidence what the column is called */
export function annotationFile(
  format: AnnotationFormat,
  annotated: readonly Annotated[],
  confidence = 'confidence',
): string {
  if (format === 'tsv') return table(annotated, confidence);
  const [one] = annotated;
  if (annotated.length !== 1) throw new Error(`internal: ${annotated.length} recordings in one ${format}`);
  return format === 'eaf' ? elan(one) : textGrid(one);
}

function table(annotated: readonly Annotated[], sure: string): string {
  const rows = annotated.flatMap(({ recording, tiers }) =>
    tiers.flatMap(({ name, stretches }) =>
      stretches.map(({ startSeconds, endSeconds, text, confidence }) => [
        clean(recording),
        clean(name),
        startSeconds.toFixed(3),
        endSeconds.toFixed(3),
        confidence === undefined ? '' : confidence.toFixed(3),
        clean(text),
      ]),
    ),
  );
  return [['recording', 'tier', 'start', 'end', sure, 'text'], ...rows].map((row) => `${row.join('\t')}\n`).join('');
}

/** Stretches that do not overlap and leave no gap, as an interval tier must have them. */
function tiled(stretches: readonly Stretch[], seconds: number): Stretch[] {
  const all: Stretch[] = [];
  let at = 0;
  for (const { startSeconds, endSeconds, text } of stretches) {
    const [start, end] = [Math.max(at, startSeconds), Math.min(seconds, endSeconds)];
    if (end <= start) continue;
    if (start > at) all.push({ startSeconds: at, endSeconds: start, text: '' });
    all.push({ startSeconds: start, endSeconds: end, text });
    at = end;
  }
  if (at < seconds || all.length === 0) all.push({ startSeconds: at, endSeconds: seconds, text: '' });
  return all;
}

/** Praat's long text format; a quote inside a label is doubled. */
function textGrid({ seconds, tiers }: Annotated): string {
  const label = (text: string) => `"${clean(text).replaceAll('"', '""')}"`;
  const lines = [
    'File type = "ooTextFile"',
    'Object class = "TextGrid"',
    '',
    'xmin = 0',
    `xmax = ${seconds}`,
    'tiers? <exists>',
  ];
  lines.push(`size = ${tiers.length}`, 'item []:');
  tiers.forEach(({ name, stretches }, i) => {
    const intervals = tiled(stretches, seconds);
    lines.push(`    item [${i + 1}]:`, '        class = "IntervalTier"', `        name = ${label(name)}`);
    lines.push('        xmin = 0', `        xmax = ${seconds}`, `        intervals: size = ${intervals.length}`);
    intervals.forEach(({ startSeconds, endSeconds, text }, j) => {
      lines.push(`        intervals [${j + 1}]:`, `            xmin = ${startSeconds}`);
      lines.push(`            xmax = ${endSeconds}`, `            text = ${label(text)}`);
    });
  });
  return `${lines.join('\n')}\n`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const escaped = (text: string) => clean(text).replace(/[&<>"']/g, (c) => entities[c]);

/** ELAN annotation format 3.0: time slots in milliseconds, alignable annotations. */
function elan({ recording, tiers }: Annotated): string {
  const ends = tiers.flatMap(({ stretches }) => stretches.flatMap((one) => [one.startSeconds, one.endSeconds]));
  const times = [...new Set(ends.map((seconds) => Math.round(1000 * seconds)))].sort((a, b) => a - b);
  const numbers = new Map(times.map((time, i) => [time, i + 1]));
  const slot = (seconds: number) => `ts${numbers.get(Math.round(1000 * seconds))}`;
  const slots = times.map((time, i) => `        <TIME_SLOT TIME_SLOT_ID="ts${i + 1}" TIME_VALUE="${time}"/>`);
  let annotations = 0;
  const blocks = tiers.map(({ name, stretches }) => {
    const rows = stretches.map(({ startSeconds, endSeconds, text }) => {
      const refs = `TIME_SLOT_REF1="${slot(startSeconds)}" TIME_SLOT_REF2="${slot(endSeconds)}"`;
      const id = `ANNOTATION_ID="a${++annotations}"`;
      return `        <ANNOTATION><ALIGNABLE_ANNOTATION ${id} ${refs}><ANNOTATION_VALUE>${escaped(text)}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>`;
    });
    return [`    <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="${escaped(name)}">`, ...rows, '    </TIER>'].join(
      '\n',
    );
  });
  const media = escaped(encodeURI(clean(recording)));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<ANNOTATION_DOCUMENT AUTHOR="" DATE="1970-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">',
    '    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">',
    `        <MEDIA_DESCRIPTOR MEDIA_URL="./${media}" MIME_TYPE="audio/*" RELATIVE_MEDIA_URL="./${media}"/>`,
    '    </HEADER>',
    '    <TIME_ORDER>',
    ...slots,
    '    </TIME_ORDER>',
    ...blocks,
    '    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>',
    '</ANNOTATION_DOCUMENT>',
    '',
  ].join('\n');
}
