/** @file What a decoder gives back, and how much of it. */

/** One channel at the source's rate; `channels` says how many were mixed. */
export interface Mono {
  samples: Float32Array;
  sampleRateHz: number;
  channels: number;
}

/** 1 GiB of float32: 4.6 hours at 16 kHz. A few bytes of FLAC or Opus can ask for more than any memory holds. */
export const maxSamples = 2 ** 28;

export const modelRateHz = 16_000;
