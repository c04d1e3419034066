/**
 * @file Which utterances train and which are held out: whole speakers where these are known and of a fitting size, else
 * utterances, else a stretch of time. Pure: where a recording is cut, pauses.ts finds the place.
 */
import { modelRateHz } from '../audio/index.ts';
import { keyedPlaces } from '../random.ts';
import { Places, type Rows, rowsBy } from './rows.ts';
import type { ScannedUtterance } from './types.ts';

export interface SplitOptions {
  /** Fraction of the seconds, 0 to 1. */
  heldOut?: number;
  seed: number;
}

export interface SplitAssignment {
  /** By an utterance's place: nothing where it is not used. */
  sides: Sides;
  /** By place: utterances that train up to about this sample (16 kHz) and are held out from there; not among `sides`. */
  cuts: Map<number, number>;
  /** `given`: the data set's own splits; `time`: the end of a speaker or recording that is too long to hold out whole. */
  method: 'given' | 'speakers' | 'utterances' | 'time';
  /** In words, for people. */
  reason: string;
}

export type Side = 'train' | 'dev';

/** The side of each of many utterances, in a byte. */
export class Sides {
  readonly #sides: Uint8Array;

  constructor(length: number) {
    this.#sides = new Uint8Array(length);
  }

  of(place: number): Side | undefined {
    return ([undefined, 'train', 'dev'] as const)[this.#sides[place]];
  }

  set(place: number, side: Side | undefined): void {
    this.#sides[place] = side === 'train' ? 1 : side === 'dev' ? 2 : 0;
  }
}

export type SplitUtterance = ScannedUtterance & { split: Side };

const fewestSpeakers = 3;
/** A whole speaker or recording may take the held-out part this much beyond what was asked; beyond it, it is cut. */
const mostOvershoot = 1.5;
/** Whole speakers and recordings that come to less than this share of what was asked are not enough. */
const leastReached = 0.5;

/** Own splits are kept: `test` stays unused, unless there is no `dev`. Without a held-out split one is drawn from the rest. */
export function assignSplits(
  utterances: Rows<ScannedUtterance>,
  { heldOut = 0.15, seed }: SplitOptions,
): SplitAssignment {
  return (
    givenSplits(utterances) ??
    (heldOut > 0 && utterances.length > 0
      ? (bySpeakers(utterances, heldOut, seed) ?? byUtterances(utterances, heldOut, seed))
      : {
          sides: sidesOf(utterances.length, []),
          cuts: new Map(),
          method: 'utterances',
          reason: 'heldOut is 0: nothing is held out, so the language is not measured.',
        })
  );
}

function givenSplits(utterances: Rows<ScannedUtterance>): SplitAssignment | undefined {
  const held = (['dev', 'test'] as const).find((split) => utterances.some((utterance) => utterance.split === split));
  if (!held || utterances.every(({ split }) => split !== undefined && split !== 'train')) return undefined;
  const sides = new Sides(utterances.length);
  for (let place = 0; place < utterances.length; place++) {
    const { split } = utterances.at(place)!;
    if (split === held) sides.set(place, 'dev');
    else if (split !== 'test') sides.set(place, 'train');
  }
  const reason = `the data set's own splits are kept; "${held}" is held out.`;
  return { sides, cuts: new Map(), method: 'given', reason };
}

/** Undefined where too few speakers are known. */
function bySpeakers(utterances: Rows<ScannedUtterance>, share: number, seed: number): SplitAssignment | undefined {
  const speakers = new Map<string, { places: Places; samples: number }>();
  for (let place = 0; place < utterances.length; place++) {
    const { speaker, samples } = utterances.at(place)!;
    if (speaker === undefined) continue;
    const own = speakers.get(speaker) ?? { places: new Places(), samples: 0 };
    own.places.push(place);
    own.samples += samples;
    speakers.set(speaker, own);
  }
  if (speakers.size < fewestSpeakers) return undefined;
  const goal = share * samplesOf(utterances);
  const names = [...speakers.keys()];
  const order = keyedPlaces(names.length, (i) => names[i], 'split', seed);
  const ofSpeaker = (i: number) => speakers.get(names[i])!;
  const { taken, total } = takeWhole(order, (i) => ofSpeaker(i).samples, goal);
  const whole = [...taken].map((i) => ofSpeaker(i).places.all());
  if (total >= leastReached * goal) {
    const sides = sidesOf(utterances.length, whole);
    const reason = `${taken.size} of ${speakers.size} speakers are held out whole.`;
    return { sides, cuts: new Map(), method: 'speakers', reason };
  }
  const cut = order.find((i) => !taken.has(i))!;
  const others = taken.size > 0 ? `${taken.size} of ${speakers.size} speakers and ` : '';
  const why = `each of the others alone would be over ${Math.round(100 * mostOvershoot * share)} % of the audio`;
  const tail = endOf(utterances, ofSpeaker(cut).places.all(), goal - total);
  return {
    ...cutSides(utterances.length, [...whole, tail.dev], tail.cuts),
    method: 'time',
    reason: `${others}the last part of the speaker "${names[cut]}" ${others ? 'are' : 'is'} held out, since ${why}: that speaker is on both sides.`,
  };
}

function byUtterances(utterances: Rows<ScannedUtterance>, share: number, seed: number): SplitAssignment {
  const goal = share * samplesOf(utterances);
  const order = keyedPlaces(utterances.length, (place) => utterances.at(place)!.id, 'split', seed);
  const { taken, total } = takeWhole(order, (place) => utterances.at(place)!.samples, goal);
  const known = speakersOf(utterances).size;
  const why = known
    ? `only ${known} of the ${fewestSpeakers} speakers that are needed to hold out whole ones ${known === 1 ? 'is' : 'are'} known`
    : 'the speakers are not known';
  if (total >= leastReached * goal) {
    const reason = `utterances are held out one by one, since ${why}: a speaker may be on both sides.`;
    return { sides: sidesOf(utterances.length, [taken]), cuts: new Map(), method: 'utterances', reason };
  }
  const cut = order.find((place) => !taken.has(place))!;
  const tail = endOf(utterances, [cut], goal - total);
  return {
    ...cutSides(utterances.length, [taken, tail.dev], tail.cuts),
    method: 'time',
    reason: `the last part of "${utterances.at(cut)!.id}" is held out, cut at a pause, since ${why} and the recordings are too long to hold out whole: a speaker may be on both sides.`,
  };
}

/** In order, passing over whatever would overshoot by too much; never all. */
function takeWhole(order: Uint32Array, samples: (item: number) => number, goal: number) {
  const taken = new Set<number>();
  let total = 0;
  for (const item of order) {
    if (total >= goal || taken.size === order.length - 1) break;
    const own = samples(item);
    if (total + own > mostOvershoot * goal) continue;
    taken.add(item);
    total += own;
  }
  return { taken, total };
}

/** The last `goal` samples of a speaker's utterances as they follow each other; the one at the border is cut where it is long. */
function endOf(
  utterances: Rows<ScannedUtterance>,
  own: Iterable<number>,
  goal: number,
): { dev: number[]; cuts: Map<number, number> } {
  const inTime = Array.from(own, (place) => ({ place, ...utterances.at(place)! }));
  inTime.sort((a, b) => compare(a.path, b.path) || a.startSample - b.startSample || compare(a.id, b.id));
  const dev: number[] = [];
  let left = goal;
  while (left > 0 && inTime.length > 0) {
    const last = inTime.pop()!;
    if (last.samples > mostOvershoot * left || inTime.length === 0)
      return { dev, cuts: new Map([[last.place, Math.round(last.samples - Math.min(left, last.samples / 2))]]) };
    dev.push(last.place);
    left -= last.samples;
  }
  return { dev, cuts: new Map() };
}

function cutSides(length: number, dev: readonly Iterable<number>[], cuts: Map<number, number>) {
  const sides = sidesOf(length, dev);
  for (const place of cuts.keys()) sides.set(place, undefined);
  return { sides, cuts };
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The utterances that are used, each with its side as `split`. An utterance that is cut becomes two segments of its
 * file; `cuts` says at which of its samples.
 */
export function applySplits(
  utterances: Rows<ScannedUtterance>,
  { sides, cuts }: Pick<SplitAssignment, 'sides' | 'cuts'>,
): Rows<SplitUtterance> {
  const places = new Places();
  for (let place = 0; place < utterances.length; place++) {
    if (cuts.has(place)) places.push(place);
    if (cuts.has(place) || sides.of(place)) places.push(place);
  }
  return rowsBy(places.length, (i) => {
    const place = places.at(i);
    const utterance = utterances.at(place)!;
    const cut = cuts.get(place);
    if (cut === undefined) {
      const split = sides.of(place)!;
      // A row that was made for us is ours; a copy takes three times as long.
      return Array.isArray(utterances) ? { ...utterance, split } : Object.assign(utterance, { split });
    }
    // It stands there twice, the part that trains first.
    const isSecond = i > 0 && places.at(i - 1) === place;
    return isSecond ? segment(utterance, 'dev', cut, utterance.samples) : segment(utterance, 'train', 0, cut);
  });
}

function segment(whole: ScannedUtterance, split: Side, from: number, to: number): SplitUtterance {
  const startSample = whole.startSample + from;
  const hash = `${whole.hash.replace(/@\d+-\d+$/, '')}@${startSample}-${whole.startSample + to}`;
  return { ...whole, id: `${whole.id}@${split}`, split, startSample, samples: to - from, hash };
}

/** All train but those at these places. */
function sidesOf(length: number, dev: readonly Iterable<number>[]): Sides {
  const sides = new Sides(length);
  for (let place = 0; place < length; place++) sides.set(place, 'train');
  for (const places of dev) for (const place of places) sides.set(place, 'dev');
  return sides;
}

function samplesOf(utterances: Rows<{ samples: number }>): number {
  let sum = 0;
  for (const { samples } of utterances) sum += samples;
  return sum;
}

export interface SideReport {
  utterances: number;
  seconds: number;
  /** Known speakers. */
  speakers: number;
}

export interface SplitReport {
  method: SplitAssignment['method'];
  reason: string;
  /** Whether a speaker is known to be, or where speakers are unknown may be, on both sides. */
  straddles: boolean;
  straddlingSpeakers: string[];
  train: SideReport;
  dev: SideReport;
  unusedUtterances: number;
}

export function splitReport(utterances: Rows<ScannedUtterance>, assignment: SplitAssignment): SplitReport {
  const used = applySplits(utterances, assignment);
  const side = (name: Side) => used.filter(({ split }) => split === name);
  const [train, dev] = [side('train'), side('dev')];
  const heard = speakersOf(train);
  const straddlingSpeakers = [...speakersOf(dev)].filter((speaker) => heard.has(speaker)).sort();
  const drawn = assignment.method === 'utterances' || assignment.method === 'time';
  const unknown = drawn && dev.some(({ speaker }) => speaker === undefined);
  const report = (list: Rows<SplitUtterance>): SideReport => {
    return { utterances: list.length, seconds: samplesOf(list) / modelRateHz, speakers: speakersOf(list).size };
  };
  const given = assignment.method === 'given' && straddlingSpeakers.length > 0;
  return {
    method: assignment.method,
    reason: given ? `${assignment.reason} ${straddlingSpeakers.length} speakers are on both sides.` : assignment.reason,
    straddles: straddlingSpeakers.length > 0 || unknown,
    straddlingSpeakers,
    train: report(train),
    dev: report(dev),
    unusedUtterances: utterances.length - (used.length - assignment.cuts.size),
  };
}

function speakersOf(utterances: Rows<ScannedUtterance>): Set<string> {
  const speakers = new Set<string>();
  for (const { speaker } of utterances) if (speaker !== undefined) speakers.add(speaker);
  return speakers;
}
