/** @file Cuts utterances into the pieces that are trained on, and loads a piece's samples. Knows no model. */
import { createHash } from 'node:crypto';
import { type Moments, MomentsOf, modelRateHz, normaliseBy } from '../audio/index.ts';
import { UserError } from '../errors.ts';
import { shortestSamples } from './examine.ts';
import { PackedRows } from './packed-rows.ts';
import { MadeRows, Places, type Rows } from './rows.ts';
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
  clips: Rows<Clip>;
  /** Shorter than `minSeconds`: whole utterances, or what was left of a speaker. */
  dropped: { count: number; seconds: number };
}

/** The same clips for the same utterances, in whatever order these come. */
export function makeClips(utterances: Rows<SplitUtterance>, options: ClipOptions): ClipSet {
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
  const cut = new CutClips(utterances, joinSeconds !== undefined);
  const dropped = { count: 0, seconds: 0 };
  const keep = (parts: readonly Part[], piece: number, pieces: number) => {
    const samples = parts.reduce((sum, part) => sum + part.endSample - part.startSample, 0);
    if (samples >= minSamples) cut.push(parts, samples, piece, pieces);
    else {
      dropped.count++;
      dropped.seconds += samples / modelRateHz;
    }
  };
  const sorted = inNameOrder(utterances);
  if (joinSeconds === undefined) {
    for (const utterance of sorted) {
      const { samples } = utterances.at(utterance)!;
      const pieces = Math.ceil(samples / maxSamples);
      for (let piece = 0; piece < pieces; piece++) {
        const startSample = Math.round((piece * samples) / pieces);
        const endSample = Math.round(((piece + 1) * samples) / pieces);
        keep([{ utterance, startSample, endSample }], piece, pieces);
      }
    }
    return { clips: cut, dropped };
  }
  for (const group of bySpeaker(utterances, sorted)) {
    let index = 0;
    for (const parts of join(utterances, group, maxSamples)) keep(parts, index++, 0);
  }
  return { clips: cut, dropped };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Places by language and id. */
function inNameOrder(utterances: Rows<SplitUtterance>): Uint32Array {
  const ids = utterances.map(({ id }) => id);
  const languages = utterances.map(({ language }) => language);
  const places = Uint32Array.from(ids.keys());
  return places.sort((a, b) => compare(languages[a], languages[b]) || compare(ids[a], ids[b]) || a - b);
}

/** Unknown speakers count as one. */
function bySpeaker(utterances: Rows<SplitUtterance>, sorted: Uint32Array): Iterable<Uint32Array> {
  const groups = new Map<string, Places>();
  for (const place of sorted) {
    const { language, split, speaker } = utterances.at(place)!;
    const key = JSON.stringify([language, split, speaker ?? null]);
    const group = groups.get(key) ?? new Places();
    group.push(place);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => group.all());
}

/** Chunks of `length` samples, end to end; the last may be shorter. */
function* join(utterances: Rows<SplitUtterance>, group: Uint32Array, length: number): Generator<Part[]> {
  let parts: Part[] = [];
  let room = length;
  for (const utterance of group) {
    const { samples } = utterances.at(utterance)!;
    for (let startSample = 0; startSample < samples; ) {
      const endSample = Math.min(samples, startSample + room);
      parts.push({ utterance, startSample, endSample });
      room -= endSample - startSample;
      startSample = endSample;
      if (room > 0) continue;
      yield parts;
      parts = [];
      room = length;
    }
  }
  if (parts.length > 0) yield parts;
}

/** A part as it is kept: its utterance's place. */
interface Part {
  utterance: number;
  startSample: number;
  endSample: number;
}

/** Clips as their parts, some tens of bytes each; name and hash are made when they are asked for. */
class CutClips extends MadeRows<Clip> {
  readonly #parts = new PackedRows<Part>({ utterance: 'count', startSample: 'count', endSample: 'count' });
  /** The first of its parts, and which of how many pieces of an utterance or chunks of a speaker it is. */
  readonly #clips = new PackedRows<{ first: number; parts: number; samples: number; piece: number; pieces: number }>({
    first: 'count',
    parts: 'count',
    samples: 'count',
    piece: 'count',
    pieces: 'count',
  });

  constructor(
    private readonly utterances: Rows<SplitUtterance>,
    private readonly joined: boolean,
  ) {
    super();
  }

  get length(): number {
    return this.#clips.length;
  }

  push(parts: readonly Part[], samples: number, piece: number, pieces: number): void {
    this.#clips.push({ first: this.#parts.length, parts: parts.length, samples, piece, pieces });
    for (const part of parts) this.#parts.push(part);
  }

  protected make(index: number): Clip {
    const { first, parts: count, samples, piece, pieces } = this.#clips.at(index)!;
    const parts: ClipPart[] = [];
    for (let i = first; i < first + count; i++) {
      const { utterance, startSample, endSample } = this.#parts.at(i)!;
      parts.push({ utterance: this.utterances.at(utterance)!, startSample, endSample });
    }
    const { id, language, speaker, split } = parts[0].utterance as SplitUtterance;
    const whole = pieces > 1 ? `${id}#${piece}` : id;
    const name = this.joined ? `${speaker ?? '(unknown)'}/${split}/${piece}` : whole;
    return {
      id: `${language}/${name}`,
      language,
      ...(speaker === undefined ? {} : { speaker }),
      split,
      parts,
      samples,
      get hash() {
        return hashOf(parts);
      },
    };
  }
}

function hashOf(parts: readonly ClipPart[]): string {
  const ranges = parts.map(
    ({ utterance, startSample, endSample }) => `${utterance.hash}:${startSample}-${endSample}\n`,
  );
  return createHash('sha256').update(ranges.join('')).digest('hex');
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
/** By content, of the last that were asked for: the clips of one recording come one after the other. */
const momentsKnown = new Map<string, Moments>();
const mostMoments = 4096;

async function momentsOf(utterance: ScannedUtterance): Promise<Moments> {
  const key = JSON.stringify([utterance.path, utterance.hash]);
  const known = momentsKnown.get(key);
  if (known) return known;
  const run = new MomentsOf();
  for (const pass of ['sum', 'squares'] as const) {
    for (let at = 0; at < utterance.samples; at += blockSamples) {
      run[pass](await stretch(utterance, at, Math.min(utterance.samples, at + blockSamples)));
    }
  }
  const moments = run.take();
  if (momentsKnown.size >= mostMoments) momentsKnown.delete(momentsKnown.keys().next().value!);
  momentsKnown.set(key, moments);
  return moments;
}
