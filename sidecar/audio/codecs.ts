/** @file The decoders of MP3, Opus and Vorbis (WebAssembly), lent out for one file at a time. Knows no data set. */
import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis';
import { MPEGDecoder } from 'mpg123-decoder';
import { OggOpusDecoder } from 'ogg-opus-decoder';
import { mpegRuns, xingBytes } from './mpeg.ts';
import { type OggCodec, type OggLink, oggLinks } from './ogg.ts';
import { audioError } from './problems.ts';
import type { ByteSource } from './source.ts';
import type { Piece, Reader, Reading } from './types.ts';

type Kind = 'mp3' | 'opus' | 'vorbis';

interface Decoded {
  channelData: Float32Array[];
  samplesDecoded: number;
  sampleRate: number;
  errors: { message: string }[];
}

interface Decoder {
  decode(bytes: Uint8Array): Promise<Decoded> | Decoded;
  /** What is left; the decoder is as new afterwards. */
  flush(): Promise<Decoded | undefined>;
  /** Back to the state of a new decoder. */
  reset(): Promise<void>;
}

const chunkBytes = 1 << 16;
const mostIdle = 2;

const makers: Record<Kind, () => Promise<Decoder>> = {
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

const idle: Record<Kind, Decoder[]> = { mp3: [], opus: [], vorbis: [] };

/** All of one stream, in order. A decoder that failed may be in any state, and is not used again. */
async function* decodeWith(kind: Kind, chunks: Iterable<Uint8Array>, file: string): AsyncGenerator<Piece> {
  const decoder = idle[kind].pop() ?? (await makers[kind]());
  let state: 'new' | 'used' | 'failed' = 'used';
  try {
    for (const chunk of chunks) {
      const piece = pieceOf(await attempt(() => decoder.decode(chunk)));
      if (piece) yield piece;
    }
    const last = pieceOf(await attempt(() => decoder.flush()));
    state = 'new';
    if (last) yield last;
  } finally {
    if (state === 'used') await decoder.reset().then(() => (state = 'new'));
    if (state === 'new' && idle[kind].length < mostIdle) idle[kind].push(decoder);
  }

  async function attempt(work: () => Promise<Decoded | undefined> | Decoded): Promise<Decoded | undefined> {
    try {
      const decoded = await quietly(work);
      if (decoded?.errors.length) throw new Error(decoded.errors[0].message);
      return decoded;
    } catch (fault) {
      state = 'failed';
      const said = fault instanceof Error ? fault.message : fault;
      throw audioError('corrupt', file, `its ${kind} stream cannot be decoded (${said}).`);
    }
  }
}

function pieceOf(decoded: Decoded | undefined): Piece | undefined {
  if (!decoded) return undefined;
  const length = Math.min(decoded.samplesDecoded, decoded.channelData[0]?.length ?? 0);
  if (length <= 0) return undefined;
  return {
    channels: decoded.channelData.map((channel) => channel.subarray(0, length)),
    sampleRateHz: decoded.sampleRate,
  };
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

/** From the frame at `start` on. Files that were joined are decoded one by one where their rates differ. */
export function readMp3(source: ByteSource, start: number, reading: Reading): Reader {
  return { format: 'mp3', pieces: mp3Pieces(source, start, reading) };
}

async function* mp3Pieces(source: ByteSource, start: number, { file, note }: Reading): AsyncGenerator<Piece> {
  const promised = xingBytes(source, start);
  let cut = promised !== undefined && start + promised > source.size;
  let runs = 0;
  for (const run of mpegRuns(source, start)) {
    runs++;
    cut ||= run.missing > 0;
    for await (const { channels, sampleRateHz } of decodeWith('mp3', chunksOf(source, run.from, run.to), file)) {
      // mpg123-decoder gives two channels always.
      yield { channels: run.channels === 1 ? channels.slice(0, 1) : channels, sampleRateHz };
    }
  }
  if (runs > 1) note(`It is joined of ${runs} streams of different rates: each is read at its own.`);
  if (cut) note('Its end is cut off: what is there is read.');
}

function* chunksOf(source: ByteSource, from: number, to: number): Generator<Uint8Array> {
  for (let at = from; at < to; at += chunkBytes) yield source.read(at, Math.min(chunkBytes, to - at));
}

/** Ogg with Opus or Vorbis in every link; `undefined` where another codec is in it. */
export function readOgg(source: ByteSource, codec: OggCodec, reading: Reading): Reader {
  return { format: codec, pieces: oggPieces(oggLinks(source, reading), reading) };
}

async function* oggPieces(links: Iterable<OggLink>, { file, note }: Reading): AsyncGenerator<Piece> {
  let count = 0;
  for (const { codec, pieces } of links) {
    if (codec !== 'opus' && codec !== 'vorbis') {
      throw audioError(
        'unsupported',
        file,
        `link ${count + 1} of its chain is ${codec}, behind links of another codec.`,
      );
    }
    count++;
    yield* decodeWith(codec, pieces, file);
  }
  if (count > 1) note(`It is a chain of ${count} recordings, read one after another.`);
}
