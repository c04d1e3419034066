/** @file FFmpeg's demuxers and decoders as a WebAssembly module (sidecar/audio/libav-audio): everything that has no reader of its
 * own here. A module's instance lives for one file, reads through one function, and cannot hold more than 256 MB. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.ts';
import { endsInAdtsFrame } from './adts.ts';
import { tooManyChannels } from './mix.ts';
import { largestPage } from './ogg.ts';
import { audioError } from './problems.ts';
import { ascii, type ByteSource } from './source.ts';
import { modelRateHz, type Piece, type Reader, type Reading } from './types.ts';

/** What is used of WebAssembly: Node's types name it, and little of it. */
interface Wasm {
  Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): { module: string; name: string }[];
  };
  Instance: new (module: object, imports: Record<string, Record<string, unknown>>) => { exports: unknown };
  RuntimeError: { [Symbol.hasInstance](fault: unknown): boolean };
}
const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: Wasm };

interface Module {
  memory: { buffer: ArrayBuffer };
  _initialize(): void;
  open_input(bytes: number, probeBytes: number): number;
  next_piece(): number;
  samples(): number;
  text(which: number): number;
  fact(which: number): number;
  promised(): number;
}

/** What `fact()` is asked for. `early`, `inner` and `pending` count packets that could not be decoded: before the first
 * sample, between samples, and behind the last. */
const fact = { rate: 0, channels: 1, early: 2, inner: 3, pending: 4, tracks: 5, bits: 6 };

const probeBytes = 1 << 20;
/** A demuxer that is led in circles reads the same bytes again and again. */
const mostReads = 64;
const noAudio = -1000;
const noDecoder = -1001;
const manyChannels = -1002;

let compiled: object | undefined;

/** Beside the bundle, or in the sources. */
function compile(): object {
  if (compiled) return compiled;
  const places = ['./libav-audio.wasm', '../../sidecar/audio/libav-audio/libav-audio.wasm'];
  const found = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
  if (!found) throw new Error('internal: libav-audio.wasm is not beside the program');
  compiled = new wasm.Module(readFileSync(found));
  return compiled;
}

function instantiate(source: ByteSource): Module {
  let budget = mostReads * (source.size + probeBytes);
  let module: Module;
  const read = (pointer: number, length: number, at: number): number => {
    const bytes = source.read(at, Math.max(0, length));
    budget -= bytes.length + 512;
    if (budget < 0) throw new Error('its parts point at each other without end');
    new Uint8Array(module.memory.buffer, pointer, length).set(bytes);
    return bytes.length;
  };
  const badHandle = 8;
  const imports: Record<string, Record<string, unknown>> = { env: { host_read: read } };
  for (const { module: room, name } of wasm.Module.imports(compile())) {
    imports[room] ??= {};
    if (room !== 'env') imports[room][name] = name === 'clock_time_get' ? () => 0 : () => badHandle;
  }
  module = new wasm.Instance(compile(), imports).exports as Module;
  module._initialize();
  return module;
}

function textOf(module: Module, which: number): string {
  const memory = new Uint8Array(module.memory.buffer);
  const start = module.text(which);
  const end = memory.indexOf(0, start);
  return Buffer.from(memory.subarray(start, end)).toString('utf8');
}

/** `what` says what its first bytes promise, for the message where it cannot be opened. */
export function readWithLibav(source: ByteSource, what: string, reading: Reading): Reader {
  const { file } = reading;
  const refuse = (fault: unknown) => {
    // A trap of WebAssembly says "unreachable", which helps nobody.
    const said = fault instanceof wasm.RuntimeError ? 'it is broken' : (fault as Error).message;
    return audioError('corrupt', file, `it is ${what}, but cannot be read: ${said}.`);
  };
  let module: Module;
  let result: number;
  try {
    module = instantiate(source);
    result = module.open_input(source.size, probeBytes);
  } catch (fault) {
    if (fault instanceof UserError) throw fault;
    throw refuse(fault);
  }
  if (result === noAudio) throw audioError('unsupported', file, `it is ${what} without a sound track.`);
  if (result === noDecoder) {
    throw audioError(
      'unsupported',
      file,
      `it is ${what} whose sound is ${textOf(module, 1)}, which cannot be decoded here.`,
    );
  }
  if (result < 0) {
    const unfinished = what.startsWith('an MP4') && !hasIndex(source);
    throw refuse(
      new Error(unfinished ? 'its index (moov) is not in it, as where a recording broke off' : textOf(module, 2)),
    );
  }
  const tracks = module.fact(fact.tracks);
  if (tracks > 1) reading.note(`It has ${tracks} sound tracks: the first is read.`);
  const codec = textOf(module, 1);
  const ogg = ascii(source.read(0, 4), 0, 4) === 'OggS';
  const cut = ogg ? endsInPage(source) : what === 'an AAC file' && endsInAdtsFrame(source);
  const pieces = decodePieces(module, codec, what, reading, refuse, cut);
  return { format: codec, pieces, float: codec.startsWith('pcm_f') };
}

/** Whether one of the boxes of an MP4 file is its index (ISO/IEC 14496-12). */
function hasIndex(source: ByteSource): boolean {
  for (let at = 0, count = 0; count < 10_000; count++) {
    const head = source.read(at, 8);
    if (head.length < 8) return false;
    if (ascii(head, 4, 4) === 'moov') return true;
    const bytes = new DataView(head.buffer, head.byteOffset).getUint32(0);
    if (bytes < 8) return false;
    at += bytes;
  }
  return false;
}

/** Whether an Ogg file's last page goes past its end: FFmpeg drops such a page without a word. */
function endsInPage(source: ByteSource): boolean {
  const from = Math.max(0, source.size - largestPage);
  const tail = source.read(from, largestPage);
  for (let at = tail.length - 4; at >= 0; at--) {
    if (ascii(tail, at, 4) !== 'OggS') continue;
    let end = at + 27 + (tail[at + 26] ?? 0);
    for (let i = at + 27; i < Math.min(at + 27 + tail[at + 26], tail.length); i++) end += tail[i];
    return end > tail.length;
  }
  return false;
}

function* decodePieces(
  module: Module,
  codec: string,
  what: string,
  { file, note }: Reading,
  refuse: (fault: unknown) => Error,
  cut: boolean,
): Generator<Piece> {
  const promised = module.promised();
  let seconds = 0;
  for (;;) {
    let samples: number;
    try {
      samples = module.next_piece();
    } catch (fault) {
      if (fault instanceof UserError) throw fault;
      throw refuse(fault);
    }
    if (samples === manyChannels) throw tooManyChannels(module.fact(fact.channels), file);
    if (samples < 0)
      throw refuse(new Error(samples === -1003 ? 'it holds packets without sound' : 'its samples are broken'));
    if (samples === 0) break;
    const sampleRateHz = module.fact(fact.rate);
    const at = module.samples();
    const channels = Array.from({ length: module.fact(fact.channels) }, (_, channel) =>
      new Float32Array(module.memory.buffer, at + 4 * samples * channel, samples).slice(),
    );
    if (codec === 'flac') for (const channel of channels) rescale(channel, module.fact(fact.bits));
    seconds += samples / sampleRateHz;
    yield { channels, sampleRateHz };
  }
  const inner = module.fact(fact.inner);
  if (inner > 0) {
    const places = inner === 1 ? 'in one place' : `in ${inner} places`;
    throw audioError('corrupt', file, `it is ${what} whose ${codec} stream is damaged ${places} before its end.`);
  }
  const missing = promised - seconds;
  // A header may count the filling of the last packet.
  const packet = codec.startsWith('pcm') ? 0 : 4608 / (module.fact(fact.rate) || modelRateHz);
  const broken = module.fact(fact.pending) > 0;
  const short = missing > Math.max(0.05, 0.001 * promised) && (broken || missing > packet);
  if (cut || (promised > 0 ? short : broken)) {
    const of = !cut && promised > 0 && missing > 0 ? `${seconds.toFixed(2)} of ${promised.toFixed(2)} s` : 'what';
    note(`Its end is cut off: ${of === 'what' ? 'what is there' : of} ${of === 'what' ? 'is' : 'are'} read.`);
  }
}

/** The scale that FLAC has always had here: full scale is 2^(bits−1) − 1, one step less than in WAV. */
function rescale(samples: Float32Array, bits: number): void {
  const top = 2 ** ((bits || 16) - 1);
  for (let i = 0; i < samples.length; i++) samples[i] = (samples[i] * top) / (top - 1);
}
