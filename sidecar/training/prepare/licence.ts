/**
 * @file The licence of a data set as somebody noted it: in the experiment or the list of datasets, or in a file that lies
 * with the recordings. What is found is quoted, with where it stands; nothing is concluded from it.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cardOf, licenceOf as inCard } from '../../config/card.ts';
import { parseJson } from '../../json.ts';
import { readSmallFile } from '../../model/checkpoint/tensor-file.ts';

export interface NotedLicence {
  licence?: string;
  /** Name of the file, or `experiment` where it was named there or in the list of datasets. */
  from?: string;
}

const LARGEST_BYTES = 4 << 20;
const LONGEST = 200;

/** @param root folder or manifest of the data @param named by a person; believed before any file */
export function licenceOf(root: string, named?: string): NotedLicence {
  if (named) return { licence: shortened(named), from: 'experiment' };
  const folder = statSync(root, { throwIfNoEntry: false })?.isFile() ? dirname(root) : root;
  for (const [pattern, read] of readers)
    for (const name of namesIn(folder).filter((one) => pattern.test(one))) {
      const text = textOf(join(folder, name));
      const licence = text === undefined ? undefined : read(text);
      if (licence) return { licence: shortened(licence), from: name };
    }
  return {};
}

/** In the order in which they are believed: what is meant for machines first. */
const readers: readonly (readonly [RegExp, (text: string) => string | undefined])[] = [
  [/^readme\.md$/i, (text) => cardOf(text).licence],
  [/^(dataset_infos?|datapackage|metadata|croissant)\.json$/i, inJson],
  [/^(licen[cs]e|copying)(\.(txt|md|rst))?$/i, titleOf],
  [/^readme(\.(txt|md|rst))?$/i, inLine],
];

const shortened = (text: string) => [...text.replace(/\s+/gu, ' ').trim()].slice(0, LONGEST).join('');

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Undefined where it is no small file that can be read: the recordings are used all the same. */
function textOf(path: string): string | undefined {
  try {
    return existsSync(path) ? readSmallFile(path, LARGEST_BYTES).toString('utf8') : undefined;
  } catch {
    return undefined;
  }
}

/** `license` or `licenses` of the file itself, or of all that it describes where they agree. */
function inJson(text: string): string | undefined {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return undefined;
  }
  const own = ofRecord(value);
  if (own || typeof value !== 'object' || value === null) return own;
  const inner = new Set(Object.values(value).flatMap((one) => ofRecord(one) ?? []));
  return inner.size > 0 ? [...inner].join(', ') : undefined;
}

function ofRecord(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { license, licence, licenses } = value as Record<string, unknown>;
  const named = (one: unknown): unknown =>
    typeof one === 'object' && one !== null
      ? ((one as { name?: unknown }).name ?? (one as { path?: unknown }).path)
      : one;
  const words = [license ?? licence ?? licenses].flat().map(named);
  return inCard({ license: words });
}

/** Its first line but for who has the copyright; its second too where the first alone is the title of many. */
function titleOf(text: string): string | undefined {
  const spdx = /SPDX-License-Identifier:\s*(\S.*)/.exec(text)?.[1];
  if (spdx) return spdx;
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.replace(/^[\s#=*_-]+|[\s#=*_-]+$/gu, ''))
    .filter((line) => /\p{L}/u.test(line) && !/^(copyright|©|\(c\))/i.test(line));
  return /^creative commons legal code$/i.test(lines[0] ?? '') ? lines.slice(0, 2).join(': ') : lines[0];
}

/** `License: CC BY 4.0`, as a line of its own or a bold word before it. */
function inLine(text: string): string | undefined {
  return /^[\s>*_-]*licen[cs]e[*_\s]*:[*_\s]*(\S.*?)[*_\s]*$/im.exec(text)?.[1];
}
