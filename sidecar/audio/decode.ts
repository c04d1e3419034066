/** @file An audio file to samples: mono at its own rate, or at 16 kHz as the models take it. Knows no data set. */
import { open, readFile, stat } from 'node:fs/promises';
import { decodeCompressed } from './codecs.ts';
import { audioError } from './problems.ts';
import { resample } from './resample.ts';
import { type AudioFormat, ascii, sniff } from './sniff.ts';
import type { Mono } from './types.ts';
import { decodeWav } from './wav.ts';

export interface DecodeOptions {
  /** Only the first so many seconds. */
  maxSeconds?: number;
}

/** Mono samples at the source's rate; `channels` says how many were mixed, by their mean. */
export interface DecodedAudio extends Mono {
  format: AudioFormat;
}

const maxFileBytes = 2 ** 31 - 1;
const headBytes = 1 << 20;
const rates = { lowestHz: 1000, highestHz: 768_000 };

/** @throws UserError `audio.*` naming the file. */
export async function decodeAudio(path: string, options: DecodeOptions = {}): Promise<DecodedAudio> {
  return decodeBytes(await readAudioFile(path), path, options);
}

/** The file's bytes, if it is a regular file of a size that can be read. */
export async function readAudioFile(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch((fault: NodeJS.ErrnoException) => {
    throw audioError(fault.code === 'ENOENT' ? 'missing' : 'corrupt', path, `${reason(fault)}.`);
  });
  if (!found.isFile()) throw audioError('corrupt', path, 'it is not a regular file.'); // A pipe would wait for ever.
  if (found.size > maxFileBytes)
    throw audioError('too-long', path, `it has ${found.size} bytes; ${maxFileBytes} can be read.`);
  if (found.size > 64 * headBytes) await refuseForeign(path);
  return readFile(path).catch((fault: NodeJS.ErrnoException) => {
    throw audioError('corrupt', path, `${reason(fault)}.`);
  });
}

/** Gigabytes of something else are told from their first bytes; a tag may be longer than those. */
async function refuseForeign(path: string): Promise<void> {
  const file = await open(path, 'r').catch((fault: NodeJS.ErrnoException) => {
    throw audioError('corrupt', path, `${reason(fault)}.`);
  });
  try {
    const head = Buffer.alloc(headBytes);
    const { bytesRead } = await file.read(head, 0, headBytes, 0);
    if (ascii(head, 0, 3) !== 'ID3') sniff(head.subarray(0, bytesRead), path);
  } finally {
    await file.close();
  }
}

function reason(fault: NodeJS.ErrnoException): string {
  if (fault.code === 'ENOENT') return 'there is no such file';
  if (fault.code === 'EACCES' || fault.code === 'EPERM') return 'reading it is not permitted';
  return `the system says ${fault.code ?? fault.message}`;
}

/** As `decodeAudio`, of bytes already read; `file` only names them in errors. */
export async function decodeBytes(bytes: Uint8Array, file: string, options: DecodeOptions = {}): Promise<DecodedAudio> {
  if (bytes.length === 0) throw audioError('empty-file', file, 'it has 0 bytes.');
  const sniffed = sniff(bytes, file);
  const mono =
    sniffed.format === 'wav'
      ? decodeWav(bytes, file, { seconds: options.maxSeconds })
      : await decodeCompressed(bytes, sniffed, file, options.maxSeconds);
  if (mono.samples.length === 0) throw audioError('no-samples', file, 'it holds no samples.');
  const { lowestHz, highestHz } = rates;
  if (!(mono.sampleRateHz >= lowestHz && mono.sampleRateHz <= highestHz)) {
    throw audioError('corrupt', file, `its rate is ${mono.sampleRateHz} Hz; ${lowestHz} to ${highestHz} can be read.`);
  }
  const bad = firstNotFinite(mono.samples);
  if (bad >= 0) throw audioError('not-finite', file, `sample ${bad} is ${mono.samples[bad]}.`);
  return { ...mono, format: sniffed.format };
}

function firstNotFinite(samples: Float32Array): number {
  for (let i = 0; i < samples.length; i++) if (!Number.isFinite(samples[i])) return i;
  return -1;
}

/** 16 kHz mono, not normalised. */
export async function loadAudio16k(path: string): Promise<Float32Array> {
  const { samples, sampleRateHz } = await decodeAudio(path);
  return resample(samples, sampleRateHz);
}
