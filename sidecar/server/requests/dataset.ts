/** @file What a dataset is and holds: a guess without decoding, and a report of every recording. Runs in a worker. */
import { join, relative } from 'node:path';
import { hear, type MonoPiece } from '../../audio/index.ts';
import { languageFromLabel, languageFromPath } from '../../config/language-guess.ts';
import {
  assignSplits,
  detectLayout,
  keyedPlaces,
  type LanguageCorpus,
  languageLabels,
  type Rows,
  readListing,
  type ScannedUtterance,
  scanLanguage,
  splitReport,
  summariseTiers,
} from '../../corpus/index.ts';
import { UserError } from '../../errors.ts';
import type { DatasetGuess, DatasetReport } from '../../protocol/messages.ts';
import type { JobContext } from './context.ts';
import { detectDatasetParams, inspectDatasetParams } from './params.ts';

const RATE_HZ = 16_000;
/** As the training splits: the held-out side does not depend on a run's seed. */
const SPLIT_SEED = 1;
const shownExamples = 12;
const mostTiers = 100;
const longestTierName = 300;
const checkedForClipping = 200;
/** Of a long recording only so much is looked at. */
const clippingSeconds = 60;
const fullScale = 0.999;
const clippedShare = 0.001;
const worstShown = 10;
/** A report is one message; the reasons are counted whole. */
const longestList = 5000;
const edgesSeconds = [0.5, 1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600];

/** Layout, size and language of a folder, from names and manifests alone. */
export async function detectDataset(raw: unknown, { workspace }: JobContext): Promise<DatasetGuess> {
  const { path } = detectDatasetParams.parse(raw);
  const layout = detectLayout(path);
  // Folders above the workspace say where it lies, not what is spoken in it.
  const inside = relative(workspace, path);
  const language = (labels: string[]) => {
    const told = new Set(labels.flatMap((label) => languageFromLabel(label) ?? []));
    return told.size === 1 ? [...told][0] : languageFromPath(inside && !inside.startsWith('..') ? inside : path);
  };
  try {
    const { utterances } = readListing(path, layout);
    const recordings = new Set<string>();
    for (const utterance of utterances) recordings.add(utterance.path);
    return {
      layout,
      language: language(languageLabels(path, layout)),
      utterances: utterances.length,
      speakers: speakersOf(utterances),
      recordings: recordings.size,
      tiers: layout === 'plain' ? shownTiers([...recordings]) : [],
      examples: [...recordings].slice(0, 5).map((recording) => relative(path, recording)),
      problems: [],
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {
      layout,
      language: language([]),
      utterances: 0,
      speakers: 0,
      recordings: 0,
      tiers: [],
      examples: [],
      problems: [error.message],
    };
  }
}

/** Files may come from anyone: names and words are cut. */
const shownTiers = (recordings: string[]): DatasetGuess['tiers'] =>
  summariseTiers(recordings)
    .filter(({ name }) => name !== '' && name.length <= longestTierName)
    .slice(0, mostTiers)
    .map((tier) => ({ ...tier, speaker: tier.speaker?.slice(0, 100), example: tier.example.trim().slice(0, 200) }));

/** Reads and decodes every recording once; what was found is remembered as the training remembers it. */
export async function inspectDataset(raw: unknown, context: JobContext): Promise<DatasetReport> {
  const { path, language, layout, tiers, unannotated, allowOutside } = inspectDatasetParams.parse(raw);
  const { workspace, signal, progress } = context;
  const corpus = await scanLanguage(
    {
      code: language,
      root: path,
      layout: layout === 'auto' ? undefined : layout,
      tiers,
      unannotated,
      allowOutside,
      cacheDir: join(workspace, '.milore', 'cache', 'corpus'),
      signal,
      mayBeEmpty: true,
    },
    ({ done, total, seconds }) => progress(done, total, `${Math.round(seconds)} s of speech`),
  );
  const { utterances, skipped } = corpus;
  const { splits, notes } = splitsOf(corpus);
  return {
    layout: corpus.layout,
    seconds: corpus.seconds,
    clips: utterances.length,
    speakers: speakersOf(utterances),
    splits,
    skipped: skipped.slice(0, longestList).map(({ path, reasonCode, reason }) => ({ path, reasonCode, reason })),
    skippedReasons: counted(skipped, ({ reasonCode }) => reasonCode).map(([reasonCode, clips]) => ({
      reasonCode,
      clips,
    })),
    durations: histogram(utterances.map(secondsOf)),
    short: shortClips(utterances),
    sampleRates: counted(utterances, ({ sampleRateHz }) => sampleRateHz)
      .map(([hz, clips]) => ({ hz, clips }))
      .sort((a, b) => a.hz - b.hz),
    clipped: await clipping(utterances, context),
    examples: examplesOf(utterances),
    notes: [...corpus.notes, ...notes],
  };
}

const secondsOf = ({ samples }: ScannedUtterance) => samples / RATE_HZ;
function speakersOf(utterances: Rows<{ speaker?: string }>): number {
  const speakers = new Set<string>();
  for (const { speaker } of utterances) if (speaker !== undefined) speakers.add(speaker);
  return speakers.size;
}

function secondsIn(utterances: Iterable<ScannedUtterance>): number {
  let sum = 0;
  for (const one of utterances) sum += secondsOf(one);
  return sum;
}

function counted<T, K>(items: Iterable<T>, key: (item: T) => K): [K, number][] {
  const counts = new Map<K, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

function splitsOf({ utterances }: LanguageCorpus): Pick<DatasetReport, 'splits' | 'notes'> {
  if (utterances.length === 0) return { splits: [], notes: ['No recording of it can be used.'] };
  const assignment = assignSplits(utterances, { seed: SPLIT_SEED });
  const { train, dev, reason } = splitReport(utterances, assignment);
  const unused = utterances.filter((_, place) => !assignment.sides.of(place) && !assignment.cuts.has(place));
  const sides: [DatasetReport['splits'][number]['name'], typeof train][] = [
    ['train', train],
    ['held-out', dev],
    [
      'unused',
      {
        utterances: unused.length,
        seconds: secondsIn(unused),
        speakers: speakersOf(unused),
      },
    ],
  ];
  return {
    splits: sides
      .filter(([, side]) => side.utterances > 0)
      .map(([name, side]) => ({ name, seconds: side.seconds, clips: side.utterances, speakers: side.speakers })),
    notes: [`Split: ${reason}`],
  };
}

function histogram(seconds: readonly number[]): DatasetReport['durations'] {
  if (seconds.length === 0) return [];
  const longest = seconds.reduce((most, value) => Math.max(most, value), 0);
  const edges = [...edgesSeconds.filter((edge) => edge < longest), longest];
  const bins = edges.map((upToSeconds) => ({ upToSeconds, clips: 0 }));
  for (const value of seconds) bins.find(({ upToSeconds }) => value <= upToSeconds)!.clips++;
  return bins.slice(bins.findIndex(({ clips }) => clips > 0));
}

const shortEdges = [0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 10];

/** As the training drops them: whole clips, and the length in samples. */
function shortClips(utterances: Rows<ScannedUtterance>): DatasetReport['short'] {
  return shortEdges.map((belowSeconds) => {
    const below = utterances.filter(({ samples }) => samples < Math.round(belowSeconds * RATE_HZ));
    return { belowSeconds, clips: below.length, seconds: secondsIn(below) };
  });
}

/** Some clips of as many speakers as there are, the same at every inspection. */
function examplesOf(utterances: Rows<ScannedUtterance>): DatasetReport['examples'] {
  const heard = new Map<string, number>();
  const ranked = keyedPlaces(utterances.length, (place) => utterances.at(place)!.id, 'examples');
  const turns = ranked.map((place) => {
    const speaker = utterances.at(place)!.speaker ?? '';
    const turn = heard.get(speaker) ?? 0;
    heard.set(speaker, turn + 1);
    return turn;
  });
  const byTurn = ranked.map((_, i) => i).sort((a, b) => turns[a] - turns[b] || a - b);
  return Array.from(byTurn.subarray(0, shownExamples), (i) => utterances.at(ranked[i])!).map((utterance) => ({
    path: utterance.path,
    seconds: secondsOf(utterance),
    ...(utterance.startSeconds === undefined ? {} : { startSeconds: utterance.startSeconds }),
    ...(utterance.speaker === undefined ? {} : { speaker: utterance.speaker }),
  }));
}

/**
 * Share of samples at full scale, in a sample of the clips that is the same at every inspection. A recording is gone
 * through once, however many of its stretches are looked at.
 */
async function clipping(
  utterances: Rows<ScannedUtterance>,
  { signal, progress }: JobContext,
): Promise<DatasetReport['clipped']> {
  const order = keyedPlaces(utterances.length, (place) => utterances.at(place)!.id, 'clipping');
  const sample = Array.from(order.subarray(0, checkedForClipping), (place) => utterances.at(place)!);
  const worst: { path: string; share: number }[] = [];
  let checked = 0;
  for (const path of new Set(sample.map((utterance) => utterance.path))) {
    const parts = sample
      .filter((utterance) => utterance.path === path)
      .map(({ startSeconds: from = 0, endSeconds = from + clippingSeconds }) => {
        return { from, to: Math.min(endSeconds, from + clippingSeconds), full: 0, seen: 0 };
      });
    const last = Math.max(...parts.map(({ to }) => to));
    let at = 0;
    const count = ({ samples, sampleRateHz }: MonoPiece) => {
      signal.throwIfAborted();
      for (const part of parts) {
        const from = Math.max(0, Math.floor((part.from - at) * sampleRateHz));
        const own = samples.subarray(from, Math.max(from, Math.ceil((part.to - at) * sampleRateHz)));
        part.full += atFullScale(own);
        part.seen += own.length;
      }
      at += samples.length / sampleRateHz;
      return at < last;
    };
    // It could be read a moment ago; a file that has changed since is simply not counted.
    const heard = await hear(path, count).catch((error) => {
      if (error instanceof UserError) return undefined;
      throw error;
    });
    if (!heard) continue;
    for (const { full, seen } of parts) {
      const share = full / Math.max(1, seen);
      if (share >= clippedShare) worst.push({ path, share });
    }
    checked += parts.length;
    progress(checked, sample.length, 'clipping');
  }
  worst.sort((a, b) => b.share - a.share);
  return { checked, clips: worst.length, worst: worst.slice(0, worstShown) };
}

function atFullScale(samples: Float32Array): number {
  let count = 0;
  for (let i = 0; i < samples.length; i++) if (Math.abs(samples[i]) >= fullScale) count++;
  return count;
}
