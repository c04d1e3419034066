/** @file Changes files as a hostile hand or a bad disk would: by bytes, and by the fields that their formats are made of. */

/** 0 to 1. */
export type Random = () => number;

const telling = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

const below = (random: Random, n: number) => Math.floor(random() * n);
const pick = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)];

/** One to six changes of `seed`, which stays as it is; `others` lend their parts. */
export function mutate(seed: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes: Buffer = Buffer.from(seed);
  const changes = 1 + below(random, 6);
  for (let i = 0; i < changes && bytes.length > 0; i++) bytes = pick(random, kinds)(bytes, others, random);
  // Else nothing behind an Ogg page's checksum is ever reached.
  return random() < 0.8 ? mendOgg(bytes) : bytes;
}

const numbers = [
  '0',
  '-1',
  '1e999',
  '-0',
  'NaN',
  '9007199254740993',
  '4294967296',
  '1e-320',
  '0x10',
  '',
  'null',
  'true',
  '[]',
  '{}',
  '"x"',
];
const words = [
  '\t',
  '\n',
  '\r\n',
  ' ',
  ',',
  ':',
  '"',
  "'",
  '|',
  '\0',
  '../',
  '/etc/passwd',
  '\\',
  '&a',
  '*a',
  '<<: *a',
  '!!js',
  '#',
  '\ufeff',
  '\u202e',
  '__proto__',
  'constructor',
  '\ud800',
];

/** One to six changes of a text by what it is made of: numbers, words, lines, brackets. */
export function mutateText(seed: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  let text = Buffer.from(seed).toString('utf8');
  // A word made 300 times as long, three times over, keeps the one who changes it busy and not the reader.
  for (let i = 1 + below(random, 6); i > 0 && text.length > 0 && text.length < 300_000; i--)
    text = pick(random, textKinds)(text, others, random);
  return Buffer.from(text);
}

/** Puts something in place of one of the matches. */
function replaceOne(text: string, pattern: RegExp, by: (found: string) => string, random: Random): string {
  const all = [...text.matchAll(pattern)];
  if (all.length === 0) return text;
  const one = pick(random, all);
  return text.slice(0, one.index) + by(one[0]) + text.slice(one.index + one[0].length);
}

const textKinds: ((text: string, others: readonly Uint8Array[], random: Random) => string)[] = [
  (text, _, random) => replaceOne(text, /-?\d+(\.\d+)?/g, () => pick(random, numbers), random),
  (text, _, random) => replaceOne(text, /\w+/g, () => pick(random, words), random),
  (text, _, random) => replaceOne(text, /\w+/g, (found) => found.repeat(1 + below(random, 300)), random),
  (text, _, random) => replaceOne(text, /[[\]{}":,\t\n<>]/g, () => pick(random, words), random),
  (text, _, random) => replaceOne(text, /^[^\n]*\n/gm, () => '', random),
  (text, _, random) => replaceOne(text, /^[^\n]*\n/gm, (found) => found.repeat(2 + below(random, 40)), random),
  (text, _, random) => replaceOne(text, /"[^"\n]*"|\w+/g, (found) => found + found, random),
  (text, _, random) => {
    const depth = 1 + below(random, 3000);
    return replaceOne(text, /\d+|"[^"\n]*"/g, (found) => '['.repeat(depth) + found + ']'.repeat(depth), random);
  },
  (text, _, random) => {
    const at = below(random, text.length);
    return text.slice(0, at) + pick(random, words).repeat(1 + below(random, 50)) + text.slice(at);
  },
  (text, others, random) => {
    const other = Buffer.from(pick(random, others)).toString('utf8');
    return text.slice(0, below(random, text.length)) + other.slice(below(random, Math.max(1, other.length)));
  },
  (text, _, random) => text.slice(0, below(random, text.length)),
];

type Change = (bytes: Buffer, others: readonly Uint8Array[], random: Random) => Buffer;

const kinds: Change[] = [
  function flipBit(bytes, _, random) {
    bytes[below(random, bytes.length)] ^= 1 << below(random, 8);
    return bytes;
  },
  function byteInHead(bytes, _, random) {
    bytes[below(random, Math.min(bytes.length, 200))] = below(random, 256);
    return bytes;
  },
  function number(bytes, _, random) {
    const at = random() < 0.6 ? below(random, Math.min(bytes.length, 256)) : below(random, bytes.length);
    return write(bytes, at, pick(random, telling), random);
  },
  /** The four bytes behind (or, in MP4, before) a name of four letters are a size. */
  function size(bytes, _, random) {
    const names = chunks(bytes);
    if (names.length === 0) return bytes;
    const at = pick(random, names);
    const value = random() < 0.5 ? pick(random, telling) : below(random, 2 * bytes.length);
    return write(bytes, random() < 0.7 ? at + 4 : Math.max(0, at - 4), value, random);
  },
  function cut(bytes, _, random) {
    return bytes.subarray(0, below(random, bytes.length));
  },
  function behead(bytes, _, random) {
    return bytes.subarray(below(random, Math.min(bytes.length, 2000)));
  },
  function remove(bytes, _, random) {
    const at = below(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + below(random, 500))]);
  },
  function repeat(bytes, _, random) {
    const at = below(random, bytes.length);
    const part = bytes.subarray(at, at + 1 + below(random, 4000));
    const times = 1 + below(random, 20);
    return Buffer.concat([bytes.subarray(0, at), ...Array<Buffer>(times).fill(part), bytes.subarray(at)]);
  },
  function splice(bytes, others, random) {
    const other = pick(random, others);
    return Buffer.concat([bytes.subarray(0, below(random, bytes.length)), other.subarray(below(random, other.length))]);
  },
  function append(bytes, others, random) {
    return Buffer.concat([bytes, pick(random, others)]);
  },
];

function write(bytes: Buffer, at: number, value: number, random: Random): Buffer {
  const width = pick(random, [1, 2, 4]);
  if (at + width > bytes.length) return bytes;
  const fits = width === 4 ? value >>> 0 : value % 2 ** (8 * width);
  if (random() < 0.5) bytes.writeUIntLE(fits, at, width);
  else bytes.writeUIntBE(fits, at, width);
  return bytes;
}

/** Where four letters, digits or blanks stand in the first and last kilobytes. */
function chunks(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + 8 <= bytes.length; at++) {
    if (at === 4096 && bytes.length > 8192) at = bytes.length - 4096;
    let named = true;
    for (let i = at; i < at + 4 && named; i++) named = /[A-Za-z0-9 ]/.test(String.fromCharCode(bytes[i]));
    if (named) found.push(at);
  }
  return found;
}

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value >>> 0;
});

/** Right checksums for every page that is still one. */
function mendOgg(bytes: Buffer): Buffer {
  for (let at = bytes.indexOf('OggS'); at >= 0; at = bytes.indexOf('OggS', at + 4)) {
    if (at + 27 > bytes.length) break;
    const body = at + 27 + bytes[at + 26];
    let end = body;
    for (let i = at + 27; i < Math.min(body, bytes.length); i++) end += bytes[i];
    if (end > bytes.length) break;
    bytes.fill(0, at + 22, at + 26);
    let crc = 0;
    for (let i = at; i < end; i++) crc = (crc << 8) ^ table[(crc >>> 24) ^ bytes[i]];
    bytes.writeUInt32LE(crc >>> 0, at + 22);
  }
  return bytes;
}
