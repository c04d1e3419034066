/** @file What a corpus is made of. */
export const layouts = ['plain', 'tsv', 'common-voice', 'kaldi', 'fairseq', 'ml-superb'] as const;
export type Layout = (typeof layouts)[number];

/** One line of a manifest, as found; `path` is absolute, times are in the file. */
export interface Utterance {
  id: string;
  path: string;
  speaker?: string;
  text?: string;
  split?: 'train' | 'dev' | 'test';
  startSeconds?: number;
  endSeconds?: number;
  /** Which channel of the file, 0 the first (left; Kaldi's A or 1); without it their mean. */
  channel?: number;
}

export interface ReadOptions {
  /** Absolute paths and links that leave the data set's folder; `../` stays refused. */
  allowOutside?: boolean;
}

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

export type SkipCode = 'unreadable' | 'empty' | 'silent' | 'too-short' | 'missing';

export interface Skipped {
  path: string;
  id: string;
  reasonCode: SkipCode;
  reason: string;
}

export interface Noted {
  path: string;
  note: string;
}

export interface Duplicate {
  path: string;
  id: string;
  /** The utterance that is kept. */
  of: string;
}

export interface LanguageCorpus {
  code: string;
  root: string;
  layout: Layout;
  utterances: ScannedUtterance[];
  skipped: Skipped[];
  /** Of the utterances kept. */
  seconds: number;
  /** What a person should know of recordings that were read all the same: a cut end, a second sound track. */
  notes: Noted[];
  /** Utterances left out because the very same audio is in the corpus under another name. */
  duplicates: Duplicate[];
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
