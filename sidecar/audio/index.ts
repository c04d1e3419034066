/** @file The room's door: what others may use of it. */
export {
  type DecodedAudio,
  type DecodeOptions,
  decodeAudio,
  decodeBytes,
  type Heard,
  hear,
  loadAudio16k,
  type MonoPiece,
  stream16k,
} from './decode.ts';
export { type ChannelChoice, cancels, loudest } from './mix.ts';
export { type Moments, MomentsOf, normalise, normaliseBy } from './normalise.ts';
export { Resampler, resample, samplesAt16k } from './resample.ts';
export { isAudioHead } from './sniff.ts';
export { type ByteSource, bytesSource, fileSource } from './source.ts';
export { modelRateHz } from './types.ts';
