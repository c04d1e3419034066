/** @file Which frames are masked: fairseq's static spans, overlap allowed (Hsu et al. 2021, section III; wav2vec 2.0). */
import { keyedRandom } from '../random.ts';

export interface MaskOptions {
  /** Share of frames that spans would cover without overlap. */
  probability: number;
  /** Frames a span. */
  length: number;
  minSpans: number;
}

/**
 * 1 where masked, for a clip of `frames` frames. The draw is keyed: the same key masks the same frames. In a clip too
 * short for the spans their starts move together and what reaches beyond the end is cut, as in fairseq. Unlike there, one
 * frame at least is masked and, from two frames on, one is not; and no mask is thinned to what its batch's neighbours have.
 */
export function spanMask(
  frames: number,
  { probability, length, minSpans }: MaskOptions,
  ...key: (string | number)[]
): Uint8Array {
  const uniform = keyedRandom('mask', ...key);
  const mask = new Uint8Array(frames);
  const spans = Math.max(1, minSpans, Math.floor((probability * frames) / length + uniform()));
  const places = frames - length > spans ? frames - length : Math.min(frames, spans + 1);
  const free = Uint32Array.from({ length: places }, (_, i) => i);
  for (let n = 0; n < Math.min(spans, places); n++) {
    const j = n + Math.floor(uniform() * (places - n));
    [free[n], free[j]] = [free[j], free[n]];
    for (let i = free[n]; i < Math.min(frames, free[n] + length); i++) mask[i] = 1;
  }
  if (frames > 1 && mask.every((m) => m === 1)) mask[Math.floor(uniform() * frames)] = 0;
  return mask;
}
