/**
 * @file Draws the clips of every training step. Each language is owed its share of the seconds and is drawn when most is
 * owed to it; its own clips come from an epoch list in which each stands once, so lengths never decide who is heard.
 * Whoever resumes with the state draws what the uninterrupted run would have. Knows no audio.
 */
import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import { keyedRandom, permutation } from '../random.ts';
import { Places, type Rows } from './rows.ts';
import { checkSamplerOptions } from './sampler-options.ts';

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
  clips: Rows<SamplerClip>;
  languages: readonly SamplerLanguage[];
  /** Share of the seconds that existing languages get, 0 to 1. Without new languages they get all. */
  replayFraction: number;
  /** p(language) ∝ (its share of seconds)^exponent within its role. */
  samplingExponent: number;
  /** Frames that a step asks for, all its shards together. */
  batchFrames: number;
  seed: number;
}

/** Clips cropped to one length: what a single run of the graph takes. */
export interface Shard {
  frames: number;
  crops: { clip: number; start: number }[];
}

export interface SamplerState {
  step: number;
  /** By language: clips taken from its epoch lists so far. */
  taken: Record<string, number>;
  /** By language: frames of its share that it has not been given; below 0 where it was given more. They sum to 0. */
  owed: Record<string, number>;
  /** By language: frames given so far. */
  given: Record<string, number>;
  /** Of everything the draws depend on. */
  fingerprint: string;
}

/** What was drawn of one language so far. */
export interface LanguageUse {
  clips: number;
  /** Different clips drawn. */
  used: number;
  frames: number;
  /** Of the frames that this language was given, those of its most heard clip; a crop counts as the whole clip. */
  largestClipShare: number;
}

export interface Sampler {
  /** The shards of `step`; steps must come one after the other. */
  next(step: number): Shard[];
  state(): SamplerState;
  restore(state: SamplerState): void;
  /** What each language's share of the seconds is to be. */
  readonly shares: Readonly<Record<string, number>>;
  use(): { steps: number; languages: Record<string, LanguageUse> };
}

/** Clips of a class differ by at most this factor, so that cropping a shard to its shortest loses little. */
const CLASS_SPAN = 1.1;
/** A step may have this share too little or too much; a clip that would take it further is cropped. */
const TOLERANCE = 0.05;

type Role = SamplerLanguage['role'];

interface Drawn {
  clip: number;
  /** Its language. */
  code: string;
  frames: number;
}

export function createSampler(options: SamplerOptions): Sampler {
  checkSamplerOptions(options);
  const { clips, seed, batchFrames } = options;
  const shares = sharesOf(options);
  const codes = Object.keys(shares).filter((code) => shares[code] > 0);
  const frames = new Uint32Array(clips.length);
  const places = new Map(codes.map((code) => [code, new Places()]));
  for (let index = 0; index < clips.length; index++) {
    const clip = clips.at(index)!;
    frames[index] = clip.frames;
    places.get(clip.language)?.push(index);
  }
  const own = new Map([...places].map(([code, list]) => [code, list.all()]));
  const fingerprint = fingerprintOf(options);
  const zero = () => Object.fromEntries(codes.map((code) => [code, 0]));
  let step = 0;
  let [taken, owed, given] = [zero(), zero(), zero()];

  const lists = new Map<string, { epoch: number; list: Uint32Array }>();
  const listOf = (code: string, epoch: number): Uint32Array => {
    let known = lists.get(code);
    if (known?.epoch !== epoch) {
      const runFrames = batchFrames * shares[code];
      known = { epoch, list: epochList(own.get(code)!, frames, runFrames, [seed, code, epoch]) };
      lists.set(code, known);
    }
    return known.list;
  };
  const take = (code: string): number => {
    const { length } = own.get(code)!;
    const at = taken[code]++;
    return listOf(code, Math.floor(at / length))[at % length];
  };

  return {
    next(wanted) {
      if (wanted !== step) throw new Error(`internal: the sampler is at step ${step} and was asked for step ${wanted}`);
      const due = Object.fromEntries(codes.map((code) => [code, owed[code] + shares[code] * batchFrames]));
      const drawn: Drawn[] = [];
      for (let missing = batchFrames; missing > TOLERANCE * batchFrames; ) {
        const code = codes.reduce((most, other) => (due[other] > due[most] ? other : most));
        const clip = take(code);
        const whole = frames[clip];
        const given = whole <= missing + TOLERANCE * batchFrames ? whole : missing;
        drawn.push({ clip, code, frames: given });
        due[code] -= given;
        missing -= given;
      }
      const groups = shardsOf(drawn);
      for (const group of groups) {
        const shortest = group.at(-1)!.frames;
        for (const { code } of group) {
          owed[code] -= shortest;
          given[code] += shortest;
          for (const other of codes) owed[other] += shares[other] * shortest;
        }
      }
      const shards = groups.map((group) => cropped(group, frames, [seed, step]));
      step++;
      return shards;
    },
    state: () => ({ step, taken: { ...taken }, owed: { ...owed }, given: { ...given }, fingerprint }),
    restore(state) {
      checkState(state, fingerprint, codes);
      step = state.step;
      [taken, owed, given] = [{ ...state.taken }, { ...state.owed }, { ...state.given }];
    },
    shares,
    use() {
      const languages = codes.map((code) => {
        const indices = own.get(code)!;
        const epoch = Math.floor(taken[code] / indices.length);
        const again = listOf(code, epoch).subarray(0, taken[code] % indices.length);
        const most = (list: Uint32Array) => list.reduce((longest, index) => Math.max(longest, frames[index]), 0);
        const heard = Math.max(epoch * most(indices), (epoch + 1) * most(again));
        const total = epoch * framesOf(indices, frames) + framesOf(again, frames);
        const use: LanguageUse = {
          clips: indices.length,
          used: Math.min(taken[code], indices.length),
          frames: given[code],
          largestClipShare: total > 0 ? heard / total : 0,
        };
        return [code, use] as const;
      });
      return { steps: step, languages: Object.fromEntries(languages) };
    },
  };
}

const framesOf = (indices: Uint32Array, frames: Uint32Array) => indices.reduce((sum, index) => sum + frames[index], 0);

/**
 * Every clip once. Neighbours are of one length class for about as long as a step asks of the language, so that a step's
 * clips make few shards; which classes come when is shuffled, as is the order within a class.
 */
function epochList(
  indices: Uint32Array,
  frames: Uint32Array,
  runFrames: number,
  key: (string | number)[],
): Uint32Array {
  const classes = new Map<number, Places>();
  for (const i of permutation(indices.length, 'clips', ...key)) {
    const index = indices[i];
    const length = Math.floor(Math.log(frames[index]) / Math.log(CLASS_SPAN));
    const members = classes.get(length) ?? new Places();
    members.push(index);
    classes.set(length, members);
  }
  const inClasses = new Uint32Array(indices.length);
  /** Where each run begins. */
  const runs = new Places();
  let at = 0;
  for (const [, members] of [...classes].sort(([a], [b]) => a - b)) {
    let room = 0;
    for (const index of members.all()) {
      if (room <= 0) {
        runs.push(at);
        room = runFrames;
      }
      inClasses[at++] = index;
      room -= frames[index];
    }
  }
  const list = new Uint32Array(indices.length);
  at = 0;
  for (const run of permutation(runs.length, 'runs', ...key)) {
    const own = inClasses.subarray(runs.at(run), run + 1 < runs.length ? runs.at(run + 1) : inClasses.length);
    list.set(own, at);
    at += own.length;
  }
  return list;
}

/** Longest first; a shard ends where cropping to its shortest would cost its longest more than a class spans. */
function shardsOf(drawn: readonly Drawn[]): (Drawn & { i: number })[][] {
  const sorted = drawn.map((one, i) => ({ ...one, i })).sort((a, b) => b.frames - a.frames || a.i - b.i);
  const groups: (typeof sorted)[] = [];
  for (const one of sorted) {
    const group = groups.at(-1);
    if (group && one.frames * CLASS_SPAN >= group[0].frames) group.push(one);
    else groups.push([one]);
  }
  return groups;
}

function cropped(group: readonly (Drawn & { i: number })[], all: Uint32Array, key: (string | number)[]): Shard {
  const { frames } = group.at(-1)!;
  const crops = group.map(({ clip, i }) => {
    const start = Math.floor(keyedRandom('crop', ...key, i)() * (all[clip] - frames + 1));
    return { clip, start };
  });
  return { frames, crops };
}

/** Share of the seconds by language: p ∝ weight · (share of the role's seconds)^exponent, times the role's share. */
function sharesOf({ clips, languages, samplingExponent, replayFraction }: SamplerOptions): Record<string, number> {
  const frames = new Map<string, number>();
  for (const clip of clips) frames.set(clip.language, (frames.get(clip.language) ?? 0) + clip.frames);
  const weightsOf = (role: Role) => {
    const own = languages.filter((language) => language.role === role && frames.has(language.code));
    const total = own.reduce((sum, { code }) => sum + frames.get(code)!, 0);
    return own.map(({ code, weight = 1 }) => [code, weight * (frames.get(code)! / total) ** samplingExponent] as const);
  };
  const roles = { existing: weightsOf('existing'), new: weightsOf('new') };
  const sum = (role: Role) => roles[role].reduce((total, [, weight]) => total + weight, 0);
  const replay = sum('existing') === 0 ? 0 : sum('new') === 0 ? 1 : replayFraction;
  const share = { existing: replay, new: 1 - replay };
  return Object.fromEntries(
    (['new', 'existing'] as const).flatMap((role) =>
      roles[role].map(([code, weight]) => [code, sum(role) > 0 ? (share[role] * weight) / sum(role) : 0]),
    ),
  );
}

function fingerprintOf({ clips, ...options }: SamplerOptions): string {
  const hash = createHash('sha256').update(JSON.stringify(options));
  for (const { language, frames } of clips) hash.update(`\n${language} ${frames}`);
  return hash.digest('hex');
}

function checkState(state: SamplerState, fingerprint: string, codes: readonly string[]): void {
  const tried = 'continue drawing batches where the checkpoint stopped';
  if (state.fingerprint !== fingerprint) {
    throw new UserError({
      code: 'sampler.other-data',
      tried,
      why: `the clips or the sampling options changed (${fingerprint.slice(0, 12)}, and ${String(state.fingerprint).slice(0, 12)} before).`,
      cure: 'Restore the data and the options of that run, or start a new run.',
    });
  }
  const counts = [state.step, ...codes.map((code) => state.taken?.[code])];
  const sound = counts.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
  if (sound && codes.every((code) => Number.isFinite(state.owed?.[code]) && Number.isFinite(state.given?.[code])))
    return;
  throw new UserError({
    code: 'sampler.state',
    tried,
    why: 'its record of what was drawn is damaged.',
    cure: 'Remove the newest checkpoint to go on from the one before, or start a new run.',
  });
}
