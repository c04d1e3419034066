/** @file Reads WAV (RIFF and RF64): PCM 8 to 32 bit, float 32 and 64. A container, not a codec, so it is ours:
 * the libraries for it on npm have been without care for years. Knows no other format. */
import { audioError } from './problems.ts';
import { ascii } from './sniff.ts';
import { type Mono, maxSamples } from './types.ts';

interface Shape {
  kind: 'pcm' | 'float';
  channels: number;
  sampleRateHz: number;
  bits: number;
}

/** Samples mixed to mono at the file's rate, in [-1, 1) for PCM. */
export function decodeWav(bytes: Uint8Array, file: string, limit: { seconds?: number } = {}): Mono {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let shape: Shape | undefined;
  let longData: number | undefined;
  for (let offset = 12; offset + 8 <= bytes.length; ) {
    const id = ascii(bytes, offset, 4);
    const size = view.getUint32(offset + 4, true);
    const body = offset + 8;
    if (id === 'data') {
      if (!shape) throw audioError('corrupt', file, 'its data chunk comes before its fmt chunk.');
      return readSamples(view, body, dataBytes(view, body, size, longData, file), shape, file, limit.seconds);
    }
    if (body + size > bytes.length) {
      const what = `its chunk "${id.replace(/[^\x20-\x7e]/g, '.')}" promises ${size} bytes`;
      throw audioError('truncated', file, `${what}, but ${bytes.length - body} are left in the file.`);
    }
    if (id === 'fmt ') shape = readShape(view, body, size, file);
    if (id === 'ds64' && size >= 16) longData = Number(view.getBigUint64(body + 8, true));
    offset = body + size + (size & 1);
  }
  throw audioError('truncated', file, `it ends at byte ${bytes.length} without a data chunk.`);
}

/** 0 and 0xFFFFFFFF are what a program writes that streams and cannot go back: then all that is there is taken. */
function dataBytes(view: DataView, body: number, size: number, longData: number | undefined, file: string): number {
  const left = view.byteLength - body;
  const promised = size === 0xffffffff && longData ? longData : size;
  const riffIsTrue = view.getUint32(4, true) + 8 === view.byteLength;
  if (promised === 0xffffffff || (promised === 0 && !riffIsTrue)) return left;
  if (promised > left) {
    throw audioError('truncated', file, `its header promises ${promised} bytes of samples, but ${left} are there.`);
  }
  return promised;
}

function readShape(view: DataView, body: number, size: number, file: string): Shape {
  if (size < 16) throw audioError('corrupt', file, `its fmt chunk has ${size} bytes; at least 16 are expected.`);
  let tag = view.getUint16(body, true);
  const channels = view.getUint16(body + 2, true);
  const sampleRateHz = view.getUint32(body + 4, true);
  const blockBytes = view.getUint16(body + 12, true);
  const bits = view.getUint16(body + 14, true);
  if (tag === 0xfffe) {
    if (size < 40) throw audioError('corrupt', file, `its extensible fmt chunk has ${size} bytes; 40 are expected.`);
    tag = view.getUint16(body + 24, true);
  }
  const kind = tag === 1 ? 'pcm' : tag === 3 ? 'float' : undefined;
  const fits = kind === 'pcm' ? [8, 16, 24, 32].includes(bits) : kind === 'float' && [32, 64].includes(bits);
  if (!kind || !fits) {
    const name =
      { 1: 'PCM', 2: 'ADPCM', 3: 'float', 6: 'A-law', 7: 'mu-law', 17: 'ADPCM', 85: 'MP3' }[tag] ?? 'unknown';
    const supported = 'PCM of 8, 16, 24 or 32 bit and float of 32 or 64 bit are supported.';
    throw audioError('unsupported', file, `its samples are ${bits}-bit ${name} (WAV format ${tag}); ${supported}`);
  }
  if (channels === 0 || channels > 256) throw audioError('corrupt', file, `its header says ${channels} channels.`);
  if (blockBytes !== (channels * bits) / 8) {
    const right = `${channels} channels of ${bits} bit make ${(channels * bits) / 8}`;
    throw audioError('corrupt', file, `its header says ${blockBytes} bytes a frame, but ${right}.`);
  }
  return { kind, channels, sampleRateHz, bits };
}

function readSamples(view: DataView, body: number, length: number, shape: Shape, file: string, seconds?: number): Mono {
  const { channels, sampleRateHz, bits } = shape;
  const width = bits / 8;
  const wanted = seconds === undefined ? Number.POSITIVE_INFINITY : Math.floor(seconds * sampleRateHz);
  const frames = Math.min(wanted, Math.floor(length / (width * channels)));
  if (frames > maxSamples) {
    throw audioError('too-long', file, `it has ${frames} samples a channel; ${maxSamples} can be read.`);
  }
  const read = reader(view, shape);
  const samples = new Float32Array(frames);
  for (let frame = 0, at = body; frame < frames; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, at += width) sum += read(at);
    samples[frame] = sum / channels;
  }
  return { samples, sampleRateHz, channels };
}

function reader(view: DataView, { kind, bits }: Shape): (at: number) => number {
  if (kind === 'float') return bits === 32 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  switch (bits) {
    case 8:
      return (at) => (view.getUint8(at) - 128) / 2 ** 7;
    case 16:
      return (at) => view.getInt16(at, true) / 2 ** 15;
    case 24:
      return (at) => (view.getUint8(at) | (view.getInt16(at + 1, true) << 8)) / 2 ** 23;
    default:
      return (at) => view.getInt32(at, true) / 2 ** 31;
  }
}
