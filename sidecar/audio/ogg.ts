/** @file Takes an Ogg file apart: pages, checksums, logical streams (RFC 3533). Of each link of a chain, the pages of its
 * first stream of sound. Decodes nothing. */
import { tooManyChannels } from './mix.ts';
import { audioError } from './problems.ts';
import { ascii, type ByteSource } from './source.ts';
import { mostChannels, type Reading } from './types.ts';

export type OggCodec = 'opus' | 'vorbis' | 'flac' | 'speex';

/** The pages of one stream, in pieces that unfold to a bounded number of samples. */
export interface OggLink {
  codec: OggCodec;
  channels: number;
  pieces: Iterable<Uint8Array>;
}

interface Page {
  bytes: Uint8Array;
  /** Of the first byte behind its head. */
  body: number;
  first: boolean;
  serial: number;
  sequence: number;
}

/** Of all channels, in one piece: 16 MB. */
const pieceSamples = 1 << 22;
export const largestPage = 27 + 255 + 255 * 255;

const table = new Uint32Array(256).map((_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value >>> 0;
});

/** One link after another; the pieces of one must be taken before the next is asked for.
 * @throws UserError where a page does not match its checksum, or what follows a page is neither a page nor a tag. */
export function* oggLinks(source: ByteSource, reading: Reading): Generator<OggLink> {
  const pages = new Pages(source, reading);
  while (pages.peek()) {
    const heads: Page[] = [];
    for (let page = pages.peek(); page?.first; page = pages.peek()) heads.push(pages.take()!);
    if (heads.length === 0) {
      // Pages of streams that were not chosen, or the middle of something.
      pages.take();
      continue;
    }
    const sounds = heads.filter((head) => codecOf(head));
    if (sounds.length > 1) reading.note(`It has ${sounds.length} streams of sound side by side: the first is read.`);
    const [head] = sounds;
    if (head) yield linkOf(head, pages, reading);
  }
}

export function codecOf({ bytes, body }: Pick<Page, 'bytes' | 'body'>): OggCodec | undefined {
  const magic = ascii(bytes, body, 8);
  if (magic === 'OpusHead') return 'opus';
  if (magic.startsWith('\x01vorbis')) return 'vorbis';
  if (magic.startsWith('\x7fFLAC')) return 'flac';
  return magic === 'Speex   ' ? 'speex' : undefined;
}

function linkOf(head: Page, pages: Pages, { file }: Reading): OggLink {
  const codec = codecOf(head)!;
  const { bytes, body } = head;
  const channels = bytes[body + (codec === 'opus' ? 9 : 11)] ?? 0;
  if (codec === 'opus' || codec === 'vorbis') {
    if (channels === 0) throw audioError('corrupt', file, `its ${codec} header says 0 channels.`);
    if (channels > mostChannels) throw tooManyChannels(channels, file);
    // Mapping families above 0 list the streams: one stream may be given to every channel, which nobody records.
    const streams = bytes[body + 18] > 0 ? bytes[body + 19] + bytes[body + 20] : 2;
    if (codec === 'opus' && channels > 8 && channels > streams) {
      throw audioError('corrupt', file, `it maps ${streams} decoded channels to ${channels}.`);
    }
  }
  return { codec, channels, pieces: piecesOf(head, pages, codec, channels) };
}

function* piecesOf(head: Page, pages: Pages, codec: OggCodec, channels: number): Generator<Uint8Array> {
  let batch: Uint8Array[] = [head.bytes];
  let samples = 0;
  for (let page = pages.peek(); page && !page.first; page = pages.peek()) {
    pages.take();
    if (page.serial !== head.serial) continue;
    const unfolds = samplesOf(page, codec) * channels;
    if (samples > 0 && samples + unfolds > pieceSamples) {
      yield Buffer.concat(batch);
      batch = [];
      samples = 0;
    }
    batch.push(page.bytes);
    samples += unfolds;
  }
  yield Buffer.concat(batch);
}

/** At most so many samples a channel end in the page: by the first byte of each packet of Opus, by the longest block of Vorbis. */
function samplesOf({ bytes, body }: Page, codec: OggCodec): number {
  let samples = 0;
  let starts = body;
  let at = body;
  for (let i = 27; i < body; i++) {
    at += bytes[i];
    if (bytes[i] === 255) continue;
    samples += codec === 'opus' ? opusSamples(bytes[starts] ?? 0, bytes[starts + 1] ?? 0) : 4096;
    starts = at;
  }
  return samples;
}

/** RFC 6716, section 3.1, at 48 kHz. */
function opusSamples(toc: number, count: number): number {
  const config = toc >> 3;
  const frame =
    config < 12 ? [480, 960, 1920, 2880][config & 3] : config < 16 ? [480, 960][config & 1] : 120 << (config & 3);
  const frames = (toc & 3) === 0 ? 1 : (toc & 3) < 3 ? 2 : count & 63;
  return Math.min(5760, frame * frames);
}

class Pages {
  readonly #source: ByteSource;
  readonly #reading: Reading;
  #offset = 0;
  #count = 0;
  #next: Page | undefined;
  readonly #sequences = new Map<number, number>();
  #lost = false;

  constructor(source: ByteSource, reading: Reading) {
    this.#source = source;
    this.#reading = reading;
  }

  peek(): Page | undefined {
    this.#next ??= this.#read();
    return this.#next;
  }

  take(): Page | undefined {
    const page = this.peek();
    this.#next = undefined;
    return page;
  }

  #read(): Page | undefined {
    const { file, note } = this.#reading;
    const offset = this.#offset;
    const bytes = this.#source.read(offset, largestPage);
    if (bytes.length === 0) return undefined;
    if (ascii(bytes, 0, 4) !== 'OggS'.slice(0, bytes.length)) {
      if (['TAG', 'ID3', 'APE'].includes(ascii(bytes, 0, 3))) return undefined;
      if (bytes.every((byte) => byte === 0) && bytes.length < largestPage) return undefined; // Filled up by a disk's block.
      throw audioError('corrupt', file, `no Ogg page starts at byte ${offset}, behind page ${this.#count}.`);
    }
    const body = 27 + (bytes[26] ?? 0);
    let end = body;
    for (let i = 27; i < Math.min(body, bytes.length); i++) end += bytes[i];
    if (body > bytes.length || end > bytes.length) {
      if (this.#count < 2)
        throw audioError(
          'truncated',
          file,
          `its Ogg page ${this.#count + 1} goes past the file's end at byte ${this.#source.size}.`,
        );
      note('Its end is cut off: what is there is read.');
      this.#offset = this.#source.size;
      return undefined;
    }
    const page = bytes.subarray(0, end);
    if (!checksumHolds(page)) {
      throw audioError(
        'corrupt',
        file,
        `the checksum of its Ogg page ${this.#count + 1} (byte ${offset}) does not match.`,
      );
    }
    this.#offset = offset + end;
    this.#count++;
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
    const serial = view.getUint32(14, true);
    const sequence = view.getUint32(18, true);
    const first = (page[5] & 2) !== 0;
    const before = this.#sequences.get(serial);
    if (!first && before !== undefined && sequence > before + 1 && !this.#lost) {
      this.#lost = true;
      note(`Pages are missing in it, the first before byte ${offset}: what is there is read.`);
    }
    if (this.#sequences.size < 1024 || before !== undefined) this.#sequences.set(serial, sequence);
    return { bytes: page, body, first, serial, sequence };
  }
}

function checksumHolds(page: Uint8Array): boolean {
  let crc = 0;
  for (let i = 0; i < page.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : page[i];
    crc = (crc << 8) ^ table[(crc >>> 24) ^ byte];
  }
  const stored = page[22] | (page[23] << 8) | (page[24] << 16) | (page[25] << 24);
  return crc >>> 0 === stored >>> 0;
}
