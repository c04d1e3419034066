/** @file Walks MPEG audio frame headers: where the stream starts, its rate and channels, and whether its end is there.
 * ISO/IEC 11172-3 and 13818-3. Decodes nothing. */
import type { ByteSource } from './source.ts';

export interface MpegFrame {
  bytes: number;
  sampleRateHz: number;
  channels: number;
  layer: number;
}

// kbit/s by [MPEG-1, MPEG-2/2.5][layer I, II, III][index].
const kbps = [
  [
    [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  ],
  [
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  ],
];

/** The header at `offset`, or undefined where there is none (free-format bit rates count as none). */
export function mpegFrame(bytes: Uint8Array, offset: number): MpegFrame | undefined {
  if (offset + 4 > bytes.length || bytes[offset] !== 0xff || (bytes[offset + 1] & 0xe0) !== 0xe0) return undefined;
  const version = (bytes[offset + 1] >> 3) & 3; // 0: 2.5, 2: 2, 3: 1
  const layer = 4 - ((bytes[offset + 1] >> 1) & 3);
  const rateIndex = (bytes[offset + 2] >> 2) & 3;
  const rateCode = bytes[offset + 2] >> 4;
  if (version === 1 || layer === 4 || rateIndex === 3 || rateCode === 0 || rateCode === 15) return undefined;
  const low = version === 3 ? 0 : 1;
  const sampleRateHz = [44100, 48000, 32000][rateIndex] >> (version === 3 ? 0 : version === 2 ? 1 : 2);
  const bitsPerSecond = kbps[low][layer - 1][rateCode] * 1000;
  const padding = (bytes[offset + 2] >> 1) & 1;
  const size =
    layer === 1
      ? (Math.floor((12 * bitsPerSecond) / sampleRateHz) + padding) * 4
      : Math.floor(((layer === 3 && low ? 72 : 144) * bitsPerSecond) / sampleRateHz) + padding;
  return { bytes: size, sampleRateHz, channels: bytes[offset + 3] >> 6 === 3 ? 1 : 2, layer };
}

/** Bytes searched for a start, where a stream begins in the middle of a frame or behind something else. */
const searched = 1 << 20;
/** So many frames in a row that agree are no accident. */
const confirming = 4;

function frameAt(source: ByteSource, offset: number): MpegFrame | undefined {
  return mpegFrame(source.read(offset, 4), 0);
}

/** Where the first frame starts: zeros before it are skipped, and a second frame (or the end) must follow it. */
export function firstMpegFrame(source: ByteSource, from: number): number | undefined {
  let offset = from;
  while (offset < source.size && offset < from + searched && source.read(offset, 1)[0] === 0) offset++;
  const frame = frameAt(source, offset);
  if (!frame) return undefined;
  const next = offset + frame.bytes;
  return next >= source.size || frameAt(source, next) || tagBytes(source, next) ? offset : undefined;
}

/** Where, within the first megabyte, frames that agree begin: for streams that start anywhere. */
export function searchMpegFrame(source: ByteSource, from: number, to = source.size): number | undefined {
  const end = Math.min(to, source.size, from + searched);
  for (let offset = from; offset < end; offset++) if (agree(source, offset)) return offset;
  return undefined;
}

/** Whether frames of one kind follow each other from here, to the end or as many as convince. */
function agree(source: ByteSource, start: number): boolean {
  const first = frameAt(source, start);
  if (!first) return false;
  let offset = start;
  for (let count = 0; count < confirming; count++) {
    const frame = frameAt(source, offset);
    if (!frame || !alike(frame, first)) return count > 1 && (offset >= source.size || tagBytes(source, offset) > 0);
    offset += frame.bytes;
  }
  return true;
}

type Kind = Pick<MpegFrame, 'sampleRateHz' | 'layer'>;

function alike(a: Kind, b: Kind): boolean {
  return a.sampleRateHz === b.sampleRateHz && a.layer === b.layer;
}

/** How long the tag is that starts here; 0 where none does. */
function tagBytes(source: ByteSource, offset: number): number {
  const head = source.read(offset, 32);
  const magic = String.fromCharCode(...head.subarray(0, 8));
  if (magic.startsWith('TAG')) return 128;
  if (magic.startsWith('ID3')) return id3Bytes(head);
  if (magic.startsWith('APETAGEX') && head.length === 32) {
    return 32 + new DataView(head.buffer, head.byteOffset).getUint32(12, true);
  }
  return magic.startsWith('LYRICS') ? 11 : 0;
}

/** Of the tag with its head, by the head; 0 where there is none. */
export function id3Bytes(head: Uint8Array): number {
  if (head.length < 10 || String.fromCharCode(...head.subarray(0, 3)) !== 'ID3') return 0;
  const [a, b, c, d] = head.subarray(6, 10);
  const footer = head[5] & 0x10 ? 10 : 0;
  return 10 + footer + ((a & 0x7f) << 21) + ((b & 0x7f) << 14) + ((c & 0x7f) << 7) + (d & 0x7f);
}

/** A stretch of frames of one rate and layer, with whatever junk lies between them. */
export interface MpegRun {
  from: number;
  to: number;
  sampleRateHz: number;
  channels: number;
  /** Bytes that the last frame lacks at the file's end. */
  missing: number;
}

/** The runs of a stream: several where files of different rates were joined. */
export function* mpegRuns(source: ByteSource, start: number): Generator<MpegRun> {
  const first = frameAt(source, start);
  if (!first) return;
  let run: MpegRun & { layer: number } = runOf(start, first);
  let offset = start;
  while (offset < source.size) {
    const frame = frameAt(source, offset);
    if (frame && !alike(frame, run) && agree(source, offset)) {
      yield { ...run, to: offset };
      run = runOf(offset, frame);
    }
    if (frame && alike(frame, run)) {
      run.channels = Math.max(run.channels, frame.channels);
      run.missing = Math.max(0, offset + frame.bytes - source.size);
      offset += frame.bytes;
      continue;
    }
    offset += Math.max(1, tagBytes(source, offset));
    while (offset < source.size && !agree(source, offset) && tagBytes(source, offset) === 0) offset++;
  }
  yield { ...run, to: source.size };
}

function runOf(from: number, { sampleRateHz, channels, layer }: MpegFrame): MpegRun & { layer: number } {
  return { from, to: from, sampleRateHz, channels, layer, missing: 0 };
}

/** Bytes of the whole stream by its Xing or Info header, where it has one. */
export function xingBytes(source: ByteSource, start: number): number | undefined {
  const bytes = source.read(start, 256);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const at of [13, 21, 36]) {
    if (at + 16 > view.byteLength) return undefined;
    const magic = String.fromCharCode(...bytes.subarray(at, at + 4));
    if (magic !== 'Xing' && magic !== 'Info') continue;
    const flags = view.getUint32(at + 4);
    if (!(flags & 2)) return undefined;
    return view.getUint32(at + (flags & 1 ? 12 : 8));
  }
  return undefined;
}
