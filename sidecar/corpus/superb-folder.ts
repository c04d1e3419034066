/**
 * @file ML-SUPERB's folder as it is shipped, `<corpus>/<iso>/` with transcripts by amount of training speech: which sets it
 * has, what they name, and all that is wrong with them, found before a recording is decoded.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Place, type Problem, UserError } from '../errors.ts';
import { openFolder, resolveInside } from './paths.ts';
import { at, lineError, readLines, splitFirst } from './tables.ts';
import { tidy } from './tabular.ts';
import type { Utterance } from './types.ts';

export const superbTimes = ['10min', '1h'] as const;
export type SuperbTime = (typeof superbTimes)[number];

/** The corpora that ML-SUPERB draws from; a folder of one's own may have others. */
export const superbCorpora = [
  'ALFFA',
  'LAD',
  'M-AILABS',
  'NST',
  'commonvoice',
  'fleurs',
  'googlei18n_asr',
  'googlei18n_tts',
  'mls',
  'nchlt',
  'swc',
  'voxforge',
  'mexico-el',
  'voxpopuli',
] as const;

export interface SuperbSet {
  corpus: string;
  /** As the folder is called: it stands in tags. ML-SUPERB has one that is no code, `org_jpn`. */
  iso: string;
  path: string;
}

/** A line or a file that cannot be used. */
export interface SuperbFault {
  kind: 'line' | 'no-text' | 'duplicate' | 'missing' | 'outside' | 'unheard' | 'file' | 'empty-side';
  set: string;
  place: Place;
  why: string;
}

export interface SuperbUtterance extends Utterance {
  split: 'train' | 'dev' | 'test';
  text: string;
  /** White space between phones, where the set has `phones.txt`. */
  phones?: string;
  /** Where it was named. */
  place: Place;
}

const transcripts = (time: SuperbTime) => ({
  train: `transcript_${time}_train.txt`,
  dev: 'transcript_10min_dev.txt',
  test: 'transcript_10min_test.txt',
});
const SIDES = ['train', 'dev', 'test'] as const;
const PHONES = 'phones.txt';
/** What may stand in a tag, `[iso]`. */
const safeCode = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;
const safeCorpus = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{0,63}$/u;

export const setName = ({ corpus, iso }: SuperbSet) => `${corpus}/${iso}`;

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
const foldersIn = (path: string) =>
  readdirSync(path)
    .filter((name) => !name.startsWith('.') && isFolder(join(path, name)))
    .sort((a, b) => (a < b ? -1 : 1));
const hasTranscripts = (path: string) => readdirSync(path).some((name) => /^transcript_.*\.txt$/.test(name));

/** Every set of the folder, in order of names. @throws UserError where there is none */
export function superbSets(root: string): SuperbSet[] {
  const { path: folder, only } = openFolder(root);
  const found = only
    ? []
    : foldersIn(folder).flatMap((corpus) =>
        foldersIn(join(folder, corpus)).map((iso) => ({ corpus, iso, path: join(folder, corpus, iso) })),
      );
  const sets = found.filter(({ path }) => hasTranscripts(path));
  if (sets.length === 0)
    throw new UserError({
      code: 'superb.no-sets',
      tried: `read ${resolve(root)} as ML-SUPERB's folder`,
      why: 'no folder <corpus>/<iso>/ in it has a file transcript_….txt.',
      cure: 'Name the folder that holds the corpora (such as commonvoice/ and fleurs/). Another data set goes without --folder.',
    });
  const unsafe = sets.find(({ corpus, iso }) => !safeCode.test(iso) || !safeCorpus.test(corpus));
  if (unsafe)
    throw new UserError({
      code: 'superb.code',
      tried: `use the set ${unsafe.path}`,
      why: 'its folder’s name is its language’s tag, and may have letters, digits, "_" and "-" alone, at most 32; a corpus may have dots too.',
      cure: 'Rename the folder, a language’s best to its code of ISO 639-3.',
    });
  return sets;
}

/** Of a `utterance _ text` line, split at white space into at most three fields. */
export function superbLine(line: string): { id: string; text: string } | { why: string; kind: 'line' | 'no-text' } {
  const [id, rest] = splitFirst(line);
  const [middle, text] = splitFirst(rest);
  if (middle === '') return { kind: 'line', why: 'the line has one field; "utterance _ text" are three.' };
  if (text === '' && middle !== '_')
    return { kind: 'line', why: 'the line has two fields; "utterance _ text" are three.' };
  return text === '' ? { kind: 'no-text', why: 'its transcript is empty.' } : { id, text };
}

/** What a set names for an amount of training speech; whatever cannot be used stands in `faults` instead. */
export function readSuperbSet(
  set: SuperbSet,
  time: SuperbTime,
): { utterances: SuperbUtterance[]; faults: SuperbFault[] } {
  const faults: SuperbFault[] = [];
  const name = setName(set);
  const fault = (kind: SuperbFault['kind'], place: Place, why: string) => faults.push({ kind, set: name, place, why });
  const folder = openFolder(set.path);
  const wav = join(set.path, 'wav');
  const seen = new Map<string, Place>();
  const phones = phonesOf(join(set.path, PHONES), fault);
  const utterances: SuperbUtterance[] = [];
  for (const split of SIDES) {
    const file = join(set.path, transcripts(time)[split]);
    const before = utterances.length;
    for (const { number, text: line } of linesOf(file, fault) ?? []) {
      const place = at(file, number);
      const read = superbLine(line);
      if ('why' in read) {
        fault(read.kind, place, read.why);
        continue;
      }
      const { id, text } = read;
      const first = seen.get(id);
      if (first) {
        const where = first.file === file ? `line ${first.line}` : `${first.file}:${first.line}`;
        fault('duplicate', place, `"${id}" was already in ${where}.`);
        continue;
      }
      seen.set(id, place);
      try {
        const path = resolveInside(folder, `${id}.wav`, place, wav);
        if (existsSync(path)) utterances.push({ ...tidy({ id, path }), split, text, phones: phones?.get(id), place });
        else fault('missing', place, `there is no recording ${path}.`);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        fault('outside', place, error.problems[0].why);
      }
    }
    if (utterances.length === before && !faults.some(({ place }) => place.file === file))
      fault('empty-side', at(file, 1), `it names no utterance, so that ${purpose[split]}.`);
  }
  return { utterances, faults };
}

const purpose = {
  train: 'there is nothing to train on',
  dev: 'there is nothing to choose parameters by',
  test: 'there is nothing to be scored',
};

type Tell = (kind: SuperbFault['kind'], place: Place, why: string) => void;

function linesOf(file: string, fault: Tell) {
  try {
    return [...readLines(file)];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    fault('file', at(file, 1), existsSync(file) ? error.problems[0].why : 'there is no such file.');
    return undefined;
  }
}

/** `utterance phone phone …`, a line each: no part of ML-SUPERB, whose phones are made by a front end of each language. */
function phonesOf(file: string, fault: Tell): Map<string, string> | undefined {
  if (!existsSync(file)) return undefined;
  return new Map((linesOf(file, fault) ?? []).map(({ text }) => splitFirst(text)));
}

/** Faults told at once; the others are counted. */
const mostTold = 10;

/** All that stands in the way of a score over the whole folder, the first of them with their places. */
export function superbFaults(root: string, faults: readonly SuperbFault[]): UserError {
  const cure =
    'Mend it, or leave out what cannot be used with --leave-out: it is counted, and the scores are not ML-SUPERB’s.';
  const told = faults.slice(0, mostTold).map(
    ({ kind, place, why }): Problem => ({
      code: `superb.${kind}`,
      tried: `score ${root} whole`,
      why,
      cure: faults.length === 1 ? cure : 'Mend it.',
      place,
    }),
  );
  if (faults.length === 1) return new UserError(told);
  const more = faults.length - told.length;
  const why = `${faults.length} lines or files of it cannot be used${more > 0 ? `, ${more} beside those above` : ''}.`;
  return new UserError([...told, { code: 'superb.faults', tried: `score ${root} whole`, why, cure }]);
}

const FEW_SHOT = 'few_shot.txt';

/**
 * Which utterances of reserved languages train, by language: lines of `iso utterance`, or of an utterance alone as ML-SUPERB
 * calls them (`cv_lit_000026`). The folder's own file unless one is named.
 * @throws UserError where a file that is named is not there, or a line says neither
 */
export function fewShotList(root: string, named?: string): Map<string, Set<string>> | undefined {
  const file = named ?? join(root, FEW_SHOT);
  if (!named && !existsSync(file)) return undefined;
  const list = new Map<string, Set<string>>();
  for (const { number, text } of readLines(file)) {
    const [first, second] = splitFirst(text);
    const id = second || first;
    const iso = second ? first : /_([a-z]{3}(?:_[a-z]{3})?)_[^_]+$/.exec(first)?.[1];
    if (!iso || /\s/.test(id))
      throw lineError('few-shot', file, number, 'a line is "iso utterance".', 'Correct the line.');
    list.set(iso, (list.get(iso) ?? new Set()).add(id));
  }
  return list;
}
