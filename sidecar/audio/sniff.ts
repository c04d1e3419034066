/** @file Recognises what a file is by its content, never by its extension. Knows no decoder. */
import { startsAsAdts } from './adts.ts';
import { firstMpegFrame, id3Bytes, mpegFrame, searchMpegFrame } from './mpeg.ts';
import { codecOf } from './ogg.ts';
import { audioError } from './problems.ts';
import { ascii, type ByteSource } from './source.ts';

export type Sniffed =
  | { reader: 'wav'; offset: number }
  | { reader: 'mp3'; offset: number }
  | { reader: 'ogg'; offset: number; codec: 'opus' | 'vorbis' }
  /** `name` is how a person calls it. */
  | { reader: 'libav'; offset: number; name: string };

/** What FFmpeg's demuxers here can open. */
const decodable: [offset: number, magic: string, name: string][] = [
  [0, 'fLaC', 'a FLAC file'],
  [4, 'ftyp', 'an MP4, M4A or QuickTime file'],
  [4, 'moov', 'a QuickTime file'],
  [4, 'mdat', 'a QuickTime file'],
  [4, 'wide', 'a QuickTime file'],
  [0, 'FORM', 'an AIFF file'],
  [0, 'caff', 'a Core Audio file'],
  [0, '.snd', 'an AU file'],
  [0, 'dns.', 'an AU file'],
  [0, 'NIST_1A', 'a NIST SPHERE file'],
  [0, '#!AMR', 'an AMR file'],
  [0, '\x1aE\xdf\xa3', 'a Matroska or WebM file'],
  [0, '0&\xb2u\x8ef\xcf\x11', 'a Windows Media file'],
  [0, 'wvpk', 'a WavPack file'],
  [0, 'MAC ', "a Monkey's Audio file"],
  [0, 'TTA1', 'a TTA file'],
  [0, 'ajkg', 'a Shorten file'],
  [0, 'Creative Voice File', 'a Creative Voice file'],
  [0, '\x02dss', 'a DSS dictation file'],
  [0, '\x03dss', 'a DSS dictation file'],
  [0, '\x0bw', 'an AC-3 file'],
  [0, 'XWMA', 'an xWMA file'],
  [0, 'PVF', 'a PVF file'],
  [0, ' paf', 'a PARIS file'],
  [0, 'fap ', 'a PARIS file'],
  [0, '\0\0\x01\xba', 'an MPEG video file'],
  [0, '\x64\xa3\x01\0', 'an IRCAM file'],
];

const foreign: [offset: number, magic: string, name: string][] = [
  [0, 'DSD ', 'a DSD file (DSF)'],
  [0, 'FRM8', 'a DSD file (DSDIFF)'],
  [0, 'MPCK', 'a Musepack file'],
  [0, 'MP+', 'a Musepack file'],
  [0, '\x03ds2', 'a DS2 dictation file (encrypted or Pro quality)'],
  [0, '.ra\xfd', 'a RealAudio file'],
  [0, '.RMF', 'a RealMedia file'],
  [0, 'OFR ', 'an OptimFROG file'],
  [0, 'MThd', 'a MIDI file, which holds notes and no sound'],
  [0, 'version https://git-lfs', 'a Git LFS pointer, not the file itself (`git lfs pull` fetches it)'],
  [0, 'PK\x03\x04', 'a ZIP archive'],
  [0, '\x1f\x8b', 'a gzip archive'],
  [0, '7z\xbc\xaf', 'a 7-Zip archive'],
  [0, 'Rar!', 'a RAR archive'],
  [0, '%PDF', 'a PDF'],
  [0, '\x89PNG', 'a picture'],
  [0, '\xff\xd8\xff', 'a picture'],
  [0, '<', 'a web page or XML'],
];

const riff = new Set(['RIFF', 'RIFX', 'RF64', 'BW64']);

/** Whether a file that begins so is sound or film, whatever it is called: by its magic alone. */
export function isAudioHead(head: Uint8Array): boolean {
  const container = ascii(head, 0, 4);
  if (riff.has(container)) return ['WAVE', 'AVI ', 'XWMA'].includes(ascii(head, 8, 4));
  if (container === 'FORM') return ascii(head, 8, 3) === 'AIF';
  if (container === 'OggS' || container.startsWith('ID3') || (container === 'riff' && ascii(head, 24, 4) === 'wave'))
    return true;
  const table = [...decodable, ...foreign.filter(([, , name]) => /DSD|Musepack|dictation|Real|OptimFROG/.test(name))];
  // Two bytes are too few to tell.
  if (table.some(([at, magic]) => magic.length > 2 && ascii(head, at, magic.length) === magic)) return true;
  return mpegFrame(head, 0) !== undefined || (head[0] === 0xff && (head[1] & 0xf6) === 0xf0);
}

/** @throws UserError `audio.unknown-format` with the first bytes and, where it can be told, what the file is. */
export function sniff(source: ByteSource, file: string): Sniffed {
  const head = source.read(0, 64);
  const container = ascii(head, 0, 4);
  if (riff.has(container) && ascii(head, 8, 4) === 'WAVE') return { reader: 'wav', offset: 0 };
  if (container === 'riff' && ascii(head, 24, 4) === 'wave') return { reader: 'wav', offset: 0 };
  if (container === 'RIFF' && ascii(head, 8, 4) === 'AVI ') return libav(0, 'an AVI video');
  if (container === 'RIFF' && ascii(head, 8, 4) === 'XWMA') return libav(0, 'an xWMA file');
  if (container === 'OggS') return oggReader(source, file);
  const known = (table: typeof foreign, bytes: Uint8Array) =>
    table.find(([at, magic]) => ascii(bytes, at, magic.length) === magic)?.[2];
  const offset = afterId3(source);
  const behind = offset > 0 ? source.read(offset, 64) : head;
  const name = known(decodable, behind);
  if (name && !(name === 'an AIFF file' && !ascii(behind, 8, 4).startsWith('AIF'))) return libav(offset, name);
  if (startsAsAdts(source, offset)) return libav(offset, 'an AAC file');
  const frame = firstMpegFrame(source, offset);
  if (frame !== undefined) {
    // A tag that claims more than it has swallows frames.
    const swallowed = offset > 0 ? searchMpegFrame(source, 10, offset) : undefined;
    return { reader: 'mp3', offset: swallowed ?? frame };
  }
  const other = known(foreign, head);
  if (!other) {
    const found = (offset > 0 ? searchMpegFrame(source, 10) : undefined) ?? searchMpegFrame(source, offset);
    if (found !== undefined) return { reader: 'mp3', offset: found };
    if (head[0] === 0x47 && source.read(188, 1)[0] === 0x47) return libav(0, 'an MPEG transport stream');
  }
  const hex = [...head.subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  throw audioError('unknown-format', file, `it starts with the bytes ${hex}, ${other ?? 'no format known here'}.`);
}

function libav(offset: number, name: string): Sniffed {
  return { reader: 'libav', offset, name };
}

/** Of the first link, the first stream of sound. */
function oggReader(source: ByteSource, file: string): Sniffed {
  let offset = 0;
  let shown = '';
  for (let pages = 0; pages < 64; pages++) {
    const bytes = source.read(offset, 27 + 255 + 64);
    if (ascii(bytes, 0, 4) !== 'OggS') break;
    const body = 27 + (bytes[26] ?? 0);
    if (bytes.length < body + 8) {
      throw audioError('truncated', file, `its first Ogg page is cut off at byte ${source.size}.`);
    }
    if (!(bytes[5] & 2)) break;
    const codec = codecOf({ bytes, body });
    if (codec === 'opus' || codec === 'vorbis') return { reader: 'ogg', offset: 0, codec };
    if (codec) return libav(0, codec === 'flac' ? 'an Ogg file with FLAC' : 'an Ogg file with Speex');
    shown ||= ascii(bytes, body, 8).replace(/[^\x20-\x7e]/g, '.');
    offset = body;
    for (let i = 27; i < body; i++) offset += bytes[i];
  }
  const why = shown
    ? `it is an Ogg file, but its stream starts with "${shown}", neither Opus, Vorbis, FLAC nor Speex.`
    : 'it is an Ogg file that starts in the middle of a stream: the codec is not told.';
  throw audioError('unknown-format', file, why);
}

/** Behind the tags in front, as far as they can be believed. */
function afterId3(source: ByteSource): number {
  let offset = 0;
  for (let tags = 0; tags < 64; tags++) {
    const bytes = id3Bytes(source.read(offset, 10));
    if (bytes === 0) break;
    offset += bytes;
  }
  return offset < source.size ? offset : Math.min(10, source.size);
}
