/** @file Decodes every file of a language once: how long, what hash, and what must be skipped for which reason. */
import { type ChannelChoice, modelRateHz } from '../audio/index.ts';
import { UserError } from '../errors.ts';
import { keyedPlaces } from '../random.ts';
import { inOrder } from '../threads.ts';
import type { CommonVoiceTables } from './common-voice.ts';
import { onceEach } from './copies.ts';
import { examine, keyOf, statOf } from './examine.ts';
import { Examiner } from './examiner.ts';
import { readListing } from './layout.ts';
import { PackedRows } from './packed-rows.ts';
import { notesInShort } from './recording-notes.ts';
import { chosen, Places, type Rows } from './rows.ts';
import { type Finding, ScanCache } from './scan-cache.ts';
import { TextIndex } from './text-index.ts';
import {
  type LanguageCorpus,
  type Layout,
  type Listing,
  type Noted,
  type ScannedUtterance,
  type Skipped,
  scannedKinds,
  type Unannotated,
  type Utterance,
} from './types.ts';
import { withUnannotated } from './unannotated.ts';

export type ChannelsOption = ChannelChoice | 'each';

export interface LanguageSpec {
  /** ISO 639-3. */
  code: string;
  root: string;
  layout?: Layout;
  allowOutside?: boolean;
  tables?: CommonVoiceTables;
  tiers?: readonly string[];
  unannotated?: Unannotated;
  /** Of a table, the column that holds the transcripts, where it is not the layout's own. */
  textColumn?: string;
  /** Of recordings whose manifest names no channel: all mixed (unless told), one of them from 0, or each by itself. */
  channels?: ChannelsOption;
  /** Keeps a subset of at most so many hours, the same on every run: files in the order of a hash of their ids. */
  limitHours?: number;
  /** Where results are remembered between runs; without it nothing is. */
  cacheDir?: string;
  /** Told of the file of the cache, where a part of it was damaged and is found out anew. */
  onDamage?(path: string): void;
  signal?: AbortSignal;
  /** Gives back a corpus of nothing, with what was skipped, where nothing is usable. */
  mayBeEmpty?: boolean;
  /** What was listed already, instead of what `root` lists. */
  listing?: Listing;
  /** Counts the same audio under several names as often as it is named: a benchmark is scored as it is. */
  keepCopies?: boolean;
}

export interface ScanProgress {
  code: string;
  done: number;
  total: number;
  /** Of the utterances kept so far. */
  seconds: number;
  skipped: number;
}

const mostAtOnce = 1024;

/** @throws UserError where the manifest is wrong, or where nothing usable is left and that is not allowed. */
export async function scanLanguage(
  spec: LanguageSpec,
  onProgress?: (progress: ScanProgress) => void,
): Promise<LanguageCorpus> {
  const read = spec.listing ?? readListing(spec.root, spec.layout, spec);
  const cache = new ScanCache(spec.cacheDir, spec.onDamage);
  const leave = (fault: unknown) => {
    cache.close();
    throw fault;
  };
  const listing = spec.unannotated === 'pauses' ? await withUnannotated(read, cache, spec.signal).catch(leave) : read;
  const { layout, utterances: listed, skipped: rows, notes } = listing;
  const limitSamples = spec.limitHours === undefined ? Number.POSITIVE_INFINITY : spec.limitHours * 3600 * modelRateHz;
  const kept = new PackedRows<ScannedUtterance>(scannedKinds);
  /** Of what is kept the place in the listing. */
  const places = new Places();
  const heard = new TextIndex((row) => kept.at(row)!.hash);
  const noted = new Map<string, Noted>();
  const skipped: Skipped[] = [...rows];
  let samples = 0;
  let done = 0;
  let leftOut = 0;

  const examiner = new Examiner(spec.signal);
  const first = (group: Uint32Array) =>
    firstLook(
      Array.from(group, (place) => listed.at(place)!),
      cache,
      spec,
      examiner,
    );

  try {
    for await (const [group, looked] of inOrder(inBlocks(listed, spec, cache), first, { most: examiner.ahead })) {
      spec.signal?.throwIfAborted();
      if (samples >= limitSamples) {
        leftOut += group.length;
        continue;
      }
      for (const { of, utterance, finding } of await byChannel(looked, cache, spec, examiner)) {
        if ('reasonCode' in finding) {
          const { reasonCode, reason } = finding;
          skipped.push({ path: utterance.path, id: utterance.id, reasonCode, reason });
        } else if (samples + finding.samples > limitSamples) leftOut++;
        else {
          const { notes: own = [], ...measured } = finding;
          for (const note of own) noted.set(`${utterance.path}\n${note}`, { path: utterance.path, note });
          const row = kept.push({ ...utterance, language: spec.code, ...measured });
          places.push(group[of]);
          if (heard.find(measured.hash) < 0) {
            samples += measured.samples;
            heard.add(measured.hash, row);
          }
        }
      }
      done += group.length;
      onProgress?.({
        code: spec.code,
        done,
        total: listed.length,
        seconds: samples / modelRateHz,
        skipped: skipped.length,
      });
    }
  } finally {
    await examiner.close();
    cache.close();
  }
  const found = asListed(kept, places);
  if (found.length === 0 && !spec.mayBeEmpty) throw nothingLeft(spec, listed.length, skipped, leftOut);
  const utterances = spec.keepCopies ? found : onceEach(found, notes);
  return {
    code: spec.code,
    root: spec.root,
    layout,
    utterances,
    skipped,
    notes: [...notes, ...notesInShort([...noted.values()])],
    seconds: samples / modelRateHz,
    leftOut,
  };
}

/**
 * The places of the utterances of a file, all at once where it has to be gone through; of a long recording of which everything
 * is known, some after the others.
 */
function* inBlocks(listed: Rows<Utterance>, spec: LanguageSpec, cache: ScanCache): Generator<Uint32Array> {
  for (const places of files(listed, spec)) {
    const stat = places.length > mostAtOnce ? statOf(listed.at(places[0])!.path) : undefined;
    const first = firstChannel(spec);
    const isKnown = (place: number) => {
      const utterance = listed.at(place)!;
      return cache.get(keyOf({ ...utterance, channel: utterance.channel ?? first }, stat!)) !== undefined;
    };
    const size = stat && spec.limitHours === undefined && places.every(isKnown) ? mostAtOnce : places.length;
    for (let at = 0; at < places.length; at += size) yield places.subarray(at, at + size);
  }
}

/** By file, so that a recording with many segments is decoded once: the places of its utterances. */
function* files(listed: Rows<Utterance>, { code, limitHours }: LanguageSpec): Generator<Uint32Array> {
  const firsts = new Places();
  const index = new TextIndex((file) => listed.at(firsts.at(file))!.path);
  const sizes = new Places();
  const fileOf = new Uint32Array(listed.length);
  let [last, file] = ['', -1];
  for (let place = 0; place < listed.length; place++) {
    const { path } = listed.at(place)!;
    if (path !== last) file = index.find(path);
    last = path;
    if (file < 0) {
      file = firsts.length;
      firsts.push(place);
      sizes.push(0);
      index.add(path, file);
    }
    sizes.add(file, 1);
    fileOf[place] = file;
  }
  const ends = sizes.all();
  for (let i = 1; i < ends.length; i++) ends[i] += ends[i - 1];
  const places = new Uint32Array(listed.length);
  const next = ends.slice();
  for (let place = listed.length - 1; place >= 0; place--) places[--next[fileOf[place]]] = place;
  const drawn = (i: number) => listed.at(firsts.at(i))!.id;
  const order = limitHours === undefined ? ends.keys() : keyedPlaces(ends.length, drawn, 'limitHours', code);
  for (const i of order) yield places.subarray(next[i], ends[i]);
}

/** As they were listed, whatever order they were read in. */
function asListed(kept: Rows<ScannedUtterance>, places: Places): Rows<ScannedUtterance> {
  const at = places.all();
  if (at.every((place, i) => i === 0 || at[i - 1] <= place)) return kept;
  return chosen(
    kept,
    at.map((_, row) => row).sort((a, b) => at[a] - at[b] || a - b),
  );
}

/** The one that is listened to first where the manifest names none. */
const firstChannel = ({ channels = 'mix' }: Pick<LanguageSpec, 'channels'>) =>
  channels === 'each' ? 0 : channels === 'mix' ? undefined : channels;

/** What a file's utterances are by the channel that is listened to first. */
async function firstLook(group: Utterance[], cache: ScanCache, spec: LanguageSpec, examiner: Examiner) {
  // Beyond the limit on hours nothing is looked at; what was begun ahead of it is not remembered.
  const first = firstChannel(spec);
  const heard = group.map((utterance) => ({ ...utterance, channel: utterance.channel ?? first }));
  return { group, ...(await examine(heard, cache, examiner.find)) };
}

/** What `channels` makes of utterances whose manifest names no channel; `of` says of which. */
async function byChannel(
  { group, found, news }: Awaited<ReturnType<typeof firstLook>>,
  cache: ScanCache,
  { channels = 'mix' }: LanguageSpec,
  examiner: Examiner,
): Promise<{ of: number; utterance: Utterance; finding: Finding }[]> {
  const remember = (all: typeof news) => {
    for (const [key, finding] of all) cache.set(key, finding);
  };
  remember(news);
  const all = found.map(([utterance, finding], of) => ({ of, utterance, finding }));
  if (channels !== 'each') return all;
  const side = (utterance: Utterance, channel: number): Utterance => {
    const { id, speaker = id } = utterance;
    return { ...utterance, channel, id: `${id}/${channel + 1}`, speaker: `${speaker}/${channel + 1}` };
  };
  const split = [];
  for (const [index, one] of all.entries()) {
    const count = one.finding.channels ?? 1;
    if (group[index].channel !== undefined || count === 1) split.push(one);
    else {
      const sides = Array.from({ length: count }, (_, channel) => side(group[index], channel));
      const looked = await examine(sides, cache, examiner.find);
      remember(looked.news);
      for (const [utterance, finding] of looked.found) split.push({ of: index, utterance, finding });
    }
  }
  return split;
}

function nothingLeft(spec: LanguageSpec, listed: number, skipped: Skipped[], leftOut: number): UserError {
  const counts = new Map<string, number>();
  for (const { reasonCode } of skipped) counts.set(reasonCode, (counts.get(reasonCode) ?? 0) + 1);
  const reasons = [...counts].map(([code, count]) => `${count} ${code}`).join(', ');
  const first = skipped[0] ? ` The first is ${skipped[0].path}: ${skipped[0].reason}` : '';
  const limit = leftOut ? ` ${leftOut} are left out by limitHours ${spec.limitHours}.` : '';
  return new UserError({
    code: 'corpus.nothing-left',
    tried: `use the audio of "${spec.code}" in ${spec.root}`,
    why: `none of its ${listed} utterances is usable (${reasons || 'none skipped'}).${limit}${first}`,
    cure: 'Check the path and the layout, or replace these files.',
  });
}
