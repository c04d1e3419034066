/** @file Cuts utterances into the pieces that are trained on, and loads a piece's samples. Knows no model. */
import { createHash } from 'node:crypto';
import { type Moments, MomentsOf, modelRateHz, normaliseBy } from '../audio/index.ts';
import { UserError } from '../errors.ts';
import { shortestSamples } from './scan.ts';
import type { SplitUtterance } from './splits.ts';
import type { Clip, ClipPart, ScannedUtterance } from './types.ts';
import { readUnfolded } from './unfolded.ts';

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

/** 16 kHz. With `normalise` each utterance has zero mean and unit variance as a whole, before it is cut and joined. */
export async function clipSamples(clip: Clip, options: { normalise: boolean }): Promise<Float32Array> {
  const out = new Float32Array(clip.samples);
  let at = 0;
  for (const { utterance, startSample, endSample } of clip.parts) {
    const part = await stretch(utterance, startSample, endSample);
    out.set(options.normalise ? normaliseBy(part, await momentsOf(utterance)) : part, at);
    at += endSample - startSample;
  }
  return out;
}

/** 16 kHz, not normalised; a view of what is cached, not to be written to.
 * @throws UserError where the file changed since the scan. */
export async function utteranceSamples(utterance: ScannedUtterance): Promise<Float32Array> {
  return stretch(utterance, 0, utterance.samples);
}

async function stretch(utterance: ScannedUtterance, from: number, to: number): Promise<Float32Array> {
  const { path, channel, startSample } = utterance;
  const { samples, all } = await readUnfolded(path, channel, startSample + from, startSample + to);
  if (samples.length === to - from) return samples;
  throw new UserError({
    code: 'corpus.changed',
    tried: `load the utterance "${utterance.id}" from ${path}`,
    why: `it should end at sample ${startSample + utterance.samples} (16 kHz), but the file now has ${all}.`,
    cure: 'The file changed since it was scanned: start again.',
  });
}

/** 4 MB at a time: an utterance may be hours long. */
const blockSamples = 1 << 20;
const momentsKnown = new WeakMap<ScannedUtterance, Moments>();

async function momentsOf(utterance: ScannedUtterance): Promise<Moments> {
  const known = momentsKnown.get(utterance);
  if (known) return known;
  const run = new MomentsOf();
  for (const pass of ['sum', 'squares'] as const) {
    for (let at = 0; at < utterance.samples; at += blockSamples) {
      run[pass](await stretch(utterance, at, Math.min(utterance.samples, at + blockSamples)));
    }
  }
  const moments = run.take();
  momentsKnown.set(utterance, moments);
  return moments;
}
