/**
 * @file Encodes 16 kHz mono speech as Ogg Opus (RFC 3533, RFC 7845), the same bytes every time. For making the sample
 * only: must not be imported by the product.
 */
import OpusScript from 'opusscript';

const SAMPLE_RATE_HZ = 16_000;
const FRAME_SAMPLES = 320;
/** libopus' look-ahead, in samples of 48 kHz, whatever the input's rate. */
const PRE_SKIP = 312;
/** A second a page: little overhead, still seekable. */
const PACKETS_A_PAGE = 50;

/** @param samples 16 kHz, within ±1. @returns a whole .opus file. */
export function encodeOggOpus(samples: Float32Array, bitsPerSecond: number, title: string): Buffer {
  const encoder = new OpusScript(SAMPLE_RATE_HZ, 1, OpusScript.Application.VOIP);
  encoder.setBitrate(bitsPerSecond);
  const packets: Buffer[] = [];
  const frames = Math.ceil((samples.length + PRE_SKIP / 3) / FRAME_SAMPLES);
  for (let frame = 0; frame < frames; frame++) {
    const pcm = Buffer.alloc(FRAME_SAMPLES * 2);
    const part = samples.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES);
    for (const [i, value] of part.entries()) {
      pcm.writeInt16LE(Math.round(Math.max(-1, Math.min(1, value)) * 32767), i * 2);
    }
    packets.push(encoder.encode(pcm, FRAME_SAMPLES));
  }
  encoder.delete();
  const serial = crc32(Buffer.from(title));
  const pages = [page([opusHead()], serial, 0, 0, 2), page([opusTags(title)], serial, 1, 0, 0)];
  for (let start = 0; start < frames; start += PACKETS_A_PAGE) {
    const end = Math.min(start + PACKETS_A_PAGE, frames);
    const last = end === frames;
    // The last page says where the speech ends; a decoder cuts the padding after it.
    const granule = last ? PRE_SKIP + samples.length * 3 : end * FRAME_SAMPLES * 3;
    pages.push(page(packets.slice(start, end), serial, pages.length, granule, last ? 4 : 0));
  }
  return Buffer.concat(pages);
}

function opusHead(): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead');
  head[8] = 1;
  head[9] = 1;
  head.writeUInt16LE(PRE_SKIP, 10);
  head.writeUInt32LE(SAMPLE_RATE_HZ, 12);
  return head;
}

function opusTags(title: string): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return Buffer.concat([Buffer.from('OpusTags'), text('libopus'), Buffer.from([1, 0, 0, 0]), text(`TITLE=${title}`)]);
}

/** @param flags 2 for the first page of the stream, 4 for its last. */
function page(packets: Buffer[], serial: number, sequence: number, granule: number, flags: number): Buffer {
  const lacing = packets.flatMap(({ length }) => [...Array<number>(Math.floor(length / 255)).fill(255), length % 255]);
  const header = Buffer.alloc(27);
  header.write('OggS');
  header[5] = flags;
  header.writeBigUInt64LE(BigInt(granule), 6);
  header.writeUInt32LE(serial, 14);
  header.writeUInt32LE(sequence, 18);
  header[26] = lacing.length;
  const whole = Buffer.concat([header, Buffer.from(lacing), ...packets]);
  whole.writeUInt32LE(crc32(whole), 22);
  return whole;
}

/** Ogg's own: polynomial 0x04c11db7, not reflected, from zero. */
function crc32(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}
