/** @file An audio file to samples: as they come, mono at its own rate, or at 16 kHz as the models take it. Knows no data set. */
import { UserError } from '../errors.ts';
import { blameNoFile, inWords } from '../machine.ts';
import { readMp3, readOgg } from './codecs.ts';
import { readWithLibav } from './libav.ts';
import { type ChannelChoice, cancels, loudest, toMono } from './mix.ts';
import { audioError } from './problems.ts';
import { Resampler } from './resample.ts';
import { sniff } from './sniff.ts';
import { type ByteSource, bytesSource, fileSource, sourceFrom, withoutTags } from './source.ts';
import { type Mono, maxSamples, modelRateHz, type Piece, type Reader, type Reading } from './types.ts';
import { readWav } from './wav.ts';

export interface DecodeOptions {
  /** Only the first so many seconds. */
  maxSeconds?: number;
  /** Which channel; their mean unless told. */
  channel?: ChannelChoice;
}

/** Mono samples at the source's rate; `channels` says how many the file has. */
export interface DecodedAudio extends Mono {
  format: string;
  /** What a person should know although the file was read: a cut end, a second sound track. */
  notes: string[];
}

/** A piece of one channel, in order. */
export interface MonoPiece {
  samples: Float32Array;
  sampleRateHz: number;
  /** All channels, before they were mixed. */
  of: Piece;
}

/** What is known of a recording once it was read to its end, or as far as was wanted. */
export interface Heard {
  format: string;
  /** Of its first piece. */
  sampleRateHz: number;
  channels: number;
  /** At 16 kHz. */
  samples16k: number;
  float: boolean;
  /** Where channels were mixed: the largest absolute value of their mean, and of any of them; else 0. */
  mixPeak: number;
  channelPeak: number;
  notes: string[];
}

const rates = { lowestHz: 1000, highestHz: 768_000 };

/** Gives every piece to `take`, which may say that it has had enough by giving back `false`; nothing is kept.
 * `input` is a path, or bytes that `file` names in messages.
 * @throws UserError `audio.*` naming the file. */
export async function hear(
  input: string | ByteSource,
  take: (piece: MonoPiece) => unknown,
  { file = String(input), channel = 'mix' }: { file?: string; channel?: ChannelChoice } = {},
): Promise<Heard> {
  const source = typeof input === 'string' ? await fileSource(input) : input;
  const notes: string[] = [];
  const reading: Reading = { file, note: (text) => notes.includes(text) || notes.push(text) };
  let taking = false;
  try {
    if (source.size === 0) throw audioError('empty-file', file, 'it has 0 bytes.');
    const reader = open(source, reading);
    const { format, float = false } = reader;
    const heard: Heard = {
      format,
      float,
      sampleRateHz: 0,
      channels: 0,
      samples16k: 0,
      mixPeak: 0,
      channelPeak: 0,
      notes,
    };
    let part = 0;
    let partHz = 0;
    for await (const piece of reader.pieces) {
      const { sampleRateHz } = piece;
      const { lowestHz, highestHz } = rates;
      if (!(sampleRateHz >= lowestHz && sampleRateHz <= highestHz)) {
        throw audioError('corrupt', file, `its rate is ${sampleRateHz} Hz; ${lowestHz} to ${highestHz} can be read.`);
      }
      const samples = toMono(piece, channel, file);
      const bad = firstNotFinite(samples);
      if (bad >= 0) throw audioError('not-finite', file, `sample ${part + bad} is ${samples[bad]}.`);
      if (sampleRateHz !== partHz) {
        heard.samples16k += partHz ? Math.round((part * modelRateHz) / partHz) : 0;
        heard.sampleRateHz ||= sampleRateHz;
        part = 0;
        partHz = sampleRateHz;
      }
      part += samples.length;
      heard.channels = Math.max(heard.channels, piece.channels.length);
      if (channel === 'mix' && piece.channels.length > 1) {
        heard.mixPeak = Math.max(heard.mixPeak, loudest({ ...piece, channels: [samples] }));
        heard.channelPeak = Math.max(heard.channelPeak, loudest(piece));
      }
      taking = true; // What goes wrong there is no fault of the file.
      if ((await take({ samples, sampleRateHz, of: piece })) === false) break;
      taking = false;
    }
    heard.samples16k += partHz ? Math.round((part * modelRateHz) / partHz) : 0;
    if (heard.samples16k === 0) throw audioError('no-samples', file, 'it holds no samples.');
    return heard;
  } catch (fault) {
    if (taking || fault instanceof UserError || !(fault instanceof Error)) throw fault;
    if (fault.message.startsWith('internal') || fault.name === 'AbortError') throw fault;
    // Of the moment and the machine: another time it may be read.
    blameNoFile(`read the audio file ${file}`, fault);
    if (inWords(fault) !== fault) throw audioError('unreadable', file, `it cannot be decoded now (${fault.message}).`);
    throw audioError('corrupt', file, `it cannot be decoded (${fault.message}).`);
  } finally {
    if (typeof input === 'string') source.close();
  }
}

function open(source: ByteSource, reading: Reading): Reader {
  const sniffed = sniff(source, reading.file);
  switch (sniffed.reader) {
    case 'wav': {
      const reader = readWav(source, reading);
      return reader === 'foreign' ? readWithLibav(source, 'a WAV file of compressed samples', reading) : reader;
    }
    case 'mp3':
      return readMp3(source, sniffed.offset, reading);
    case 'ogg':
      return readOgg(source, sniffed.codec, reading);
    case 'libav':
      return readWithLibav(withoutTags(sourceFrom(source, sniffed.offset)), sniffed.name, reading);
  }
}

function firstNotFinite(samples: Float32Array): number {
  for (let i = 0; i < samples.length; i++) if (!Number.isFinite(samples[i])) return i;
  return -1;
}

/** @throws UserError `audio.*` naming the file. */
export async function decodeAudio(path: string, options: DecodeOptions = {}): Promise<DecodedAudio> {
  return decodeFrom(path, path, options);
}

/** As `decodeAudio`, of bytes already read; `file` only names them in errors. */
export async function decodeBytes(bytes: Uint8Array, file: string, options: DecodeOptions = {}): Promise<DecodedAudio> {
  return decodeFrom(bytesSource(bytes), file, options);
}

/** Where the rate changes on the way, what follows is brought to the first one's. */
async function decodeFrom(
  input: string | ByteSource,
  file: string,
  { maxSeconds = Number.POSITIVE_INFINITY, channel }: DecodeOptions,
): Promise<DecodedAudio> {
  const kept = new Kept(file);
  let heardHz = 0;
  const parts: MonoPiece[] = [];
  const { format, sampleRateHz, channels, notes } = await hear(
    input,
    (piece) => {
      heardHz ||= piece.sampleRateHz;
      parts.push(piece);
      kept.count += Math.ceil((piece.samples.length * heardHz) / piece.sampleRateHz);
      kept.check();
      return kept.count < maxSeconds * heardHz;
    },
    { file, channel },
  );
  kept.count = 0;
  await toRate(parts, sampleRateHz, (samples) => kept.add(samples));
  const samples = kept.take(Math.floor(maxSeconds * sampleRateHz));
  return { samples, sampleRateHz, channels, format, notes };
}

async function toRate(parts: MonoPiece[], toHz: number, take: (samples: Float32Array) => void): Promise<void> {
  let resampler: Resampler | undefined;
  let fromHz = 0;
  const finish = () => {
    if (resampler) for (const piece of resampler.end()) take(piece);
  };
  for (const { samples, sampleRateHz } of parts) {
    if (sampleRateHz !== fromHz) {
      finish();
      fromHz = sampleRateHz;
      resampler = await Resampler.create(fromHz, toHz);
    }
    for (const piece of resampler!.push(samples)) take(piece);
  }
  finish();
}

/** Pieces that stay in memory, up to the most that may. */
class Kept {
  readonly #file: string;
  readonly #pieces: Float32Array[] = [];
  count = 0;

  constructor(file: string) {
    this.#file = file;
  }

  add(samples: Float32Array): void {
    this.#pieces.push(samples);
    this.count += samples.length;
    this.check();
  }

  check(): void {
    if (this.count > maxSamples) {
      throw audioError(
        'too-long',
        this.#file,
        `it unfolds to more than ${maxSamples} samples, the most that are kept at once.`,
      );
    }
  }

  take(most = Number.POSITIVE_INFINITY): Float32Array {
    const out = new Float32Array(Math.min(most, this.count));
    let at = 0;
    for (const piece of this.#pieces) {
      out.set(piece.subarray(0, out.length - at), at);
      at = Math.min(out.length, at + piece.length);
    }
    return out;
  }
}

/** At 16 kHz, as it comes and not normalised, a bounded number of samples at a time. */
export async function stream16k(
  path: string,
  take: (samples: Float32Array) => void,
  channel: ChannelChoice = 'mix',
): Promise<Heard> {
  let resampler: Resampler | undefined;
  let fromHz = 0;
  const finish = () => {
    if (resampler) for (const piece of resampler.end()) take(piece);
  };
  const heard = await hear(
    path,
    async ({ samples, sampleRateHz }) => {
      if (sampleRateHz !== fromHz) {
        finish();
        fromHz = sampleRateHz;
        resampler = await Resampler.create(fromHz);
      }
      for (const piece of resampler!.push(samples)) take(piece);
    },
    { channel },
  );
  finish();
  return heard;
}

/** 16 kHz mono, not normalised.
 * @throws UserError `audio.*`, and `audio.channels-cancel` where the channels were mixed and nothing is left. */
export async function loadAudio16k(
  path: string,
  { channel = 'mix', note }: { channel?: ChannelChoice; note?: (text: string) => void } = {},
): Promise<Float32Array> {
  const kept = new Kept(path);
  const { mixPeak, channelPeak, channels, notes } = await stream16k(path, (samples) => kept.add(samples), channel);
  if (cancels(mixPeak, channelPeak, channels)) {
    throw audioError('channels-cancel', path, `its ${channels} channels cancel out: mixed, nothing is left of them.`);
  }
  if (note) for (const text of notes) note(text);
  return kept.take();
}
