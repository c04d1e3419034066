/** @file What the readers of formats give, and how much of it. */

/** One channel at the source's rate; `channels` says how many the file has. */
export interface Mono {
  samples: Float32Array;
  sampleRateHz: number;
  channels: number;
}

/** What a reader gives next: every channel, equally long. */
export interface Piece {
  channels: readonly (Float32Array | Float64Array)[];
  sampleRateHz: number;
}

/** A recording that is being read. */
export interface Reader {
  /** What it turned out to be: `wav`, `flac`, `mp3`, `opus`, `vorbis`, or the codec's name. */
  format: string;
  /** In bounded pieces, in order. @throws UserError `audio.*`, or an Error that says what the decoder said. */
  pieces: AsyncIterable<Piece> | Iterable<Piece>;
  /** Whether the samples are floats, which may be as quiet as they like and still be speech. */
  float?: boolean;
}

/** What a reader is told. */
export interface Reading {
  /** How the file is called in messages. */
  file: string;
  /** Says something that a person should know although the file is read. */
  note(text: string): void;
}

/** 1 GiB of float32: 4.6 hours at 16 kHz. What is kept in memory at once, not how long a recording may be. */
export const maxSamples = 2 ** 28;

/** More are no recording of speech; a file of a few bytes may promise 255. */
export const mostChannels = 64;

export const modelRateHz = 16_000;
