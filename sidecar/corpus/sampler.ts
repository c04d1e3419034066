/** @file Draws the clips of every training step: by length, by language, with replay. Every draw is keyed by
 * (seed, step, slot), and the only memory is how far each shuffled list has been used. Knows no audio. */
import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import { keyedRandom, permutation } from '../random.ts';

export interface SamplerClip {
  language: string;
  frames: number;
}

export interface SamplerLanguage {
  code: string;
  role: 'existing' | 'new';
  /** Multiplies the language's probability within its role; 1 unless told. */
  weight?: number;
}

export interface SamplerOptions {
  clips: readonly SamplerClip[];
  languages: readonly SamplerLanguage[];
  /** Share of a batch's slots, and so of its audio, that existing languages get, 0 to 1. Without new languages they get all. */
  replayFraction: number;
  /** p(language) ∝ (its share of seconds)^exponent within its role. */
  samplingExponent: number;
  batchSeconds: number;
  seed: number;
}

export interface Batch {
  /** Into `clips`. */
  clipIndex: number[];
  /** All are cropped to the shortest. */
  frames: number;
  /** First frame of each crop. */
  cropStart: number[];
}

export interface SamplerState {
  step: number;
  /** By `language/bucket`: clips taken from its shuffled list so far, over all epochs. */
  taken: Record<string, number>;
  /** Of everything the draws depend on. */
  fingerprint: string;
}

export interface Sampler {
  /** The batch of `step`; steps must come one after the other. */
  next(step: number): Batch;
  state(): SamplerState;
  restore(state: SamplerState): void;
  readonly buckets: readonly { longestFrames: number; clips: number; slots: number; probability: number }[];
  /** What each language's share of the slots is expected to be. */
  readonly shares: Readonly<Record<string, number>>;
}

const framesPerSecond = 50;
/** Within a bucket the longest clip has at most this many times the frames of the shortest. */
const bucketSpan = 1.25;

interface Bucket {
  longestFrames: number;
  slots: number;
  /** By language: indices into clips, and their frames. */
  clips: Map<string, { indices: number[]; frames: number }>;
  probability: number;
}

type Role = SamplerLanguage['role'];

export function createSampler(options: SamplerOptions): Sampler {
  check(options);
  const { clips, seed } = options;
  const buckets = makeBuckets(options);
  const languages = probabilities(options);
  const replay = replayShare(options.replayFraction, languages);
  for (const bucket of buckets) {
    for (const [code, own] of bucket.clips) {
      const { role, probability, frames } = languages.get(code)!;
      const roleShare = role === 'existing' ? replay : 1 - replay;
      bucket.probability += (roleShare * probability * own.frames) / frames;
    }
  }
  const fingerprint = fingerprintOf(options);
  let step = 0;
  let taken: Record<string, number> = {};

  const take = (language: string, bucket: number): number => {
    const { indices } = buckets[bucket].clips.get(language)!;
    const key = `${language}/${bucket}`;
    const before = taken[key] ?? 0;
    taken[key] = before + 1;
    const epoch = Math.floor(before / indices.length);
    return indices[order(indices.length, language, bucket, epoch)[before % indices.length]];
  };
  const orders = new Map<string, { epoch: number; order: Uint32Array }>();
  const order = (n: number, language: string, bucket: number, epoch: number): Uint32Array => {
    const key = `${language}/${bucket}`;
    let known = orders.get(key);
    if (known?.epoch !== epoch) {
      known = { epoch, order: permutation(n, 'clips', seed, language, bucket, epoch) };
      orders.set(key, known);
    }
    return known.order;
  };

  /** The language of a slot: in this bucket in proportion to what it has there, so that over all buckets its share is right. */
  const drawLanguage = (bucket: Bucket, role: Role, random: () => number): string => {
    const weighted = [...bucket.clips].flatMap(([code, own]) => {
      const known = languages.get(code)!;
      if (known.role !== role || known.probability === 0) return [];
      return [[code, (known.probability * own.frames) / known.frames] as const];
    });
    return weighted[
      draw(
        weighted.map(([, weight]) => weight),
        random(),
      )
    ][0];
  };

  return {
    next(wanted) {
      if (wanted !== step) throw new Error(`internal: the sampler is at step ${step} and was asked for step ${wanted}`);
      const random = keyedRandom('batch', seed, step);
      const chosen = draw(
        buckets.map(({ probability }) => probability),
        random(),
      );
      const { slots } = buckets[chosen];
      const exact = slots * replay;
      // 1e-9: 8 slots × 0.125 must be one slot on every machine.
      const whole = Math.floor(exact + 1e-9);
      const replayed = whole + (random() < exact - whole - 1e-9 ? 1 : 0);
      const clipIndex: number[] = [];
      for (let slot = 0; slot < slots; slot++) {
        const role: Role = slot < slots - replayed ? 'new' : 'existing';
        const bucket = nearest(buckets, chosen, role, languages);
        clipIndex.push(take(drawLanguage(buckets[bucket], role, keyedRandom('language', seed, step, slot)), bucket));
      }
      const frames = Math.min(...clipIndex.map((index) => clips[index].frames));
      const cropStart = clipIndex.map((index, slot) => {
        return Math.floor(keyedRandom('crop', seed, step, slot)() * (clips[index].frames - frames + 1));
      });
      step++;
      return { clipIndex, frames, cropStart };
    },
    state: () => ({ step, taken: { ...taken }, fingerprint }),
    restore(state) {
      if (state.fingerprint !== fingerprint) {
        throw new UserError({
          code: 'sampler.other-data',
          tried: 'continue drawing batches where the checkpoint stopped',
          why: `the clips or the sampling options changed (${fingerprint.slice(0, 12)}, and ${String(state.fingerprint).slice(0, 12)} before).`,
          cure: 'Restore the data and the options of that run, or start a new run.',
        });
      }
      const counts = Object.values(state.taken ?? {});
      if (![state.step, ...counts].every((n) => Number.isSafeInteger(n) && (n as number) >= 0)) {
        throw new UserError({
          code: 'sampler.state',
          tried: 'continue drawing batches where the checkpoint stopped',
          why: 'its record of what was drawn is damaged.',
          cure: 'Remove the newest checkpoint to go on from the one before, or start a new run.',
        });
      }
      step = state.step;
      taken = { ...state.taken };
    },
    buckets: buckets.map(({ longestFrames, slots, probability, clips: byLanguage }) => {
      const count = [...byLanguage.values()].reduce((sum, { indices }) => sum + indices.length, 0);
      return { longestFrames, slots, probability, clips: count };
    }),
    shares: Object.fromEntries(
      [...languages].map(([code, { role, probability }]) => [
        code,
        probability * (role === 'existing' ? replay : 1 - replay),
      ]),
    ),
  };
}

interface Known {
  role: Role;
  /** Within its role. */
  probability: number;
  /** Of all its clips. */
  frames: number;
}

function probabilities({ clips, languages, samplingExponent }: SamplerOptions): Map<string, Known> {
  const frames = new Map<string, number>();
  for (const clip of clips) frames.set(clip.language, (frames.get(clip.language) ?? 0) + clip.frames);
  const known = new Map<string, Known>();
  for (const role of ['existing', 'new'] as const) {
    const own = languages.filter((language) => language.role === role && frames.has(language.code));
    const total = own.reduce((sum, { code }) => sum + frames.get(code)!, 0);
    const weights = own.map(({ code, weight = 1 }) => weight * (frames.get(code)! / total) ** samplingExponent);
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    own.forEach(({ code }, index) => {
      known.set(code, { role, probability: all > 0 ? weights[index] / all : 0, frames: frames.get(code)! });
    });
  }
  return known;
}

function replayShare(replayFraction: number, languages: Map<string, Known>): number {
  const has = (role: Role) => [...languages.values()].some((known) => known.role === role && known.probability > 0);
  if (!has('existing')) return 0;
  return has('new') ? replayFraction : 1;
}

function makeBuckets({ clips, batchSeconds }: SamplerOptions): Bucket[] {
  const sorted = clips.map((_, index) => index).sort((a, b) => clips[a].frames - clips[b].frames || a - b);
  const buckets: Bucket[] = [];
  let shortest = 0;
  for (const index of sorted) {
    const { frames, language } = clips[index];
    if (!buckets.length || frames > shortest * bucketSpan) {
      shortest = frames;
      buckets.push({ longestFrames: 0, slots: 0, clips: new Map(), probability: 0 });
    }
    const bucket = buckets.at(-1)!;
    bucket.longestFrames = frames;
    bucket.slots = Math.max(1, Math.floor((batchSeconds * framesPerSecond) / frames));
    const own = bucket.clips.get(language);
    if (own) {
      own.indices.push(index);
      own.frames += frames;
    } else bucket.clips.set(language, { indices: [index], frames });
  }
  return buckets;
}

/** The bucket itself, or the nearest in length that holds a clip of the role. */
function nearest(buckets: Bucket[], from: number, role: Role, languages: Map<string, Known>): number {
  const holds = ({ clips }: Bucket) => {
    return [...clips.keys()].some((code) => languages.get(code)!.role === role && languages.get(code)!.probability > 0);
  };
  const candidates = buckets.map((_, index) => index).filter((index) => holds(buckets[index]));
  const away = (index: number) => Math.abs(Math.log(buckets[index].longestFrames / buckets[from].longestFrames));
  return candidates.reduce((best, index) => (away(index) < away(best) ? index : best));
}

/** The index at which the running sum of weights passes `uniform`. */
function draw(weights: number[], uniform: number): number {
  let left = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i];
    if (left < 0) return i;
  }
  return weights.findLastIndex((weight) => weight > 0);
}

function fingerprintOf({ clips, ...options }: SamplerOptions): string {
  const hash = createHash('sha256').update(JSON.stringify(options));
  for (const { language, frames } of clips) hash.update(`\n${language} ${frames}`);
  return hash.digest('hex');
}

function check({ clips, languages, replayFraction, samplingExponent, batchSeconds }: SamplerOptions): void {
  const refuse = (why: string, cure: string): never => {
    throw new UserError({ code: 'sampler.options', tried: 'plan the training batches', why, cure });
  };
  if (!clips.length) refuse('there is no clip to train on.', 'Add audio, or lower minSeconds.');
  if (!(replayFraction >= 0 && replayFraction <= 1))
    refuse(`the replay fraction is ${replayFraction}.`, 'Choose 0 to 1.');
  if (!Number.isFinite(samplingExponent)) refuse(`the sampling exponent is ${samplingExponent}.`, 'Choose 0 to 1.');
  if (!(batchSeconds > 0)) refuse(`a batch has ${batchSeconds} s.`, 'Choose more than 0.');
  const codes = new Set(languages.map(({ code }) => code));
  for (const { language, frames } of clips) {
    if (!codes.has(language))
      refuse(`a clip is in "${language}", which is not among the languages.`, 'Add the language.');
    if (!Number.isInteger(frames) || frames < 1) refuse(`a clip has ${frames} frames.`, 'Leave it out.');
  }
  for (const { code, weight = 1 } of languages) {
    if (!(weight >= 0 && Number.isFinite(weight))) refuse(`the weight of "${code}" is ${weight}.`, 'Choose 0 or more.');
  }
  if (languages.every(({ code, weight = 1 }) => weight === 0 || !clips.some(({ language }) => language === code))) {
    refuse('every language that has clips has the weight 0.', 'Give one of them a weight.');
  }
}
