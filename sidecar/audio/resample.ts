/** @file Any rate to 16 kHz by libsamplerate's medium sinc converter (121 dB, 90 % bandwidth). Knows no file. */
import libsamplerate from '@alexanderolsen/libsamplerate-js';
import { modelRateHz } from './types.ts';

type Converter = Awaited<ReturnType<typeof libsamplerate.create>>;

/** At 1 kHz in, a piece makes 524,288 samples out; the wrapper's buffers hold 1,008,000. */
const pieceSamples = 1 << 15;
const zerosBehind = 1024;

let converter: Promise<Converter> | undefined;

/** Samples that `samples` at `sampleRateHz` become at 16 kHz. */
export function samplesAt16k(samples: number, sampleRateHz: number): number {
  return Math.round((samples * modelRateHz) / sampleRateHz);
}

/** Mono at 16 kHz; exactly `samplesAt16k(samples.length, sampleRateHz)` long, without a shift in time.
 * Only the wrapper's streaming call is used: after one `simple()` it ends every stream at each piece (2.1.2). */
export async function resample(samples: Float32Array, sampleRateHz: number): Promise<Float32Array> {
  if (sampleRateHz === modelRateHz) return samples;
  const { SRC_SINC_MEDIUM_QUALITY: converterType } = libsamplerate.ConverterType;
  converter ??= libsamplerate.create(1, sampleRateHz, modelRateHz, { converterType });
  const src = await converter;
  src.inputSampleRate = sampleRateHz; // Also forgets the stream before.
  src.ratio = modelRateHz / sampleRateHz; // The setter does not.

  const out = new Float32Array(samplesAt16k(samples.length, sampleRateHz));
  // The stream holds its tail back until more comes: the zeros behind push it out.
  const end = samples.length + Math.ceil(zerosBehind * Math.max(1, sampleRateHz / modelRateHz));
  for (let at = 0, written = 0; at < end && written < out.length; at += pieceSamples) {
    const piece = new Float32Array(Math.min(pieceSamples, end - at));
    piece.set(samples.subarray(at, at + pieceSamples));
    const resampled = src.full(piece).subarray(0, out.length - written);
    out.set(resampled, written);
    written += resampled.length;
  }
  return out;
}
