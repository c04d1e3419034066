/** @file Decodes every file of a language once: how long, what hash, and what must be skipped for which reason. */
import { createHash } from 'node:crypto';
import { type Stats, statSync } from 'node:fs';
import { type ChannelChoice, cancels, fileSource, type Heard, hear, modelRateHz } from '../audio/index.ts';
import { UserError } from '../errors.ts';
import { keyedOrder } from '../random.ts';
import type { CommonVoiceTables } from './common-voice.ts';
import { onceEach } from './copies.ts';
import { readListing } from './layout.ts';
import { type Level, Levels } from './levels.ts';
import { notesInShort } from './recording-notes.ts';
import { type Finding, type FindingKey, ScanCache } from './scan-cache.ts';
import type { LanguageCorpus, Layout, Listing, Noted, ScannedUtterance, Skipped, Utterance } from './types.ts';

export type ChannelsOption = ChannelChoice | 'each';

export interface LanguageSpec {
  /** ISO 639-3. */
  code: string;
  root: string;
  layout?: Layout;
  allowOutside?: boolean;
  tables?: CommonVoiceTables;
  tiers?: readonly string[];
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

/** One frame of HuBERT's convolutions, at 16 kHz. */
export const shortestSamples = 400;
/** −80 dBFS, three steps of 16 bit. Floats have no steps, and may be quiet speech far below. */
const silentPeak = { steps: 1e-4, floats: 1e-6 };
/** Kaldi's own tolerance for segments that end behind their recording. */
const overhangSeconds = 0.5;
const hashedBytes = 1 << 22;

/** @throws UserError where the manifest is wrong, or where nothing usable is left and that is not allowed. */
export async function scanLanguage(
  spec: LanguageSpec,
  onProgress?: (progress: ScanProgress) => void,
): Promise<LanguageCorpus> {
  const listing = spec.listing ?? readListing(spec.root, spec.layout, spec);
  const { layout, utterances: listed, skipped: rows, notes } = listing;
  const limitSamples = spec.limitHours === undefined ? Number.POSITIVE_INFINITY : spec.limitHours * 3600 * modelRateHz;
  const cache = new ScanCache(spec.cacheDir, spec.onDamage);
  const kept = new Map<string, ScannedUtterance[]>(listed.map(({ id }) => [id, []]));
  const heard = new Set<string>();
  const noted = new Map<string, Noted>();
  const skipped: Skipped[] = [...rows];
  let samples = 0;
  let done = 0;
  let leftOut = 0;

  try {
    for (const group of files(listed, spec)) {
      spec.signal?.throwIfAborted();
      if (samples >= limitSamples) {
        leftOut += group.length;
        continue;
      }
      for (const { id, utterance, finding } of await byChannel(group, cache, spec)) {
        if ('reasonCode' in finding) {
          const { reasonCode, reason } = finding;
          skipped.push({ path: utterance.path, id: utterance.id, reasonCode, reason });
        } else if (samples + finding.samples > limitSamples) leftOut++;
        else {
          const { notes: own = [], ...measured } = finding;
          for (const note of own) noted.set(`${utterance.path}\n${note}`, { path: utterance.path, note });
          kept.get(id)!.push({ ...utterance, language: spec.code, ...measured });
          if (!heard.has(measured.hash)) samples += measured.samples;
          heard.add(measured.hash);
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
    cache.flush();
  }
  // In the manifest's order, whatever order they were read in.
  const found = listed.flatMap(({ id }) => kept.get(id)!);
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

/** Utterances by file, so that a recording with many segments is decoded once. */
function files(listed: Utterance[], { code, limitHours }: LanguageSpec): Utterance[][] {
  const groups = new Map<string, Utterance[]>();
  for (const utterance of listed) {
    const group = groups.get(utterance.path);
    if (group) group.push(utterance);
    else groups.set(utterance.path, [utterance]);
  }
  const all = [...groups.values()];
  return limitHours === undefined ? all : keyedOrder(all, ([first]) => first.id, 'limitHours', code);
}

/** What `channels` makes of utterances whose manifest names no channel; `id` is the manifest's. */
async function byChannel(
  group: Utterance[],
  cache: ScanCache,
  { channels = 'mix', signal }: LanguageSpec,
): Promise<{ id: string; utterance: Utterance; finding: Finding }[]> {
  const first = channels === 'each' ? 0 : channels === 'mix' ? undefined : channels;
  const found = await examine(
    group.map((utterance) => ({ ...utterance, channel: utterance.channel ?? first })),
    cache,
    signal,
  );
  const all = found.map(([utterance, finding]) => ({ id: utterance.id, utterance, finding }));
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
      for (const [utterance, finding] of await examine(sides, cache, signal))
        split.push({ id: one.id, utterance, finding });
    }
  }
  return split;
}

async function examine(group: Utterance[], cache: ScanCache, signal?: AbortSignal): Promise<[Utterance, Finding][]> {
  const { path } = group[0];
  const found = statOf(path);
  if (!found) {
    return group.map((utterance) => [utterance, { reasonCode: 'missing', reason: `There is no file ${path}.` }]);
  }
  const key = ({ startSeconds, endSeconds, channel }: Utterance): FindingKey => {
    return { path, bytes: found.size, modifiedMs: found.mtimeMs, startSeconds, endSeconds, channel };
  };
  const unknown = group.filter((utterance) => !cache.get(key(utterance)));
  const sha256 = unknown.length ? await hashOf(path, signal) : '';
  // A channel is a pass of its own: few files have segments of several.
  for (const channel of new Set(unknown.map((utterance) => utterance.channel))) {
    const own = unknown.filter((utterance) => utterance.channel === channel);
    const findings =
      typeof sha256 === 'string' ? await listen(path, own, channel, sha256, signal) : own.map(() => sha256);
    for (const [index, utterance] of own.entries()) cache.set(key(utterance), findings[index]);
  }
  return group.map((utterance) => [utterance, cache.get(key(utterance))!]);
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // A folder on the way is a file, or may not be entered.
  }
}

/** Of the file's bytes, in hex; a finding where they cannot be read. */
async function hashOf(path: string, signal?: AbortSignal): Promise<string | Finding> {
  try {
    const source = await fileSource(path);
    try {
      const hash = createHash('sha256');
      for (let at = 0; at < source.size; at += hashedBytes) {
        hash.update(source.read(at, hashedBytes));
        signal?.throwIfAborted();
      }
      return hash.digest('hex');
    } finally {
      source.close();
    }
  } catch (fault) {
    return findingOf(fault);
  }
}

/** Goes through the file once, keeping nothing of it. */
async function listen(
  path: string,
  utterances: Utterance[],
  channel: number | undefined,
  sha256: string,
  signal?: AbortSignal,
): Promise<Finding[]> {
  const levels = new Levels(
    utterances.map(({ startSeconds, endSeconds }) => {
      const to = endSeconds === undefined ? Number.POSITIVE_INFINITY : Math.round(endSeconds * modelRateHz);
      return { from: Math.round((startSeconds ?? 0) * modelRateHz), to };
    }),
  );
  try {
    const take = (piece: Parameters<Levels['add']>[0]) => {
      signal?.throwIfAborted();
      levels.add(piece);
    };
    const heard = await hear(path, take, { channel });
    return utterances.map((utterance, index) => measure(heard, levels.levels[index], sha256, utterance));
  } catch (fault) {
    const finding = findingOf(fault);
    return utterances.map(() => finding);
  }
}

function findingOf(fault: unknown): Finding {
  if (!(fault instanceof UserError) || fault.code.startsWith('disk.')) throw fault;
  const empty = fault.code === 'audio.empty-file' || fault.code === 'audio.no-samples';
  const passing = fault.code === 'audio.unreadable' || fault.code === 'audio.missing';
  return { reasonCode: empty ? 'empty' : 'unreadable', reason: fault.message, passing };
}

function measure(heard: Heard, level: Level, sha256: string, utterance: Utterance): Finding {
  const { startSeconds, endSeconds, channel } = utterance;
  const { format, sampleRateHz, channels, notes, samples16k: all } = heard;
  const startSample = Math.round((startSeconds ?? 0) * modelRateHz);
  const asked = endSeconds === undefined ? all : Math.round(endSeconds * modelRateHz);
  if (startSample >= all || asked > all + overhangSeconds * modelRateHz) {
    const reason = `It lies at ${startSeconds ?? 0} to ${endSeconds ?? '…'} s, but the recording has ${all / modelRateHz} s.`;
    return { reasonCode: 'unreadable', reason };
  }
  const endSample = Math.min(asked, all);
  const samples = endSample - startSample;
  if (samples < shortestSamples) {
    return {
      reasonCode: 'too-short',
      reason: `It has ${samples} samples at 16 kHz; one frame takes ${shortestSamples}.`,
      channels,
    };
  }
  const peak = Math.max(-level.lowest, level.highest);
  if (channel === undefined && cancels(peak, level.channelPeak, channels)) {
    const reason = `Its ${channels} channels cancel out: mixed, nothing is left of them. Choose one (\`audio.channels\`), or export one alone.`;
    return { reasonCode: 'silent', reason, channels };
  }
  const least = heard.float ? silentPeak.floats : silentPeak.steps;
  if (peak < least || level.highest === level.lowest) {
    const what = peak < least ? `its peak is ${peak.toExponential(1)} of full scale` : 'all its samples are the same';
    return { reasonCode: 'silent', reason: `It is silent: ${what}.`, channels };
  }
  const segment = startSeconds === undefined && endSeconds === undefined ? '' : `@${startSample}-${endSample}`;
  const side = channel === undefined || channels === 1 ? '' : `#${channel}`;
  const hash = sha256 + segment + side;
  return { startSample, samples, hash, format, sampleRateHz, channels, ...(notes.length ? { notes } : {}) };
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
