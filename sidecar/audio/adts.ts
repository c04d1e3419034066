/** @file AAC in ADTS frames (ISO/IEC 13818-7): where one begins, and whether the last one goes past the end. */
import type { ByteSource } from './source.ts';

/** The largest that the 13 bits of a frame's length can say. */
const largestFrame = 8191;

/** Bytes of the frame whose header stands at `at`, or 0. */
function frameBytes(bytes: Uint8Array, at: number): number {
  if (at + 7 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1] & 0xf6) !== 0xf0) return 0;
  return ((bytes[at + 3] & 3) << 11) | (bytes[at + 4] << 3) | (bytes[at + 5] >> 5);
}

/** Three frames in a row, or all there are. */
export function startsAsAdts(source: ByteSource, start: number): boolean {
  let offset = start;
  for (let count = 0; count < 3; count++) {
    const bytes = frameBytes(source.read(offset, 7), 0);
    if (bytes === 0) return count > 0 && offset >= source.size;
    offset += bytes;
  }
  return true;
}

/** Whether the last frame is longer than what is there of it: FFmpeg drops such a frame without a word. */
export function endsInAdtsFrame(source: ByteSource): boolean {
  const from = Math.max(0, source.size - 3 * largestFrame);
  const tail = source.read(from, 3 * largestFrame);
  for (let start = 0; start < tail.length; start++) {
    let at = start;
    let frames = 0;
    for (let bytes = frameBytes(tail, at); bytes >= 7; bytes = frameBytes(tail, at)) {
      at += bytes;
      frames++;
    }
    // One header alone may be chance.
    if (frames > 1) return at > tail.length || (at < tail.length && tail[at] === 0xff && tail.length - at < 7);
  }
  return false;
}
