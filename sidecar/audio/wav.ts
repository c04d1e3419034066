/** @file Reads WAV and its kin (RIFF, RIFX, RF64, BW64, Sony W64) of uncompressed samples. A container, not a codec, so it
 * is ours: bits must come out exactly, and headers of pipes, recorders and archives lie in ways that decoders trust. */
import { tooManyChannels } from './mix.ts';
import { type PcmShape, readPcm, type Stretch } from './pcm.ts';
import { audioError } from './problems.ts';
import { ascii, type ByteSource } from './source.ts';
import { mostChannels, type Reader, type Reading } from './types.ts';

interface Chunk {
  id: string;
  body: number;
  /** As promised. */
  size: number;
}

const mostChunks = 100_000;
const countBytes = 1 << 16;

/** A reader, or `foreign` where the samples are compressed: another decoder's work. */
export function readWav(source: ByteSource, reading: Reading): Reader | 'foreign' {
  const { file } = reading;
  const w64 = ascii(source.read(0, 4), 0, 4) === 'riff';
  const bigEndian = ascii(source.read(0, 4), 0, 4) === 'RIFX';
  const stretches: Stretch[] = [];
  let shape: PcmShape | 'foreign' | undefined;
  let longData: number | undefined;
  let dataSeen = false;
  let count = 0;
  let offset = w64 ? 40 : 12;
  for (;;) {
    const chunk = w64 ? chunkOfW64(source, offset) : chunkOfRiff(source, offset, bigEndian);
    if (!chunk || count++ > mostChunks) break;
    const { id, body } = chunk;
    if (id === 'data') {
      if (shape === 'foreign') return shape;
      dataSeen = true;
      const stretch = dataOf(source, chunk, longData, bigEndian, reading);
      if (stretch.bytes > 0) stretches.push(stretch);
      offset = next(stretch.at + stretch.bytes, w64);
      continue;
    }
    if (chunk.size > source.size - body) {
      if (stretches.length) break; // What lies behind the samples may lie.
      const what = `its chunk "${id.replace(/[^\x20-\x7e]/g, '.')}" promises ${chunk.size} bytes`;
      throw audioError('truncated', file, `${what}, but ${source.size - body} are left in the file.`);
    }
    if (id === 'fmt ' && !shape) {
      shape = shapeOf(source.read(body, Math.min(chunk.size, 64)), bigEndian, reading);
    }
    if (id === 'ds64' && chunk.size >= 16) longData = Number(view(source.read(body, 16)).getBigUint64(8, true));
    offset = next(body + chunk.size, w64);
  }
  if (shape === 'foreign') return shape;
  if (!shape) throw audioError('truncated', file, `it ends at byte ${source.size} without a fmt chunk.`);
  if (!dataSeen) throw audioError('truncated', file, `it ends at byte ${source.size} without a data chunk.`);
  if (stretches.length > 1) {
    reading.note(`Its samples lie in ${stretches.length} data chunks: they are read one after another.`);
  }
  const read = { ...shape, shift: shiftOf(source, shape, stretches) };
  return { format: 'wav', pieces: readPcm(source, read, stretches), float: shape.kind === 'float' };
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function next(end: number, w64: boolean): number {
  return w64 ? Math.ceil(end / 8) * 8 : end + (end & 1 ? 1 : 0);
}

function chunkOfRiff(source: ByteSource, offset: number, bigEndian: boolean): Chunk | undefined {
  const head = source.read(offset, 8);
  if (head.length < 8) return undefined;
  return { id: ascii(head, 0, 4), body: offset + 8, size: view(head).getUint32(4, !bigEndian) };
}

/** Its names are GUIDs whose first four bytes are the RIFF name; its sizes count their own 24 bytes of header. */
function chunkOfW64(source: ByteSource, offset: number): Chunk | undefined {
  const head = source.read(offset, 24);
  if (head.length < 24) return undefined;
  const size = Number(view(head).getBigUint64(16, true));
  return { id: ascii(head, 0, 4), body: offset + 24, size: Math.max(0, size - 24) };
}

/** Sizes that a program writes which cannot go back: 0, the largest of 31 and 32 bits, and these less a header or rounded. */
function isOfStream(size: number): boolean {
  return size >= 0xffff0000 || Math.abs(size - 0x7fffffff) <= 0x10000;
}

function dataOf(
  source: ByteSource,
  { body, size }: Chunk,
  longData: number | undefined,
  bigEndian: boolean,
  { note }: Reading,
): Stretch {
  const left = source.size - body;
  const promised = size === 0xffffffff && longData ? longData : size;
  const riffIsTrue = view(source.read(0, 8)).getUint32(4, !bigEndian) + 8 === source.size;
  if (promised === 0 && !riffIsTrue) return { at: body, bytes: left };
  if (promised > left) {
    if (!isOfStream(promised)) {
      note(`Its end is cut off: its header promises ${promised} bytes of samples, ${left} are there and are read.`);
    }
    return { at: body, bytes: left };
  }
  // 32 bits counted more than they hold.
  const rounds = Math.floor((left - promised) / 2 ** 32);
  const unrolled = promised + rounds * 2 ** 32;
  return { at: body, bytes: rounds > 0 && left - unrolled < 2 ** 20 ? unrolled : promised };
}

function shapeOf(fmt: Uint8Array, bigEndian: boolean, { file, note }: Reading): PcmShape | 'foreign' {
  if (fmt.length < 14)
    throw audioError('corrupt', file, `its fmt chunk has ${fmt.length} bytes; at least 14 are expected.`);
  const fields = view(fmt);
  let tag = fields.getUint16(0, !bigEndian);
  const channels = fields.getUint16(2, !bigEndian);
  const sampleRateHz = fields.getUint32(4, !bigEndian);
  const blockBytes = fields.getUint16(12, !bigEndian);
  const perSample = channels > 0 ? blockBytes / channels : 0;
  const bits = (fmt.length >= 16 && fields.getUint16(14, !bigEndian)) || perSample * 8;
  if (tag === 0xfffe) {
    if (fmt.length < 40)
      throw audioError('corrupt', file, `its extensible fmt chunk has ${fmt.length} bytes; 40 are expected.`);
    tag = fields.getUint16(24, !bigEndian);
  }
  if (channels === 0) throw audioError('corrupt', file, 'its header says 0 channels.');
  if (channels > mostChannels) throw tooManyChannels(channels, file);
  const kind = ({ 1: 'int', 3: 'float', 6: 'alaw', 7: 'ulaw' } as const)[tag];
  if (!kind) return 'foreign';
  const least = kind === 'int' || kind === 'float' ? Math.ceil(bits / 8) : 1;
  const fits = kind === 'int' ? [1, 2, 3, 4] : kind === 'float' ? [4, 8] : [1];
  const bytes = fits.includes(perSample) && perSample >= least ? perSample : least;
  if (!fits.includes(bytes)) {
    const name = kind === 'int' ? 'PCM' : 'float';
    throw audioError(
      'unsupported',
      file,
      `its samples are ${bits}-bit ${name}; PCM of 1 to 32 bit, float of 32 and 64 are read.`,
    );
  }
  if (bytes !== perSample) {
    note(`Its header says ${blockBytes} bytes a frame; ${channels * bytes} are taken, by its channels and bits.`);
  }
  return { kind, channels, sampleRateHz, bytes, shift: kind === 'int' ? bytes * 8 - bits : 0, bigEndian };
}

/** Fewer bits than their bytes hold stand at the top, by the standard; some programs put them at the bottom. */
function shiftOf(source: ByteSource, shape: PcmShape, stretches: Stretch[]): number {
  if (shape.shift <= 0 || shape.bytes === 1 || !stretches.length) return 0;
  const { at, bytes } = stretches[0];
  const whole = Math.floor(Math.min(bytes, countBytes) / (shape.bytes * shape.channels)) * shape.bytes * shape.channels;
  const all = { ...shape, shift: 0, channels: 1 };
  const top = 2 ** (8 * shape.bytes - 1);
  const highest = 2 ** (8 * shape.bytes - 1 - shape.shift);
  for (const { channels } of readPcm(source, all, [{ at, bytes: whole }])) {
    let low = false;
    for (const value of channels[0]) {
      const integer = value * top;
      if (integer < -highest || integer >= highest) return 0;
      if (integer % 2 ** shape.shift !== 0) low = true;
    }
    return low ? shape.shift : 0;
  }
  return 0;
}
