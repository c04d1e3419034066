/** @file Broken recordings, as `milore embed` meets them. */
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { wav } from '../support/wav.ts';
import { type Attack, embed, noise, put, speech, tiny } from './harness.ts';

const voice = resolve('extension/sample/speech/deu/f1');
const opus = () => readFileSync(join(voice, readdirSync(voice).filter((name) => name.endsWith('.opus'))[0]));

const clip = (name: string, file: string, make: () => Uint8Array | string): Attack => ({
  name: `recording: ${name}`,
  names: file,
  make: (root) => embed(root, join(put(root, { [file]: make() }), file), tiny()),
});
/** Sets a field of the fmt chunk, which stands at byte 20. */
const field = (name: string, at: number, value: number, wide = false) =>
  clip(name, 'a.wav', () => {
    const bytes = Buffer.from(speech);
    if (wide) bytes.writeUInt32LE(value, 20 + at);
    else bytes.writeUInt16LE(value, 20 + at);
    return bytes;
  });
const text = (content: string) => () => content;

export const recordings: Attack[] = [
  { name: 'recording: not there', names: 'absent.wav', make: (root) => embed(root, join(root, 'absent.wav'), tiny()) },
  {
    name: 'recording: a folder',
    names: 'a.wav',
    make(root) {
      mkdirSync(join(root, 'a.wav'));
      return embed(root, join(root, 'a.wav'), tiny());
    },
  },
  {
    name: 'recording: 1.9 GB of nothing',
    names: 'a.wav',
    make(root) {
      const fd = openSync(join(root, 'a.wav'), 'w');
      ftruncateSync(fd, 1.9e9);
      closeSync(fd);
      return embed(root, join(root, 'a.wav'), tiny());
    },
  },
  clip('empty', 'a.wav', text('')),
  clip('text', 'a.wav', text('this is not audio at all')),
  clip('a web page', 'a.mp3', text('<!doctype html>')),
  clip('an MP4 file', 'a.m4a', text('\0\0\0\x20ftypM4A \0\0\0\0')),
  clip('a Git LFS pointer', 'a.flac', text('version https://git-lfs.github.com/spec/v1\n')),
  clip('random bytes', 'a.mp3', () => Uint8Array.from({ length: 5000 }, (_, i) => (i * 167 + (i >> 3)) & 255)),
  clip('a WAV of 12 bytes', 'a.wav', () => speech.subarray(0, 12)),
  clip('a WAV cut in its header', 'a.wav', () => speech.subarray(0, 30)),
  clip('a WAV without samples', 'a.wav', () => wav([noise(0)])),
  clip('a WAV of 100 samples', 'a.wav', () => wav([noise(100)])),
  clip('a WAV with NaN', 'a.wav', () => wav([[Number.NaN, 0, 0]], { bits: 32, float: true })),
  clip('a WAV with infinity', 'a.wav', () => wav([[0, Number.POSITIVE_INFINITY]], { bits: 64, float: true })),
  field('ADPCM', 0, 2),
  field('an unknown codec', 0, 0x4242),
  field('no channels', 2, 0),
  field('65535 channels', 2, 65_535),
  field('0 Hz', 4, 0, true),
  field('4 GHz', 4, 4_000_000_000, true),
  field('77 bit', 14, 77),
  clip('a FLAC of garbage', 'a.flac', () => Buffer.concat([Buffer.from('fLaC'), Buffer.alloc(3000, 7)])),
  clip('a FLAC of 4 bytes', 'a.flac', text('fLaC')),
  clip('an Ogg of 30 bytes', 'a.opus', () => opus().subarray(0, 30)),
  clip('an Opus with a flipped byte', 'a.opus', () => {
    const bytes = opus();
    bytes[3000] ^= 255;
    return bytes;
  }),
  clip('an Ogg of another codec', 'a.ogg', () => {
    const bytes = opus();
    bytes.write('Speex   ', bytes.indexOf('OpusHead'));
    return bytes;
  }),
  clip('an MP3 of one frame header', 'a.mp3', () => Uint8Array.from([0xff, 0xfb, 0x90, 0])),
  clip('an ID3 tag of 256 MB', 'a.mp3', () => Buffer.from('ID3\x04\0\0\x7f\x7f\x7f\x7f', 'latin1')),
];
