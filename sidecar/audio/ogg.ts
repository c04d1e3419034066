/** @file Checks an Ogg container page by page: lengths and checksums (RFC 3533). Decodes nothing. */
import { audioError } from './problems.ts';
import { ascii } from './sniff.ts';

const table = new Uint32Array(256).map((_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value >>> 0;
});

/** How many packets end in it.
 * @throws UserError where a page is cut off, lost, or does not match its checksum. Tags behind the last page pass. */
export function checkOgg(bytes: Uint8Array, file: string): number {
  let offset = 0;
  let pages = 0;
  let packets = 0;
  while (offset < bytes.length) {
    if (ascii(bytes, offset, 4) !== 'OggS'.slice(0, bytes.length - offset)) {
      if (ascii(bytes, offset, 3) === 'TAG' || ascii(bytes, offset, 3) === 'ID3') return packets;
      throw audioError('corrupt', file, `no Ogg page starts at byte ${offset}, behind page ${pages}.`);
    }
    const segments = bytes[offset + 26] ?? 0;
    const body = offset + 27 + segments;
    let end = body;
    for (let i = offset + 27; i < Math.min(body, bytes.length); i++) {
      end += bytes[i];
      if (bytes[i] < 255) packets++;
    }
    if (body > bytes.length || end > bytes.length) {
      throw audioError(
        'truncated',
        file,
        `its Ogg page ${pages + 1} goes past the file's end at byte ${bytes.length}.`,
      );
    }
    if (!checksumHolds(bytes, offset, end)) {
      throw audioError('corrupt', file, `the checksum of its Ogg page ${pages + 1} (byte ${offset}) does not match.`);
    }
    offset = end;
    pages++;
  }
  return packets;
}

function checksumHolds(bytes: Uint8Array, start: number, end: number): boolean {
  let crc = 0;
  for (let i = start; i < end; i++) {
    const byte = i >= start + 22 && i < start + 26 ? 0 : bytes[i];
    crc = (crc << 8) ^ table[(crc >>> 24) ^ byte];
  }
  const stored = bytes[start + 22] | (bytes[start + 23] << 8) | (bytes[start + 24] << 16) | (bytes[start + 25] << 24);
  return crc >>> 0 === stored >>> 0;
}
