/**
 * @file Every utterance of a folder in ML-SUPERB's shape, listened to once. What cannot be used is an error by default: a
 * score over another set of utterances is another score. Knows no model.
 */
import { join } from 'node:path';
import {
  type LanguageCorpus,
  readSuperbSet,
  type ScannedUtterance,
  type SuperbFault,
  type SuperbSet,
  type SuperbTime,
  type SuperbUtterance,
  scanLanguage,
  setName,
  superbFaults,
  superbSets,
} from '../corpus/index.ts';
import { UserError } from '../errors.ts';
import { SIDES } from './recognition-task.ts';
import { transcribedSides } from './transcribed.ts';

export interface SuperbSpoken extends ScannedUtterance {
  /** `corpus/iso`. */
  set: string;
  split: 'train' | 'dev' | 'test';
  text: string;
  phones?: string;
}

export interface SuperbCorpus {
  root: string;
  time: SuperbTime;
  sets: SuperbSet[];
  /** Their ids begin with the set's name: two sets may call theirs alike. */
  utterances: SuperbSpoken[];
  leftOut: SuperbFault[];
  notes: string[];
  /** Put together of data sets of any layout. */
  own?: boolean;
}

const SPLITS = { train: 'train', validation: 'dev', scored: 'test' } as const;

/** Data sets with transcripts as sets of the same shape, each with the sides that it has or that are drawn of it. */
export function corpusOfDataSets(
  sets: readonly { name: string; corpus: LanguageCorpus }[],
  time: SuperbTime,
): SuperbCorpus {
  const all: SuperbCorpus = {
    root: 'the data sets',
    time,
    sets: [],
    utterances: [],
    leftOut: [],
    notes: [],
    own: true,
  };
  for (const { name, corpus } of sets) {
    const set: SuperbSet = { corpus: name, iso: corpus.code, path: corpus.root };
    const sides = transcribedSides(corpus, (text) => text.trim());
    for (const side of SIDES)
      for (const one of sides[side])
        all.utterances.push({ ...one, id: `${setName(set)}/${one.id}`, set: setName(set), split: SPLITS[side] });
    all.sets.push(set);
    all.notes.push(...sides.notes.map((note) => `${setName(set)}: ${note}`));
  }
  return all;
}

export interface SuperbReading {
  time: SuperbTime;
  /** Goes on without what cannot be used. */
  leaveOut?: boolean;
  cacheDir?: string;
  onProgress?(done: number, total: number): void;
}

/** @throws UserError naming all that cannot be used, the first with their places; before anything is decoded where it can */
export async function superbCorpus(root: string, reading: SuperbReading): Promise<SuperbCorpus> {
  const { time, leaveOut = false, cacheDir, onProgress } = reading;
  const sets = superbSets(root);
  const read = sets.map((set) => ({ set, ...readSuperbSet(set, time) }));
  const leftOut = read.flatMap(({ faults }) => faults);
  if (leftOut.length > 0 && !leaveOut) throw superbFaults(root, leftOut);
  const corpus: SuperbCorpus = { root, time, sets, utterances: [], leftOut, notes: [] };
  const total = read.reduce((sum, { utterances }) => sum + utterances.length, 0);
  let done = 0;
  for (const { set, utterances } of read) {
    const heard = await listen(set, utterances, cacheDir, (own) => onProgress?.(done + own, total));
    done += utterances.length;
    leftOut.push(...heard.faults);
    corpus.utterances.push(...heard.spoken);
    corpus.notes.push(...heard.notes.map((note) => `${setName(set)}: ${note}`));
  }
  if (leftOut.length > 0 && !leaveOut) throw superbFaults(root, leftOut);
  if (corpus.utterances.length === 0) throw nothingLeft(root, leftOut);
  if (leftOut.length > 0) corpus.notes.unshift(counted(leftOut));
  return corpus;
}

async function listen(
  set: SuperbSet,
  utterances: readonly SuperbUtterance[],
  cacheDir: string | undefined,
  onProgress: (done: number) => void,
) {
  const name = setName(set);
  const named = new Map(utterances.map((one) => [one.id, one]));
  const {
    utterances: found,
    skipped,
    notes,
  } = await scanLanguage(
    {
      code: set.iso,
      root: set.path,
      listing: { layout: 'ml-superb', utterances: [...utterances], skipped: [], notes: [] },
      keepCopies: true,
      mayBeEmpty: true,
      // One of its own: a set is read without the thousands of findings of all others.
      cacheDir: cacheDir && join(cacheDir, 'sets', name.replace('/', '-')),
    },
    ({ done }) => onProgress(done),
  );
  const spoken = found.map(({ id, ...one }): SuperbSpoken => {
    const { split, text, phones } = named.get(id)!;
    return { ...one, id: `${name}/${id}`, set: name, split, text, phones };
  });
  const faults = skipped.map(({ id, reason }): SuperbFault => {
    return { kind: 'unheard', set: name, place: named.get(id)!.place, why: reason };
  });
  return { spoken, faults, notes };
}

const words: Record<SuperbFault['kind'], string> = {
  line: 'lines that are not "utterance _ text"',
  'no-text': 'empty transcripts',
  duplicate: 'utterances named before',
  missing: 'recordings that are not there',
  outside: 'recordings outside their set',
  unheard: 'recordings that cannot be heard',
  file: 'files that cannot be read',
  'empty-side': 'sides without an utterance',
};

function counted(faults: readonly SuperbFault[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of faults) counts.set(words[kind], (counts.get(words[kind]) ?? 0) + 1);
  const list = [...counts].map(([what, count]) => `${count} ${what}`).join(', ');
  return `Left out: ${list}. What is scored is not ML-SUPERB’s whole, and its scores are not to be compared.`;
}

const nothingLeft = (root: string, faults: readonly SuperbFault[]) =>
  new UserError({
    code: 'superb.nothing-left',
    tried: `use ${root}`,
    why: `none of its utterances can be used. The first: ${faults[0]?.why ?? 'there is none.'}`,
    cure: 'Look whether transcripts and recordings belong together.',
  });
