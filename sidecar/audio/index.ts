/** @file The room's door: what others may use of it. */
export {
  type DecodedAudio,
  type DecodeOptions,
  decodeAudio,
  decodeBytes,
  loadAudio16k,
  readAudioFile,
} from './decode.ts';
export { normalise } from './normalise.ts';
export { resample, samplesAt16k } from './resample.ts';
export type { AudioFormat } from './sniff.ts';
export { modelRateHz } from './types.ts';
