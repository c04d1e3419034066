/** @file Uncompressed samples from bytes: integers of 1 to 4 bytes, floats, A-law and mu-law. Knows no container. */
import type { ByteSource } from './source.ts';
import type { Piece } from './types.ts';

export interface PcmShape {
  kind: 'int' | 'float' | 'alaw' | 'ulaw';
  channels: number;
  sampleRateHz: number;
  /** Of one sample of one channel. */
  bytes: number;
  /** How far integers are shifted to the right of full scale, where a deeper container is not filled from the top. */
  shift: number;
  bigEndian: boolean;
}

/** Where samples lie in the file. */
export interface Stretch {
  at: number;
  bytes: number;
}

const pieceBytes = 1 << 20;

/** Whole frames of all stretches, joined; a frame may lie across two. */
export function* readPcm(source: ByteSource, shape: PcmShape, stretches: Iterable<Stretch>): Generator<Piece> {
  const frameBytes = shape.bytes * shape.channels;
  const step = Math.max(1, Math.floor(pieceBytes / frameBytes)) * frameBytes;
  let rest: Uint8Array = new Uint8Array(0);
  for (const { at, bytes } of stretches) {
    for (let done = 0; done < bytes; ) {
      const read = source.read(at + done, Math.min(step, bytes - done));
      if (read.length === 0) return;
      done += read.length;
      const block = rest.length ? Buffer.concat([rest, read]) : read;
      const frames = Math.floor(block.length / frameBytes);
      rest = block.slice(frames * frameBytes);
      if (frames > 0) yield { channels: planar(block, frames, shape), sampleRateHz: shape.sampleRateHz };
    }
  }
}

function planar(bytes: Uint8Array, frames: number, shape: PcmShape): Piece['channels'] {
  const { channels, bytes: width, kind } = shape;
  const ordered = shape.bigEndian && width > 1 ? reversed(bytes.subarray(0, frames * channels * width), width) : bytes;
  // Floats of 4 bytes hold these exactly; the others are rounded once, when they are mixed.
  const exact = kind === 'float' ? width === 4 : width < 4;
  return Array.from({ length: channels }, (_, channel) => {
    const out = exact ? new Float32Array(frames) : new Float64Array(frames);
    fill(out, ordered, channel * width, channels * width, shape);
    return out;
  });
}

function fill(out: Float32Array | Float64Array, b: Uint8Array, start: number, step: number, shape: PcmShape): void {
  const { kind, bytes: width, shift } = shape;
  const n = out.length;
  let at = start;
  if (kind === 'float') {
    const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
    if (width === 4) for (let i = 0; i < n; i++, at += step) out[i] = view.getFloat32(at, true);
    else for (let i = 0; i < n; i++, at += step) out[i] = view.getFloat64(at, true);
  } else if (kind !== 'int') {
    const table = kind === 'alaw' ? alaw : ulaw;
    for (let i = 0; i < n; i++, at += step) out[i] = table[b[at]];
  } else if (width === 1) {
    for (let i = 0; i < n; i++, at += step) out[i] = (b[at] - 128) / 2 ** (7 - shift);
  } else if (width === 2) {
    for (let i = 0; i < n; i++, at += step) out[i] = (((b[at] | (b[at + 1] << 8)) << 16) >> 16) / 2 ** (15 - shift);
  } else if (width === 3) {
    const scale = 2 ** (23 - shift);
    for (let i = 0; i < n; i++, at += step) {
      out[i] = (((b[at] << 8) | (b[at + 1] << 16) | (b[at + 2] << 24)) >> 8) / scale;
    }
  } else {
    const scale = 2 ** (31 - shift);
    for (let i = 0; i < n; i++, at += step) {
      out[i] = (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) / scale;
    }
  }
}

function reversed(bytes: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += width) {
    for (let i = 0; i < width; i++) out[at + i] = bytes[at + width - 1 - i];
  }
  return out;
}

/** ITU-T G.711: 13 bits of A-law and 14 of mu-law, as sixteenths of full scale of 16 bit. */
const alaw = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const mantissa = ((bits & 15) << 4) + 8;
  const size = exponent === 0 ? mantissa : (mantissa + 256) << (exponent - 1);
  return (bits & 0x80 ? size : -size) / 2 ** 15;
});
const ulaw = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 255;
  const size = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return (bits & 0x80 ? -size : size) / 2 ** 15;
});
