/** @file What a corpus is made of. */
import { type Layout, layouts } from '../layouts.ts';
import type { CommonVoiceTables } from './common-voice.ts';
import type { Kind } from './packed-rows.ts';
import type { Rows } from './rows.ts';
import type { Annotated } from './unannotated.ts';

export { type Layout, layouts };

/** One line of a manifest, as found; `path` is absolute, times are in the file. */
export interface Utterance {
  id: string;
  path: string;
  speaker?: string;
  text?: string;
  split?: 'train' | 'dev' | 'test';
  startSeconds?: number;
  endSeconds?: number;
  /** From 0, where one channel of the file is the utterance; all are mixed where it is absent. */
  channel?: number;
}

/** How many of them are kept. */
export const utteranceKinds: { [K in keyof Utterance]-?: Kind } = {
  id: 'text',
  path: 'path',
  speaker: 'word',
  text: 'text',
  split: 'word',
  startSeconds: 'number',
  endSeconds: 'number',
  channel: 'count',
};

export interface ReadOptions {
  /** Absolute paths, `../` and links that leave the data set's folder. */
  allowOutside?: boolean;
  /** Which tables of a Common Voice release train. */
  tables?: CommonVoiceTables;
  /** Of annotated recordings, the tiers that hold utterances, by name; proposed by what they hold where none is told. */
  tiers?: readonly string[];
  /** Of annotated recordings what becomes of the rest; left aside unless told. */
  unannotated?: Unannotated;
  /** Of a table, the column that holds the transcripts, where it is not the layout's own. */
  textColumn?: string;
}

/** What becomes of the stretches of an annotated recording that nobody annotated. */
export type Unannotated = 'aside' | 'pauses';

/** An utterance whose audio was decoded once and found usable. */
export interface ScannedUtterance extends Utterance {
  language: string;
  /** First sample at 16 kHz within its file, and how many. */
  startSample: number;
  samples: number;
  /** sha256 of the file's bytes, in hex; followed by `@start-end` in samples where it is a segment, and by
   * `#channel` where one channel is taken. */
  hash: string;
  /** What its file turned out to be: `wav`, `flac`, `mp3`, `opus`, `vorbis`, or the codec's name. */
  format: string;
  sampleRateHz: number;
  channels: number;
}

export const scannedKinds: { [K in keyof ScannedUtterance]-?: Kind } = {
  ...utteranceKinds,
  language: 'word',
  startSample: 'count',
  samples: 'count',
  hash: 'hash',
  format: 'word',
  sampleRateHz: 'word',
  channels: 'count',
};

export type SkipCode = 'unreadable' | 'empty' | 'silent' | 'too-short' | 'missing' | 'bad-row';

export interface Skipped {
  path: string;
  id: string;
  reasonCode: SkipCode;
  reason: string;
}

/** A recording that was read all the same: its end is cut, it has a second sound track. */
export interface Noted {
  path: string;
  note: string;
}

/** What a data set's manifests name. */
export interface Listing {
  layout: Layout;
  utterances: Rows<Utterance>;
  /** Rows that cannot be used, each with its reason. */
  skipped: Skipped[];
  /** What a person should know of how it was read. */
  notes: string[];
  /** Recordings of which annotated stretches alone are utterances. */
  annotated?: Annotated[];
}

export interface LanguageCorpus {
  code: string;
  root: string;
  layout: Layout;
  utterances: Rows<ScannedUtterance>;
  skipped: Skipped[];
  /** What a person should know of how the data set was read, and of recordings read with reservations. */
  notes: string[];
  /** Of the utterances kept. */
  seconds: number;
  /** Utterances that the limit on hours left out; 0 without one. */
  leftOut: number;
}

export interface ClipPart {
  utterance: ScannedUtterance;
  /** Within the utterance, at 16 kHz. */
  startSample: number;
  endSample: number;
}

export interface Clip {
  id: string;
  language: string;
  speaker?: string;
  split: 'train' | 'dev';
  parts: ClipPart[];
  samples: number;
  /** sha256 over the parts' hashes and ranges, in hex. */
  hash: string;
}
