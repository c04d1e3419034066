/** @file Any rate to 16 kHz by libsamplerate's medium sinc converter (121 dB, 90 % bandwidth). Knows no file. */
import libsamplerate from '@alexanderolsen/libsamplerate-js';
import { modelRateHz } from './types.ts';

type Converter = Awaited<ReturnType<typeof libsamplerate.create>>;

/** The wrapper's buffers hold 2^20 samples each way. */
const bufferSamples = 1 << 20;
const zerosBehind = 1024;

let converter: Promise<Converter> | undefined;

/** Samples that `samples` at `sampleRateHz` become at 16 kHz. */
export function samplesAt16k(samples: number, sampleRateHz: number): number {
  return Math.round((samples * modelRateHz) / sampleRateHz);
}

/** Mono at 16 kHz; exactly `samplesAt16k(samples.length, sampleRateHz)` long, without a shift in time. */
export async function resample(samples: Float32Array, sampleRateHz: number): Promise<Float32Array> {
  if (sampleRateHz === modelRateHz) return samples;
  const { SRC_SINC_MEDIUM_QUALITY: converterType } = libsamplerate.ConverterType;
  converter ??= libsamplerate.create(1, sampleRateHz, modelRateHz, { converterType });
  const src = await converter;
  if (src.inputSampleRate !== sampleRateHz) src.inputSampleRate = sampleRateHz;

  const ratio = modelRateHz / sampleRateHz;
  const out = new Float32Array(samplesAt16k(samples.length, sampleRateHz));
  const behind = Math.ceil(zerosBehind * Math.max(1, 1 / ratio));
  const chunk = Math.floor(Math.min(bufferSamples, bufferSamples / ratio)) - 2 * behind;
  if (samples.length <= chunk) {
    const padded = new Float32Array(samples.length + behind);
    padded.set(samples);
    out.set(src.simple(padded).subarray(0, out.length));
    return out;
  }
  // The streaming call holds its tail back until more comes: the zeros behind push it out.
  src.inputSampleRate = sampleRateHz; // Forgets what an earlier stream left.
  let written = 0;
  for (let at = 0; at < samples.length + behind; at += chunk) {
    const piece = new Float32Array(Math.min(chunk, samples.length + behind - at));
    piece.set(samples.subarray(at, at + chunk));
    const resampled = src.full(piece).subarray(0, out.length - written);
    out.set(resampled, written);
    written += resampled.length;
  }
  return out;
}
