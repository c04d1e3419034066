/** @file Walks MPEG audio frame headers: where the stream starts, its rate and channels, and whether its end is there.
 * ISO/IEC 11172-3 and 13818-3. Decodes nothing. */

export interface MpegFrame {
  bytes: number;
  sampleRateHz: number;
  channels: number;
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
  return { bytes: size, sampleRateHz, channels: bytes[offset + 3] >> 6 === 3 ? 1 : 2 };
}

/** Where the first frame starts: zeros before it are skipped, and a second frame (or the end) must follow it. */
export function firstMpegFrame(bytes: Uint8Array, from: number): number | undefined {
  let offset = from;
  while (offset < bytes.length && bytes[offset] === 0) offset++;
  const frame = mpegFrame(bytes, offset);
  if (!frame) return undefined;
  const next = offset + frame.bytes;
  return next >= bytes.length || mpegFrame(bytes, next) || isTag(bytes, next) ? offset : undefined;
}

function isTag(bytes: Uint8Array, offset: number): boolean {
  const tag = String.fromCharCode(...bytes.subarray(offset, offset + 3));
  return tag === 'TAG' || tag === 'ID3' || tag === 'APE';
}

/** How many bytes the stream lacks at its end: by its Xing or Info header where there is one, else by its last frame. */
export function mpegMissingBytes(bytes: Uint8Array, start: number): number {
  const promised = xingBytes(bytes, start);
  if (promised !== undefined && start + promised > bytes.length) return start + promised - bytes.length;
  let offset = start;
  for (let frame = mpegFrame(bytes, offset); frame; frame = mpegFrame(bytes, offset)) offset += frame.bytes;
  return Math.max(0, offset - bytes.length);
}

function xingBytes(bytes: Uint8Array, start: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, start + 256));
  for (const at of [13, 21, 36]) {
    if (start + at + 16 > view.byteLength) return undefined;
    const magic = String.fromCharCode(...bytes.subarray(start + at, start + at + 4));
    if (magic !== 'Xing' && magic !== 'Info') continue;
    const flags = view.getUint32(start + at + 4);
    if (!(flags & 2)) return undefined;
    return view.getUint32(start + at + (flags & 1 ? 12 : 8));
  }
  return undefined;
}
