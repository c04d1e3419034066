/** @file Cuts utterances into the pieces that are trained on, and loads a piece's samples. Knows no model. */
import { createHash } from 'node:crypto';
import { loadAudio16k, modelRateHz, normalise } from '../audio/index.ts';
import { UserError } from '../errors.ts';
import { shortestSamples } from './scan.ts';
import type { SplitUtterance } from './splits.ts';
import type { Clip, ClipPart, ScannedUtterance } from './types.ts';

export interface ClipOptions {
  /** Joins each speaker's utterances and cuts chunks of exactly this length. */
  joinSeconds?: number;
  maxSeconds: number;
  minSeconds: number;
}

export interface ClipSet {
  clips: Clip[];
  /** Shorter than `minSeconds`: whole utterances, or what was left of a speaker. */
  dropped: { count: number; seconds: number };
}

/** The same clips for the same utterances, in whatever order these come. */
export function makeClips(utterances: readonly SplitUtterance[], options: ClipOptions): ClipSet {
  const { joinSeconds, maxSeconds } = options;
  const minSamples = Math.max(shortestSamples, Math.round(options.minSeconds * modelRateHz));
  const maxSamples = Math.round((joinSeconds ?? maxSeconds) * modelRateHz);
  if (!(maxSamples >= minSamples) || (joinSeconds !== undefined && joinSeconds > maxSeconds)) {
    throw new UserError({
      code: 'corpus.clip-lengths',
      tried: 'cut the audio into clips',
      why: `clips of ${joinSeconds ?? '…'} s (joined), at least ${minSamples / modelRateHz} s and at most ${maxSeconds} s cannot be.`,
      cure: 'Choose minSeconds ≤ joinSeconds ≤ maxSeconds, and at least 0.025 s.',
    });
  }
  const clips: Clip[] = [];
  const dropped = { count: 0, seconds: 0 };
  const keep = (name: string, of: SplitUtterance, parts: ClipPart[]) => {
    const samples = parts.reduce((sum, part) => sum + part.endSample - part.startSample, 0);
    if (samples >= minSamples) clips.push(clipOf(name, of, parts, samples));
    else {
      dropped.count++;
      dropped.seconds += samples / modelRateHz;
    }
  };
  const sorted = [...utterances].sort((a, b) => compare(a.language, b.language) || compare(a.id, b.id));
  if (joinSeconds === undefined) {
    for (const utterance of sorted) {
      const pieces = Math.ceil(utterance.samples / maxSamples);
      for (let piece = 0; piece < pieces; piece++) {
        const startSample = Math.round((piece * utterance.samples) / pieces);
        const endSample = Math.round(((piece + 1) * utterance.samples) / pieces);
        keep(pieces > 1 ? `${utterance.id}#${piece}` : utterance.id, utterance, [
          { utterance, startSample, endSample },
        ]);
      }
    }
    return { clips, dropped };
  }
  for (const group of bySpeaker(sorted)) {
    const [first] = group;
    join(group, maxSamples).forEach((parts, index) => {
      keep(`${first.speaker ?? '(unknown)'}/${first.split}/${index}`, first, parts);
    });
  }
  return { clips, dropped };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Unknown speakers count as one. */
function bySpeaker(sorted: SplitUtterance[]): SplitUtterance[][] {
  const groups = new Map<string, SplitUtterance[]>();
  for (const utterance of sorted) {
    const key = JSON.stringify([utterance.language, utterance.split, utterance.speaker ?? null]);
    const group = groups.get(key);
    if (group) group.push(utterance);
    else groups.set(key, [utterance]);
  }
  return [...groups.values()];
}

/** Chunks of `length` samples, end to end; the last may be shorter. */
function join(group: SplitUtterance[], length: number): ClipPart[][] {
  const chunks: ClipPart[][] = [];
  let room = 0;
  for (const utterance of group) {
    for (let startSample = 0; startSample < utterance.samples; ) {
      if (room === 0) {
        chunks.push([]);
        room = length;
      }
      const endSample = Math.min(utterance.samples, startSample + room);
      chunks.at(-1)!.push({ utterance, startSample, endSample });
      room -= endSample - startSample;
      startSample = endSample;
    }
  }
  return chunks;
}

function clipOf(name: string, { language, speaker, split }: SplitUtterance, parts: ClipPart[], samples: number): Clip {
  const ranges = parts.map(
    ({ utterance, startSample, endSample }) => `${utterance.hash}:${startSample}-${endSample}\n`,
  );
  const hash = createHash('sha256').update(ranges.join('')).digest('hex');
  return {
    id: `${language}/${name}`,
    language,
    ...(speaker === undefined ? {} : { speaker }),
    split,
    parts,
    samples,
    hash,
  };
}

/** 64 MB: consecutive clips share files. */
const cachedSamples = 16_000_000;
const decodedFiles = new Map<string, Promise<Float32Array>>();
const decodedLengths = new Map<string, number>();

/** 16 kHz. With `normalise` each utterance has zero mean and unit variance as a whole, before it is cut and joined. */
export async function clipSamples(clip: Clip, options: { normalise: boolean }): Promise<Float32Array> {
  const out = new Float32Array(clip.samples);
  let at = 0;
  for (const { utterance, startSample, endSample } of clip.parts) {
    const whole = await utteranceSamples(utterance);
    const ready = options.normalise ? normalise(whole) : whole;
    out.set(ready.subarray(startSample, endSample), at);
    at += endSample - startSample;
  }
  return out;
}

/** 16 kHz, not normalised; a view of what is cached, not to be written to.
 * @throws UserError where the file changed since the scan. */
export async function utteranceSamples(utterance: ScannedUtterance): Promise<Float32Array> {
  const samples = await decodedFile(utterance);
  const { startSample } = utterance;
  if (startSample + utterance.samples <= samples.length) {
    return samples.subarray(startSample, startSample + utterance.samples);
  }
  throw new UserError({
    code: 'corpus.changed',
    tried: `load the utterance "${utterance.id}" from ${utterance.path}`,
    why: `it should end at sample ${startSample + utterance.samples} (16 kHz), but the file now has ${samples.length}.`,
    cure: 'The file changed since it was scanned: start again.',
  });
}

function decodedFile({ path, channel }: ScannedUtterance): Promise<Float32Array> {
  const key = `${path}\n${channel ?? 'mix'}`;
  const before = decodedFiles.get(key);
  decodedFiles.delete(key); // Put back at the end: the least recently used goes first.
  const samples = before ?? loadAudio16k(path, channel);
  decodedFiles.set(key, samples);
  if (!before) samples.then((loaded) => makeRoom(key, loaded.length)).catch(() => decodedFiles.delete(key));
  return samples;
}

function makeRoom(key: string, length: number): void {
  decodedLengths.set(key, length);
  let total = 0;
  for (const known of decodedFiles.keys()) total += decodedLengths.get(known) ?? 0;
  for (const oldest of [...decodedFiles.keys()]) {
    if (total <= cachedSamples || oldest === key) break;
    total -= decodedLengths.get(oldest) ?? 0;
    decodedFiles.delete(oldest);
    decodedLengths.delete(oldest);
  }
}
