/** @file Any rate to another by libsamplerate's medium sinc converter (121 dB, 90 % bandwidth), as it comes. Knows no file. */
import libsamplerate from '@alexanderolsen/libsamplerate-js';
import { modelRateHz } from './types.ts';

type Converter = Awaited<ReturnType<typeof libsamplerate.create>>;

/** At 1 kHz in, a piece makes 524,288 samples out; the wrapper's buffers hold 1,008,000. */
const pieceSamples = 1 << 15;
const zerosBehind = 1024;
const mostIdle = 2;

const idle: Converter[] = [];

/** Samples that `samples` at `sampleRateHz` become at 16 kHz. */
export function samplesAt16k(samples: number, sampleRateHz: number, toHz = modelRateHz): number {
  return Math.round((samples * toHz) / sampleRateHz);
}

/** Mono at 16 kHz; exactly `samplesAt16k(samples.length, sampleRateHz)` long, without a shift in time. */
export async function resample(samples: Float32Array, sampleRateHz: number): Promise<Float32Array> {
  if (sampleRateHz === modelRateHz) return samples;
  const resampler = await Resampler.create(sampleRateHz);
  const out = new Float32Array(samplesAt16k(samples.length, sampleRateHz));
  let written = 0;
  const put = (piece: Float32Array) => {
    out.set(piece, written);
    written += piece.length;
  };
  for (let at = 0; at < samples.length; at += pieceSamples) {
    for (const piece of resampler.push(samples.subarray(at, at + pieceSamples))) put(piece);
  }
  for (const piece of resampler.end()) put(piece);
  return out;
}

/** One recording, piece by piece; the samples out do not depend on how it was cut into pieces.
 * Only the wrapper's streaming call is used: after one `simple()` it ends every stream at each piece (2.1.2). */
export class Resampler {
  readonly #fromHz: number;
  readonly #toHz: number;
  readonly #src: Converter | undefined;
  readonly #waiting = new Float32Array(pieceSamples);
  #waitingLength = 0;
  #taken = 0;
  #given = 0;

  private constructor(src: Converter | undefined, fromHz: number, toHz: number) {
    this.#src = src;
    this.#fromHz = fromHz;
    this.#toHz = toHz;
  }

  static async create(fromHz: number, toHz = modelRateHz): Promise<Resampler> {
    if (fromHz === toHz) return new Resampler(undefined, fromHz, toHz);
    const { SRC_SINC_MEDIUM_QUALITY: converterType } = libsamplerate.ConverterType;
    const src = idle.pop() ?? (await libsamplerate.create(1, fromHz, toHz, { converterType }));
    src.outputSampleRate = toHz;
    src.inputSampleRate = fromHz; // Also forgets the stream before.
    src.ratio = toHz / fromHz; // The setter does not.
    return new Resampler(src, fromHz, toHz);
  }

  *push(samples: Float32Array): Generator<Float32Array> {
    this.#taken += samples.length;
    if (!this.#src) {
      yield samples;
      return;
    }
    for (let at = 0; at < samples.length; ) {
      const part = samples.subarray(at, at + pieceSamples - this.#waitingLength);
      this.#waiting.set(part, this.#waitingLength);
      this.#waitingLength += part.length;
      at += part.length;
      if (this.#waitingLength === pieceSamples) yield this.#convert(pieceSamples);
    }
  }

  /** The rest; exactly as many samples as the whole becomes have been given then, and the resampler is done with. */
  *end(): Generator<Float32Array> {
    if (!this.#src) return;
    const wanted = samplesAt16k(this.#taken, this.#fromHz, this.#toHz);
    // The stream holds its tail back until more comes: the zeros behind push it out.
    let zeros = Math.ceil(zerosBehind * Math.max(1, this.#fromHz / this.#toHz));
    while (this.#given < wanted && zeros > 0) {
      const length = Math.min(pieceSamples, this.#waitingLength + zeros);
      this.#waiting.fill(0, this.#waitingLength, length);
      zeros -= length - this.#waitingLength;
      const room = wanted - this.#given;
      yield this.#convert(length).subarray(0, room);
    }
    if (this.#given < wanted) yield new Float32Array(wanted - this.#given);
    if (idle.length < mostIdle) idle.push(this.#src);
  }

  #convert(length: number): Float32Array {
    const out = this.#src!.full(this.#waiting.subarray(0, length));
    this.#waitingLength = 0;
    this.#given += out.length;
    return out;
  }
}
