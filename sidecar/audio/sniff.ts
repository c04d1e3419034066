/** @file Recognises an audio format by content, never by extension. Knows no decoder. */
import { firstMpegFrame } from './mpeg.ts';
import { audioError } from './problems.ts';

export type AudioFormat = 'wav' | 'flac' | 'mp3' | 'opus' | 'vorbis';

export interface Sniffed {
  format: AudioFormat;
  /** Where the stream starts: behind an ID3 tag, for one. */
  offset: number;
}

export function ascii(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}

const foreign: [offset: number, magic: string, name: string][] = [
  [4, 'ftyp', 'an MP4 or M4A file'],
  [0, 'FORM', 'an AIFF file'],
  [0, 'RIFX', 'a big-endian WAV file'],
  [0, 'caff', 'a Core Audio file'],
  [0, 'wvpk', 'a WavPack file'],
  [0, '#!AMR', 'an AMR file'],
  [0, 'NIST_1A', 'a NIST SPHERE file'],
  [0, '\x1aE\xdf\xa3', 'a Matroska or WebM file'],
  [0, '0&\xb2u', 'a Windows Media file'],
  [0, 'version https://git-lfs', 'a Git LFS pointer, not the file itself (`git lfs pull` fetches it)'],
  [0, '<', 'a web page or XML'],
];

/** @throws UserError `audio.unknown-format` with the first bytes and, where it can be told, what the file is. */
export function sniff(bytes: Uint8Array, file: string): Sniffed {
  const container = ascii(bytes, 0, 4);
  if ((container === 'RIFF' || container === 'RF64') && ascii(bytes, 8, 4) === 'WAVE')
    return { format: 'wav', offset: 0 };
  if (container === 'fLaC') return { format: 'flac', offset: 0 };
  if (container === 'OggS') return { format: oggCodec(bytes, file), offset: 0 };
  const offset = afterId3(bytes);
  if (offset > 0 && ascii(bytes, offset, 4) === 'fLaC') return { format: 'flac', offset };
  const frame = firstMpegFrame(bytes, offset);
  if (frame !== undefined) return { format: 'mp3', offset: frame };
  const known = foreign.find(([at, magic]) => ascii(bytes, at, magic.length) === magic);
  const hex = [...bytes.subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  throw audioError(
    'unknown-format',
    file,
    `it starts with the bytes ${hex}, ${known ? known[2] : 'no format known here'}.`,
  );
}

function oggCodec(bytes: Uint8Array, file: string): AudioFormat {
  const start = 27 + (bytes[26] ?? 0);
  const head = ascii(bytes, start, 8);
  if (head === 'OpusHead') return 'opus';
  if (head.startsWith('\x01vorbis')) return 'vorbis';
  if (head.startsWith('\x7fFLAC')) return 'flac';
  if (bytes.length < start + 8)
    throw audioError('truncated', file, `its first Ogg page is cut off at byte ${bytes.length}.`);
  const shown = head.replace(/[^\x20-\x7e]/g, '.');
  throw audioError(
    'unknown-format',
    file,
    `it is an Ogg file, but its stream starts with "${shown}", neither Opus, Vorbis nor FLAC.`,
  );
}

function afterId3(bytes: Uint8Array): number {
  let offset = 0;
  while (ascii(bytes, offset, 3) === 'ID3' && offset + 10 <= bytes.length) {
    const [a, b, c, d] = bytes.subarray(offset + 6, offset + 10);
    const footer = bytes[offset + 5] & 0x10 ? 10 : 0;
    offset += 10 + footer + ((a & 0x7f) << 21) + ((b & 0x7f) << 14) + ((c & 0x7f) << 7) + (d & 0x7f);
  }
  return Math.min(offset, bytes.length);
}
