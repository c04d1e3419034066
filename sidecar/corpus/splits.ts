/**
 * @file Which utterances train and which are held out: whole speakers where these are known and of a fitting size, else
 * utterances, else a stretch of time. Pure: where a recording is cut, pauses.ts finds the place.
 */
import { modelRateHz } from '../audio/index.ts';
import { keyedOrder } from '../random.ts';
import type { ScannedUtterance } from './types.ts';

export interface SplitOptions {
  /** Fraction of the seconds, 0 to 1. */
  heldOut?: number;
  seed: number;
}

export interface SplitAssignment {
  /** Utterance id to side; an id that is not in it is not used. */
  sides: Map<string, 'train' | 'dev'>;
  /** Utterances that train up to about this sample (16 kHz) and are held out from there; not among `sides`. */
  cuts: Map<string, number>;
  /** `given`: the data set's own splits; `time`: the end of a speaker or recording that is too long to hold out whole. */
  method: 'given' | 'speakers' | 'utterances' | 'time';
  /** In words, for people. */
  reason: string;
}

export type SplitUtterance = ScannedUtterance & { split: 'train' | 'dev' };

const fewestSpeakers = 3;
/** A whole speaker or recording may take the held-out part this much beyond what was asked; beyond it, it is cut. */
const mostOvershoot = 1.5;
/** Whole speakers and recordings that come to less than this share of what was asked are not enough. */
const leastReached = 0.5;

/** Own splits are kept: `test` stays unused, unless there is no `dev`. Without a held-out split one is drawn from the rest. */
export function assignSplits(
  utterances: readonly ScannedUtterance[],
  { heldOut = 0.15, seed }: SplitOptions,
): SplitAssignment {
  return (
    givenSplits(utterances) ??
    (heldOut > 0 && utterances.length > 0
      ? (bySpeakers(utterances, heldOut, seed) ?? byUtterances(utterances, heldOut, seed))
      : {
          sides: sidesOf(utterances, new Set()),
          cuts: new Map(),
          method: 'utterances',
          reason: 'heldOut is 0: nothing is held out, so the language is not measured.',
        })
  );
}

function givenSplits(utterances: readonly ScannedUtterance[]): SplitAssignment | undefined {
  const held = (['dev', 'test'] as const).find((split) => utterances.some((utterance) => utterance.split === split));
  if (!held || utterances.every(({ split }) => split !== undefined && split !== 'train')) return undefined;
  const sides = new Map<string, 'train' | 'dev'>();
  for (const { id, split } of utterances) {
    if (split === held) sides.set(id, 'dev');
    else if (split !== 'test') sides.set(id, 'train');
  }
  const reason = `the data set's own splits are kept; "${held}" is held out.`;
  return { sides, cuts: new Map(), method: 'given', reason };
}

/** Undefined where too few speakers are known. */
function bySpeakers(utterances: readonly ScannedUtterance[], share: number, seed: number): SplitAssignment | undefined {
  const speakers = new Map<string, ScannedUtterance[]>();
  for (const utterance of utterances) {
    if (utterance.speaker === undefined) continue;
    const own = speakers.get(utterance.speaker);
    if (own) own.push(utterance);
    else speakers.set(utterance.speaker, [utterance]);
  }
  if (speakers.size < fewestSpeakers) return undefined;
  const goal = share * samplesOf(utterances);
  const order = keyedOrder([...speakers], ([speaker]) => speaker, 'split', seed);
  const { taken, total } = takeWhole(order, ([, own]) => samplesOf(own), goal);
  if (total >= leastReached * goal) {
    const sides = sidesOf(utterances, new Set(taken.flatMap(([, own]) => own)));
    const reason = `${taken.length} of ${speakers.size} speakers are held out whole.`;
    return { sides, cuts: new Map(), method: 'speakers', reason };
  }
  const [name, own] = order.find((speaker) => !taken.includes(speaker))!;
  const whole = taken.length > 0 ? `${taken.length} of ${speakers.size} speakers and ` : '';
  const why = `each of the others alone would be over ${Math.round(100 * mostOvershoot * share)} % of the audio`;
  const tail = endOf(own, goal - total);
  const dev = new Set([...taken.flatMap(([, whole]) => whole), ...tail.dev]);
  return {
    ...cutSides(utterances, dev, tail.cuts),
    method: 'time',
    reason: `${whole}the last part of the speaker "${name}" ${whole ? 'are' : 'is'} held out, since ${why}: that speaker is on both sides.`,
  };
}

function byUtterances(utterances: readonly ScannedUtterance[], share: number, seed: number): SplitAssignment {
  const goal = share * samplesOf(utterances);
  const order = keyedOrder(utterances, ({ id }) => id, 'split', seed);
  const { taken, total } = takeWhole(order, ({ samples }) => samples, goal);
  const known = new Set(utterances.flatMap(({ speaker }) => speaker ?? [])).size;
  const why = known
    ? `only ${known} of the ${fewestSpeakers} speakers that are needed to hold out whole ones ${known === 1 ? 'is' : 'are'} known`
    : 'the speakers are not known';
  if (total >= leastReached * goal) {
    const reason = `utterances are held out one by one, since ${why}: a speaker may be on both sides.`;
    return { sides: sidesOf(utterances, new Set(taken)), cuts: new Map(), method: 'utterances', reason };
  }
  const cut = order.find((utterance) => !taken.includes(utterance))!;
  const tail = endOf([cut], goal - total);
  return {
    ...cutSides(utterances, new Set([...taken, ...tail.dev]), tail.cuts),
    method: 'time',
    reason: `the last part of "${cut.id}" is held out, cut at a pause, since ${why} and the recordings are too long to hold out whole: a speaker may be on both sides.`,
  };
}

/** In order, passing over whatever would overshoot by too much; never all. */
function takeWhole<T>(order: readonly T[], samples: (item: T) => number, goal: number): { taken: T[]; total: number } {
  const taken: T[] = [];
  let total = 0;
  for (const item of order) {
    if (total >= goal || taken.length === order.length - 1) break;
    if (total + samples(item) > mostOvershoot * goal) continue;
    taken.push(item);
    total += samples(item);
  }
  return { taken, total };
}

/** The last `goal` samples of a speaker's utterances as they follow each other; the one at the border is cut where it is long. */
function endOf(own: readonly ScannedUtterance[], goal: number): { dev: ScannedUtterance[]; cuts: Map<string, number> } {
  const inTime = [...own].sort(
    (a, b) => compare(a.path, b.path) || a.startSample - b.startSample || compare(a.id, b.id),
  );
  const dev: ScannedUtterance[] = [];
  let left = goal;
  while (left > 0 && inTime.length > 0) {
    const last = inTime.pop()!;
    if (last.samples > mostOvershoot * left || inTime.length === 0)
      return { dev, cuts: new Map([[last.id, Math.round(last.samples - Math.min(left, last.samples / 2))]]) };
    dev.push(last);
    left -= last.samples;
  }
  return { dev, cuts: new Map() };
}

function cutSides(utterances: readonly ScannedUtterance[], dev: Set<ScannedUtterance>, cuts: Map<string, number>) {
  const sides = sidesOf(utterances, dev);
  for (const id of cuts.keys()) sides.delete(id);
  return { sides, cuts };
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The utterances that are used, each with its side as `split`. An utterance that is cut becomes two segments of its
 * file; `cuts` says at which of its samples.
 */
export function applySplits(
  utterances: readonly ScannedUtterance[],
  { sides, cuts }: Pick<SplitAssignment, 'sides' | 'cuts'>,
): SplitUtterance[] {
  return utterances.flatMap((utterance) => {
    const cut = cuts.get(utterance.id);
    if (cut !== undefined)
      return [segment(utterance, 'train', 0, cut), segment(utterance, 'dev', cut, utterance.samples)];
    const split = sides.get(utterance.id);
    return split ? [{ ...utterance, split }] : [];
  });
}

function segment(whole: ScannedUtterance, split: 'train' | 'dev', from: number, to: number): SplitUtterance {
  const startSample = whole.startSample + from;
  const hash = `${whole.hash.replace(/@\d+-\d+$/, '')}@${startSample}-${whole.startSample + to}`;
  return { ...whole, id: `${whole.id}@${split}`, split, startSample, samples: to - from, hash };
}

function sidesOf(utterances: readonly ScannedUtterance[], dev: Set<ScannedUtterance>): Map<string, 'train' | 'dev'> {
  return new Map(utterances.map((utterance) => [utterance.id, dev.has(utterance) ? 'dev' : 'train']));
}

function samplesOf(utterances: readonly { samples: number }[]): number {
  return utterances.reduce((sum, { samples }) => sum + samples, 0);
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

export function splitReport(utterances: readonly ScannedUtterance[], assignment: SplitAssignment): SplitReport {
  const used = applySplits(utterances, assignment);
  const side = (name: 'train' | 'dev') => used.filter(({ split }) => split === name);
  const [train, dev] = [side('train'), side('dev')];
  const heard = speakersOf(train);
  const straddlingSpeakers = [...speakersOf(dev)].filter((speaker) => heard.has(speaker)).sort();
  const drawn = assignment.method === 'utterances' || assignment.method === 'time';
  const unknown = drawn && dev.some(({ speaker }) => speaker === undefined);
  const report = (list: SplitUtterance[]): SideReport => {
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
    unusedUtterances: utterances.filter(({ id }) => !assignment.sides.has(id) && !assignment.cuts.has(id)).length,
  };
}

function speakersOf(utterances: readonly ScannedUtterance[]): Set<string> {
  return new Set(utterances.flatMap(({ speaker }) => speaker ?? []));
}
