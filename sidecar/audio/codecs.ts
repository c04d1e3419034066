/** @file The WASM decoders, one living instance a format, used one file at a time. Knows bytes, not paths' meaning. */
import { FLACDecoder } from '@wasm-audio-decoders/flac';
import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis';
import { MPEGDecoder } from 'mpg123-decoder';
import { OggOpusDecoder } from 'ogg-opus-decoder';
import { mpegFrame, mpegMissingBytes } from './mpeg.ts';
import { checkOgg } from './ogg.ts';
import { audioError } from './problems.ts';
import { type AudioFormat, ascii, type Sniffed } from './sniff.ts';
import { type Mono, maxSamples } from './types.ts';

type Compressed = Exclude<AudioFormat, 'wav'>;

interface Piece {
  channelData: Float32Array[];
  samplesDecoded: number;
  sampleRate: number;
  errors: { message: string }[];
}

interface Decoder {
  decode(bytes: Uint8Array): Promise<Piece> | Piece;
  /** A whole file; the decoder is as new afterwards. */
  decodeFile?(bytes: Uint8Array): Promise<Piece>;
  /** What is left; the decoder is as new afterwards. */
  flush(): Promise<Piece | undefined>;
  /** Back to the state of a new decoder. */
  reset(): Promise<void>;
}

/** Below it a file is decoded at one go, which takes half as long as piece by piece. */
const wholeSamples = 2 ** 26;
/** Small, since a page of digital silence may unfold ten-thousandfold. */
const chunkBytes = 1 << 14;

const makers: Record<Compressed, () => Promise<Decoder>> = {
  flac: () => ready(new FLACDecoder()),
  vorbis: () => ready(new OggVorbisDecoder()),
  opus: () => ready(new OggOpusDecoder({ forceStereo: false })),
  mp3: async () => {
    const mpeg = new MPEGDecoder();
    await mpeg.ready;
    stopAtFirstError(mpeg);
    const reset = async () => {
      await mpeg.reset();
      stopAtFirstError(mpeg);
    };
    return { decode: (bytes) => mpeg.decode(bytes), flush: () => reset().then(() => undefined), reset };
  },
};

async function ready<T extends Decoder & { ready: Promise<unknown> }>(decoder: T): Promise<T> {
  await decoder.ready;
  return decoder;
}

/** mpg123-decoder notes an error and reads on; where the error stays, it would read on for ever. */
function stopAtFirstError(mpeg: MPEGDecoder): void {
  const { _common } = mpeg as unknown as { _common: { addError: (errors: unknown, message: string) => void } };
  _common.addError = (_errors, message) => {
    throw new Error(message);
  };
}

const living = new Map<Compressed, Decoder>();
const queues = new Map<Compressed, Promise<unknown>>();

/** Decodes and mixes to mono. Calls for one format wait for each other: they share a decoder. */
export function decodeCompressed(bytes: Uint8Array, sniffed: Sniffed, file: string, seconds?: number): Promise<Mono> {
  const format = sniffed.format as Compressed;
  const turn = (queues.get(format) ?? Promise.resolve()).then(() =>
    decodeNow(bytes, format, sniffed.offset, file, seconds),
  );
  queues.set(
    format,
    turn.catch(() => {}),
  );
  return turn;
}

async function decodeNow(
  bytes: Uint8Array,
  format: Compressed,
  offset: number,
  file: string,
  seconds?: number,
): Promise<Mono> {
  const ogg = ascii(bytes, 0, 4) === 'OggS';
  const packets = ogg ? checkOgg(bytes, file) : Number.POSITIVE_INFINITY;
  const whole = seconds === undefined && packets * mostPerPacket(bytes, format) <= wholeSamples;
  if (format === 'mp3') checkMpeg(bytes, offset, file);
  const promised = format === 'flac' && !ogg ? flacSamples(bytes, offset, file) : undefined;

  let decoder = living.get(format);
  if (!decoder) living.set(format, (decoder = await makers[format]()));
  const mix = new Mixer(file, seconds);
  try {
    if (whole && decoder.decodeFile) {
      mix.add(await quietly(() => decoder.decodeFile!(bytes)));
      return mix.take();
    }
    for (let at = offset; at < bytes.length && !mix.full; at += chunkBytes) {
      const chunk = bytes.subarray(at, at + chunkBytes);
      mix.add(await quietly(() => decoder.decode(chunk)));
    }
    if (mix.full) await decoder.reset();
    else mix.add(await quietly(() => decoder.flush()));
  } catch (fault) {
    living.delete(format); // A decoder that failed may be in any state; the next file gets a new one.
    if (fault instanceof Error && 'problems' in fault) throw fault;
    throw audioError(
      'corrupt',
      file,
      `its ${format} stream cannot be decoded (${fault instanceof Error ? fault.message : fault}).`,
    );
  }
  const mono = mix.take();
  if (promised && !mix.full && mono.samples.length < promised) {
    throw audioError(
      'truncated',
      file,
      `it promises ${promised} samples, but only ${mono.samples.length} can be decoded.`,
    );
  }
  if (format === 'mp3') mono.channels = mpegFrame(bytes, offset)?.channels ?? mono.channels;
  return mono;
}

/** Samples of all channels that a packet can hold: 120 ms of Opus, half of Vorbis's longest block; else unknown. */
function mostPerPacket(bytes: Uint8Array, format: Compressed): number {
  const head = 27 + bytes[26];
  if (format === 'opus') return 5760 * bytes[head + 9];
  return format === 'vorbis' ? 4096 * bytes[head + 11] : Number.POSITIVE_INFINITY;
}

/** Mixes pieces to mono as they come, so that many channels never lie in memory at once. */
class Mixer {
  readonly #pieces: Float32Array[] = [];
  readonly #file: string;
  readonly #seconds: number | undefined;
  #length = 0;
  #sampleRateHz = 0;
  #channels = 0;
  full = false;

  constructor(file: string, seconds: number | undefined) {
    this.#file = file;
    this.#seconds = seconds;
  }

  add(piece: Piece | undefined): void {
    if (!piece) return;
    if (piece.errors.length) throw new Error(piece.errors[0].message);
    const length = Math.min(piece.samplesDecoded, piece.channelData[0]?.length ?? 0);
    if (length <= 0) return;
    const channels = piece.channelData.length;
    if (this.#length > 0 && (channels !== this.#channels || piece.sampleRate !== this.#sampleRateHz)) {
      const now = `${piece.sampleRate} Hz × ${channels}`;
      throw new Error(`the format changes from ${this.#sampleRateHz} Hz × ${this.#channels} to ${now} on the way`);
    }
    this.#sampleRateHz = piece.sampleRate;
    this.#channels = channels;
    this.#length += length;
    if (this.#length > maxSamples) {
      throw audioError(
        'too-long',
        this.#file,
        `it has more than ${maxSamples} samples a channel, the most that can be read.`,
      );
    }
    if (this.#seconds !== undefined && this.#length >= this.#seconds * this.#sampleRateHz) this.full = true;
    this.#pieces.push(mean(piece.channelData, length));
  }

  take(): Mono {
    const wanted = this.full ? Math.floor((this.#seconds ?? 0) * this.#sampleRateHz) : this.#length;
    const samples = new Float32Array(wanted);
    let at = 0;
    for (const piece of this.#pieces) {
      samples.set(piece.subarray(0, wanted - at), at);
      at = Math.min(wanted, at + piece.length);
    }
    return { samples, sampleRateHz: this.#sampleRateHz, channels: this.#channels };
  }
}

function mean(channels: Float32Array[], length: number): Float32Array {
  if (channels.length === 1) return channels[0].subarray(0, length);
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (const channel of channels) sum += channel[i];
    out[i] = sum / channels.length;
  }
  return out;
}

/** The decoders write to the console what they also report; only the report is wanted. */
function quietly<T>(work: () => T): T {
  const { error, warn } = console;
  console.error = console.warn = () => {};
  try {
    return work(); // Their writing happens before the first await.
  } finally {
    console.error = error;
    console.warn = warn;
  }
}

function checkMpeg(bytes: Uint8Array, offset: number, file: string): void {
  const missing = mpegMissingBytes(bytes, offset);
  if (missing > 0) throw audioError('truncated', file, `its MPEG stream lacks ${missing} bytes at its end.`);
}

/** Samples a channel by STREAMINFO (RFC 9639, section 8.2); 0 where the encoder did not know. */
function flacSamples(bytes: Uint8Array, offset: number, file: string): number {
  if (bytes.length < offset + 42)
    throw audioError('truncated', file, `it ends at byte ${bytes.length}, within its FLAC header.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset + 8, 34);
  return (view.getUint8(13) & 15) * 2 ** 32 + view.getUint32(14);
}
